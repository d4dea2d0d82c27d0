#include "read/disk_blob.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/endian/conversion.hpp>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "fstool/error.h"
#include "fstool/run_memo.h"
#include "ondisk/sparse_image.h"

namespace fstool::simg {
namespace {

/// Chunks that one call puts together to a run, at most.
constexpr std::size_t kChunksOfARun = 4096;

/// Repeats `value`, beginning with the byte of it that belongs to `offset`.
void fill(std::uint32_t value, std::uint64_t offset, std::span<std::byte> out) {
  unsigned char pattern[sizeof(ChunkValue)];
  boost::endian::store_little_u32(pattern, value);
  for (std::size_t i = 0; i < std::min(out.size(), sizeof(pattern)); ++i) {
    out[i] = static_cast<std::byte>(pattern[(offset + i) % sizeof(pattern)]);
  }
  // What is there is doubled until all is there.
  for (std::size_t done = sizeof(pattern); done < out.size();) {
    const std::size_t part = std::min(done, out.size() - done);
    std::ranges::copy(out.first(part), out.begin() + static_cast<std::ptrdiff_t>(done));
    done += part;
  }
}

class DiskBlob final : public Blob {
 public:
  DiskBlob(BlobPtr file, ChunkIndex index) : file_(std::move(file)), index_(std::move(index)) {}

  std::uint64_t size() const override { return index_.disk_bytes(); }

  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset > size() || out.size() > size() - offset) {
      throw Error(ErrorCode::Internal, fmt::format("a read of {} bytes at {} reaches beyond the {} bytes of the disk",
                                                   out.size(), offset, size()));
    }
    if (out.empty()) return;
    for (std::size_t chunk = chunk_at(offset); !out.empty(); ++chunk) {
      const auto part = out.first(std::min<std::uint64_t>(out.size(), index_.end_of(chunk) - offset));
      read_chunk(chunk, offset, part);
      offset += part.size();
      out = out.subspan(part.size());
    }
  }

  Run run_at(std::uint64_t offset) const override {
    return runs_.run_at(offset, [&](std::uint64_t at) { return find_run(at); });
  }

  std::optional<HostRange> host_range(std::uint64_t offset, std::uint64_t length) const override {
    if (length == 0 || offset >= size() || length > size() - offset) return std::nullopt;
    const std::size_t chunk = chunk_at(offset);
    if (index_.chunks()[chunk].kind != ChunkKind::Raw || length > index_.end_of(chunk) - offset) return std::nullopt;
    return file_->host_range(place_of(chunk, offset), length);
  }

 private:
  Run find_run(std::uint64_t offset) const {
    const auto& chunks = index_.chunks();
    const std::size_t first = chunk_at(offset);
    const std::size_t limit = std::min(chunks.size(), first + kChunksOfARun);
    std::size_t last = first;
    while (last + 1 < limit && chunks[last + 1].is_zero() == chunks[first].is_zero()) ++last;
    return {index_.end_of(last) - offset, chunks[first].is_zero()};
  }

  std::size_t chunk_at(std::uint64_t offset) const { return index_.chunk_with(offset / index_.block_size()); }

  /// Where in the file the byte of a raw chunk is.
  std::uint64_t place_of(std::size_t chunk, std::uint64_t offset) const {
    return index_.chunks()[chunk].value + (offset - index_.begin_of(chunk));
  }

  void read_chunk(std::size_t chunk, std::uint64_t offset, std::span<std::byte> out) const {
    const IndexedChunk& indexed = index_.chunks()[chunk];
    switch (indexed.kind) {
      case ChunkKind::Raw:
        file_->read(place_of(chunk, offset), out);
        break;
      case ChunkKind::Fill:
        fill(static_cast<std::uint32_t>(indexed.value), offset, out);
        break;
      case ChunkKind::DontCare:
        std::ranges::fill(out, std::byte{0});
        break;
    }
  }

  BlobPtr file_;
  ChunkIndex index_;
  mutable RunMemo runs_;
};

}  // namespace

BlobPtr make_disk_blob(BlobPtr file, ChunkIndex index) {
  return std::make_shared<DiskBlob>(std::move(file), std::move(index));
}

}  // namespace fstool::simg
