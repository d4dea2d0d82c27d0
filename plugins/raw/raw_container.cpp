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

/// What one job writes. Large enough that system calls don't count and small enough for the caches.
constexpr std::uint64_t kChunkBytes = 2 * 1024 * 1024;
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
  /// `buffer` holds a chunk.
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
    if (pending_begin_ == pending_end_) return;
    const auto bytes = buffer_.first(pending_end_ - pending_begin_);
    disk_.read(pending_begin_, bytes);
    write_sparse(output_, pending_begin_, bytes);
    pending_begin_ = pending_end_;
  }

  const Blob& disk_;
  OutputFile& output_;
  std::span<std::byte> buffer_;
  std::uint64_t pending_begin_ = 0;
  std::uint64_t pending_end_ = 0;
};

}  // namespace

void RawContainer::write(const Blob& disk, OutputFile& output, const Codec* codec, Context& context) {
  if (codec != nullptr) return write_stream(disk, output, *codec, context);
  const std::uint64_t size = disk.size();
  context.begin_step(fmt::format("writing {}", output.target().string()), size, "bytes");
  output.set_size(size);

  const std::vector<std::uint64_t> chunks = chunks_with_data(disk);
  const auto end_of = [&](std::uint64_t chunk) { return std::min((chunk + 1) * kChunkBytes, size); };
  std::uint64_t with_data = 0;
  for (const std::uint64_t chunk : chunks) with_data += end_of(chunk) - chunk * kChunkBytes;
  context.advance(size - with_data);

  std::vector<std::unique_ptr<std::byte[]>> buffers(context.workers().size());
  context.workers().for_each(chunks.size(), [&](std::uint64_t index, unsigned worker) {
    std::unique_ptr<std::byte[]>& buffer = buffers[worker];
    if (!buffer) buffer = std::make_unique_for_overwrite<std::byte[]>(kChunkBytes);
    const std::uint64_t begin = chunks[index] * kChunkBytes;
    const std::uint64_t end = end_of(chunks[index]);
    ChunkWriter(disk, output, {buffer.get(), kChunkBytes}).write(begin, end);
    context.advance(end - begin);
  });
}

bool RawContainer::probe(const Blob& /*file*/) const { return false; }

BlobPtr RawContainer::open(const ContainerFile& file, std::string_view snapshot, Context& /*context*/) {
  if (!snapshot.empty()) throw Error(ErrorCode::NotFound, "a raw image has no snapshots");
  return file.bytes;
}

}  // namespace fstool::raw
