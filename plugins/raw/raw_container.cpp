#include "raw_container.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "fstool/disk_blocks.h"
#include "fstool/error.h"
#include "fstool/size.h"
#include "stream_writer.h"

namespace fstool::raw {

namespace {

/// What one job writes: what the kernel copies is copied in one piece of this at most.
constexpr std::uint64_t kChunkBytes = 2 * 1024 * 1024;
/// What is read and written at a time, and stays in the processor's cache meanwhile. For larger writes, the kernel
/// takes larger pages, which a virtual machine often has to get from its host first.
constexpr std::uint64_t kPieceBytes = 256 * 1024;
/// The block size of nearly all hosts: leaving less out would not make the file smaller.
constexpr std::uint64_t kBlockBytes = 4096;

/// The numbers of the chunks that have data. Holes are jumped over, so that a huge disk costs no more than what is
/// on it.
std::vector<std::uint64_t> chunks_with_data(const Blob& disk) {
  std::vector<std::uint64_t> chunks;
  for (std::uint64_t at = 0; at < disk.size();) {
    const Run run = disk.run_at(at);
    if (run.hole) {
      at += run.length;
    } else {
      chunks.push_back(at / kChunkBytes);
      at = (chunks.back() + 1) * kChunkBytes;
    }
  }
  return chunks;
}

/// Writes one chunk of the disk. Data that lies near each other is read and written in one piece.
class ChunkWriter {
 public:
  /// `buffer` holds a piece.
  ChunkWriter(const Blob& disk, OutputFile& output, std::span<std::byte> buffer)
      : disk_(disk), output_(output), buffer_(buffer) {}

  /// Writes the data in [begin, end), at most a chunk.
  void write(std::uint64_t begin, std::uint64_t end) {
    for (std::uint64_t at = begin; at < end;) {
      const Run run = disk_.run_at(at);
      const std::uint64_t run_end = at + std::min(run.length, end - at);
      if (!run.hole) {
        const std::uint64_t copied = copy_in_kernel(at, run_end - at);
        if (at + copied < run_end) add(at + copied, run_end);
      }
      at = run_end;
    }
    flush();
  }

 private:
  /// Returns how many bytes were copied: all, or fewer where the kernel can't.
  std::uint64_t copy_in_kernel(std::uint64_t offset, std::uint64_t length) {
    if (length < kHostCopyThreshold) return 0;
    const std::optional<HostRange> from = disk_.host_range(offset, length);
    return from ? output_.copy_from(offset, *from, length) : 0;
  }

  /// Puts [begin, end) behind what is to be read. A gap of less than a block costs less to write than to leave out.
  void add(std::uint64_t begin, std::uint64_t end) {
    if (begin - pending_end_ >= kBlockBytes || pending_begin_ == pending_end_) {
      flush();
      pending_begin_ = begin;
    }
    pending_end_ = end;
  }

  void flush() {
    while (pending_begin_ < pending_end_) {
      // Pieces end at multiples of their size, so that they have whole clusters of most containers.
      const std::uint64_t piece_end = (pending_begin_ / kPieceBytes + 1) * kPieceBytes;
      const auto bytes = buffer_.first(std::min(piece_end, pending_end_) - pending_begin_);
      disk_.read(pending_begin_, bytes);
      write_sparse(output_, pending_begin_, bytes);
      pending_begin_ += bytes.size();
    }
  }

  const Blob& disk_;
  OutputFile& output_;
  std::span<std::byte> buffer_;
  std::uint64_t pending_begin_ = 0;
  std::uint64_t pending_end_ = 0;
};

/// A disk on its way to a file, chunk by chunk.
class DiskWriter {
 public:
  DiskWriter(const Blob& disk, OutputFile& output, Context& context)
      : disk_(disk), output_(output), context_(context), chunks_(chunks_with_data(disk)) {}

  void write() {
    context_.begin_step(fmt::format("writing {}", output_.target().string()), disk_.size(), "bytes");
    std::uint64_t with_data = 0;
    for (const std::uint64_t chunk : chunks_) with_data += end_of(chunk) - begin_of(chunk);
    context_.advance(disk_.size() - with_data);
    if (output_.is_stream()) {
      write_in_order();
      output_.set_size(disk_.size());
    } else {
      output_.set_size(disk_.size());
      write_anywhere();
    }
  }

 private:
  static std::uint64_t begin_of(std::uint64_t chunk) { return chunk * kChunkBytes; }
  std::uint64_t end_of(std::uint64_t chunk) const { return std::min((chunk + 1) * kChunkBytes, disk_.size()); }

  static std::span<std::byte> room(std::unique_ptr<std::byte[]>& buffer, std::size_t bytes) {
    if (!buffer) buffer = std::make_unique_for_overwrite<std::byte[]>(bytes);
    return {buffer.get(), bytes};
  }

  void write_anywhere() {
    std::vector<std::unique_ptr<std::byte[]>> buffers(context_.workers().size());
    context_.workers().for_each(chunks_.size(), [&](std::uint64_t index, unsigned worker) {
      const std::uint64_t begin = begin_of(chunks_[index]);
      const std::uint64_t end = end_of(chunks_[index]);
      ChunkWriter(disk_, output_, room(buffers[worker], kPieceBytes)).write(begin, end);
      context_.advance(end - begin);
    });
  }

  void write_in_order() {
    std::vector<std::unique_ptr<std::byte[]>> buffers(context_.workers().slots());
    const auto bytes_of = [&](std::uint64_t index, unsigned slot) {
      return room(buffers[slot], kChunkBytes).first(end_of(chunks_[index]) - begin_of(chunks_[index]));
    };
    context_.workers().ordered(
        chunks_.size(),
        [&](std::uint64_t index, unsigned /*worker*/, unsigned slot) {
          disk_.read(begin_of(chunks_[index]), bytes_of(index, slot));
        },
        [&](std::uint64_t index, unsigned slot) {
          const auto bytes = bytes_of(index, slot);
          output_.write_at(begin_of(chunks_[index]), bytes);
          context_.advance(bytes.size());
        });
  }

  const Blob& disk_;
  OutputFile& output_;
  Context& context_;
  std::vector<std::uint64_t> chunks_;
};

}  // namespace

void RawContainer::write(const Blob& disk, OutputFile& output, const Codec* codec, Context& context) {
  if (codec != nullptr) return write_stream(disk, output, *codec, context);
  DiskWriter(disk, output, context).write();
}

bool RawContainer::probe(const Blob& /*file*/) const { return false; }

BlobPtr RawContainer::open(const ContainerFile& file, std::string_view snapshot, Context& /*context*/) {
  if (!snapshot.empty()) throw Error(ErrorCode::NotFound, "a raw image has no snapshots");
  return file.bytes;
}

}  // namespace fstool::raw
