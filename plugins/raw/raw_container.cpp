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
#include "fstool/reuse.h"
#include "fstool/size.h"
#include "stream_writer.h"

namespace fstool::raw {

namespace {

/// What one job writes: what the kernel copies is copied in one piece of this at most.
constexpr std::uint64_t kChunkBytes = 2 * 1024 * 1024;
/// What is read and written at a time, and stays in the processor's cache meanwhile. For larger writes, the kernel
/// takes larger pages, which a virtual machine often has to get from its host first.
constexpr std::uint64_t kPieceBytes = 256 * 1024;

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

/// What is looked for in an earlier output at a time.
constexpr std::uint64_t kKnownBytes = 64 * 1024;

/// Writes one chunk of the disk. Data that lies near each other is read and written in one piece.
class ChunkWriter {
 public:
  /// `buffer` holds a piece. `earlier` is null if there is nothing to take pieces from.
  ChunkWriter(const Blob& disk, OutputFile& output, EarlierOutput* earlier, std::span<std::byte> buffer)
      : disk_(disk), output_(output), earlier_(earlier), buffer_(buffer) {}

  /// Writes the data in [begin, end), at most a chunk; both are multiples of kKnownBytes, or the end of the disk.
  void write(std::uint64_t begin, std::uint64_t end) {
    if (earlier_ == nullptr) return write_new(begin, end);
    for (const DataExtent& extent : data_extents(disk_, begin, end - begin, kKnownBytes)) {
      write_extent(extent.offset, extent.offset + extent.length);
    }
  }

 private:
  /// Bytes of the earlier output that go to the new one.
  struct Copy {
    std::uint64_t from = 0;
    std::uint64_t to = 0;
    std::uint64_t length = 0;
  };

  /// Takes what the earlier output has of [begin, end), and makes the rest.
  void write_extent(std::uint64_t begin, std::uint64_t end) {
    std::uint64_t unknown = begin;  // where what has to be made begins, but for what is copied
    Copy copied;
    for (std::uint64_t at = begin; at < end;) {
      const std::uint64_t next = std::min(at + kKnownBytes, end);
      const std::optional<StoredPiece> known = find(at, next);
      const bool follows = known && copied.length != 0 && at == copied.to + copied.length &&
                           known->offset == copied.from + copied.length;
      if (follows) {
        copied.length += known->bytes;
      } else if (known) {
        finish(copied, unknown, at);
        copied = {known->offset, at, known->bytes};
      }
      at = next;
    }
    finish(copied, unknown, end);
  }

  /// Makes [unknown, end) but for `copied`, if that has any bytes; then what is unknown begins at `end`.
  void finish(const Copy& copied, std::uint64_t& unknown, std::uint64_t end) {
    if (copied.length != 0) {
      if (unknown < copied.to) write_new(unknown, copied.to);
      copy(copied);
      unknown = copied.to + copied.length;
    }
    if (unknown < end) write_new(unknown, end);
    unknown = end;
  }

  /// Where the earlier output has the bytes of [begin, end); notes where they are now.
  std::optional<StoredPiece> find(std::uint64_t begin, std::uint64_t end) {
    disk_.fingerprint(begin, end - begin, fingerprint_);
    const PieceKey key = fingerprint_.finish();
    const auto bytes = static_cast<std::uint32_t>(end - begin);
    std::optional<StoredPiece> known = earlier_->find(key);
    earlier_->note(key, {.offset = begin, .bytes = bytes, .form = 0});
    if (!known || known->bytes != bytes) return std::nullopt;
    const std::uint64_t size = earlier_->file()->size();
    if (known->offset > size || bytes > size - known->offset) return std::nullopt;
    return known;
  }

  /// Holes are left out.
  void copy(const Copy& copied) {
    const Blob& from = *earlier_->file();
    for (const DataExtent& data : data_extents(from, copied.from, copied.length, 1)) {
      const std::uint64_t to = copied.to + (data.offset - copied.from);
      const std::optional<HostRange> range = from.host_range(data.offset, data.length);
      std::uint64_t done = range ? output_.copy_from(to, *range, data.length) : 0;
      while (done < data.length) {
        const auto bytes = buffer_.first(std::min<std::uint64_t>(buffer_.size(), data.length - done));
        from.read(data.offset + done, bytes);
        write_sparse(output_, to + done, bytes);
        done += bytes.size();
      }
    }
  }

  void write_new(std::uint64_t begin, std::uint64_t end) {
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

  /// Returns how many bytes were copied: all, or fewer where the kernel can't.
  std::uint64_t copy_in_kernel(std::uint64_t offset, std::uint64_t length) {
    if (length < kHostCopyThreshold) return 0;
    const std::optional<HostRange> from = disk_.host_range(offset, length);
    return from ? output_.copy_from(offset, *from, length) : 0;
  }

  /// Puts [begin, end) behind what is to be read. A gap of less than a block costs less to write than to leave out.
  void add(std::uint64_t begin, std::uint64_t end) {
    if (begin - pending_end_ >= kHostBlockBytes || pending_begin_ == pending_end_) {
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
  EarlierOutput* earlier_;
  std::span<std::byte> buffer_;
  Fingerprint fingerprint_;
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
      ChunkWriter(disk_, output_, context_.earlier_output(), room(buffers[worker], kPieceBytes)).write(begin, end);
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
