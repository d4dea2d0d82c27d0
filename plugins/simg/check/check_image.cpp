#include "check/check_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "crc32_run.h"
#include "fstool/size.h"
#include "ondisk/sparse_image.h"
#include "read/chunk_index.h"

namespace fstool::simg {
namespace {

/// Bytes of a raw chunk that a worker looks at at a time.
constexpr std::uint64_t kPieceBytes = 1 << 20U;
constexpr std::size_t kPiecesAtATime = 16 * 1024;

/// A chunk, or a part of one that is raw.
struct Piece {
  std::size_t chunk = 0;
  std::uint64_t begin = 0;  ///< bytes of the disk
  std::uint64_t length = 0;
};

class ChecksumCheck {
 public:
  ChecksumCheck(const Blob& file, const ChunkIndex& index, Context& context)
      : file_(file),
        index_(index),
        context_(context),
        buffers_(context.workers().size()),
        slots_(context.workers().slots()) {}

  void check() {
    for (std::size_t chunk = 0; chunk < index_.chunks().size(); ++chunk) {
      for (std::uint64_t begin = index_.begin_of(chunk); begin < index_.end_of(chunk);) {
        const std::uint64_t rest = index_.end_of(chunk) - begin;
        const bool raw = index_.chunks()[chunk].kind == ChunkKind::Raw;
        pieces_.push_back({chunk, begin, raw ? std::min(rest, kPieceBytes) : rest});
        begin += pieces_.back().length;
        if (pieces_.size() == kPiecesAtATime) add_pieces();
      }
    }
    add_pieces();
    compare_up_to_here();
  }

 private:
  void add_pieces() {
    context_.workers().ordered(
        pieces_.size(),
        [&](std::uint64_t i, unsigned worker, unsigned slot) {
          context_.check_cancelled();
          slots_[slot] = crc32_of(pieces_[i], buffers_[worker]);
        },
        [&](std::uint64_t i, unsigned slot) {
          if (pieces_[i].begin == index_.begin_of(pieces_[i].chunk)) compare_up_to_here();
          sum_ += slots_[slot];
        });
    pieces_.clear();
  }

  Crc32Run crc32_of(const Piece& piece, std::vector<std::byte>& buffer) const {
    const IndexedChunk& chunk = index_.chunks()[piece.chunk];
    if (chunk.kind != ChunkKind::Raw) {
      const ChunkValue value(static_cast<std::uint32_t>(chunk.value));
      return Crc32Run::of(std::as_bytes(std::span(&value, 1))).repeated(piece.length / sizeof(value));
    }
    buffer.resize(kPieceBytes);
    const auto bytes = std::span(buffer).first(piece.length);
    file_.read(chunk.value + (piece.begin - index_.begin_of(piece.chunk)), bytes);
    return Crc32Run::of(bytes);
  }

  /// Looks at the checksums of what was added.
  void compare_up_to_here() {
    const auto& checksums = index_.checksums();
    for (; compared_ < checksums.size(); ++compared_) {
      const StoredChecksum& stored = checksums[compared_];
      if (stored.blocks * index_.block_size() != sum_.length) return;
      if (stored.crc32 == sum_.crc) continue;
      context_.report_damage(fmt::format("the CRC-32 of the first {} blocks is {:08x}, and {:08x} is stored",
                                         stored.blocks, sum_.crc, stored.crc32));
    }
  }

  const Blob& file_;
  const ChunkIndex& index_;
  Context& context_;
  std::vector<std::vector<std::byte>> buffers_;  ///< by worker
  std::vector<Crc32Run> slots_;
  std::vector<Piece> pieces_;
  Crc32Run sum_;
  std::size_t compared_ = 0;  ///< checksums
};

}  // namespace

void check_image(const Blob& file, Context& context) {
  const ChunkIndex index = read_chunk_index(file, context);
  if (index.end_in_file() < file.size()) {
    context.warn(fmt::format("{} follow behind the last chunk", format_size(file.size() - index.end_in_file())));
  }
  if (!index.checksums().empty()) ChecksumCheck(file, index, context).check();
}

}  // namespace fstool::simg
