#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "blob_range.h"
#include "fstool/blob.h"
#include "fstool/error.h"
#include "fstool/reuse.h"

namespace fstool {
namespace {

// A file system has a piece for every extent of every file, so pieces are many and have to be small.
struct Piece {
  std::uint64_t offset;  // bytes into the composed Blob
  std::uint64_t length;  // bytes, at least 1
  std::uint64_t part_offset;
  BlobPtr part;

  std::uint64_t end() const { return offset + length; }
};
static_assert(sizeof(Piece) <= 40);

// Arrays of more pieces are left as they are when they are complete.
constexpr std::size_t kFewPieces = 4096;

bool lies_before(const Piece& a, const Piece& b) { return a.offset < b.offset; }

class ComposedBlob final : public Blob {
 public:
  /// `pieces` are sorted, do not overlap and end before `size`.
  ComposedBlob(std::uint64_t size, std::vector<Piece> pieces) : size_(size), pieces_(std::move(pieces)) {}

  std::uint64_t size() const override { return size_; }

  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    check_inside(*this, offset, out.size());
    auto piece = first_ending_after(offset);
    while (!out.empty()) {
      const std::uint64_t piece_offset = piece == pieces_.end() ? size_ : piece->offset;
      if (offset < piece_offset) {
        const auto gap = out.first(std::min<std::uint64_t>(out.size(), piece_offset - offset));
        std::fill(gap.begin(), gap.end(), std::byte{0});
        out = out.subspan(gap.size());
        offset += gap.size();
      } else {
        const std::uint64_t skip = offset - piece->offset;
        const auto bytes = out.first(std::min<std::uint64_t>(out.size(), piece->length - skip));
        piece->part->read(piece->part_offset + skip, bytes);
        out = out.subspan(bytes.size());
        offset += bytes.size();
        ++piece;
      }
    }
  }

  Run run_at(std::uint64_t offset) const override {
    const auto piece = first_ending_after(offset);
    if (piece == pieces_.end()) return {size_ - offset, true};
    if (offset < piece->offset) return {piece->offset - offset, true};
    const std::uint64_t skip = offset - piece->offset;
    const Run run = piece->part->run_at(piece->part_offset + skip);
    return {std::min(run.length, piece->length - skip), run.hole};
  }

  std::optional<HostRange> host_range(std::uint64_t offset, std::uint64_t length) const override {
    const auto piece = first_ending_after(offset);
    if (piece == pieces_.end() || offset < piece->offset) return std::nullopt;
    const std::uint64_t skip = offset - piece->offset;
    if (length > piece->length - skip) return std::nullopt;
    return piece->part->host_range(piece->part_offset + skip, length);
  }

  void fingerprint(std::uint64_t offset, std::uint64_t length, Fingerprint& out) const override {
    check_inside(*this, offset, length);
    for (auto piece = first_ending_after(offset); length != 0;) {
      const std::uint64_t piece_offset = piece == pieces_.end() ? size_ : piece->offset;
      std::uint64_t done = 0;
      if (offset < piece_offset) {
        done = std::min(length, piece_offset - offset);
        out.add_hole(done);
      } else {
        const std::uint64_t skip = offset - piece->offset;
        done = std::min(length, piece->length - skip);
        piece->part->fingerprint(piece->part_offset + skip, done, out);
        ++piece;
      }
      offset += done;
      length -= done;
    }
  }

 private:
  std::vector<Piece>::const_iterator first_ending_after(std::uint64_t offset) const {
    return std::partition_point(pieces_.begin(), pieces_.end(),
                                [&](const Piece& piece) { return piece.end() <= offset; });
  }

  std::uint64_t size_;
  std::vector<Piece> pieces_;
};

void check_pieces(const std::vector<Piece>& pieces, std::uint64_t size) {
  std::uint64_t previous_end = 0;
  for (const Piece& piece : pieces) {
    if (piece.offset < previous_end) {
      throw Error(ErrorCode::Internal, fmt::format("two parts of an image overlap at byte {}", piece.offset));
    }
    if (!is_inside(piece.offset, piece.length, size)) {
      throw Error(ErrorCode::Internal, fmt::format("a part of {} bytes at byte {} lies beyond the image's {} bytes",
                                                   piece.length, piece.offset, size));
    }
    previous_end = piece.end();
  }
}

}  // namespace

struct BlobBuilder::Impl {
  std::vector<Piece> pieces;
};

BlobBuilder::BlobBuilder() : impl_(std::make_unique<Impl>()) {}
BlobBuilder::~BlobBuilder() = default;

void BlobBuilder::reserve(std::size_t pieces) { impl_->pieces.reserve(impl_->pieces.size() + pieces); }

void BlobBuilder::add(std::uint64_t offset, BlobPtr part, std::uint64_t part_offset, std::uint64_t length) {
  if (!is_inside(part_offset, length, part->size())) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("a piece of {} bytes at {} reaches beyond the {} bytes of its part", length, part_offset,
                            part->size()));
  }
  if (length != 0) impl_->pieces.push_back({offset, length, part_offset, std::move(part)});
}

void BlobBuilder::add(std::uint64_t offset, BlobPtr part) {
  const std::uint64_t length = part->size();
  add(offset, std::move(part), 0, length);
}

BlobPtr BlobBuilder::finish(std::uint64_t size) {
  std::vector<Piece> pieces = std::exchange(impl_->pieces, {});
  if (!std::is_sorted(pieces.begin(), pieces.end(), lies_before)) std::sort(pieces.begin(), pieces.end(), lies_before);
  check_pieces(pieces, size);
  // Nobody has touched the rest of a large array, so it takes no memory; a copy without it would.
  if (pieces.capacity() <= kFewPieces) pieces.shrink_to_fit();
  return std::make_shared<ComposedBlob>(size, std::move(pieces));
}

BlobPtr make_padded_blob(BlobPtr blob, std::uint64_t size) {
  if (blob->size() > size) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("{} bytes don't fit {}", blob->size(), size));
  }
  if (blob->size() == size) return blob;
  BlobBuilder builder;
  builder.add(0, std::move(blob));
  return builder.finish(size);
}

BlobPtr make_overlaid_blob(BlobPtr whole, std::vector<BlobPiece> pieces) {
  if (pieces.empty()) return whole;
  std::sort(pieces.begin(), pieces.end(), [](const BlobPiece& a, const BlobPiece& b) { return a.offset < b.offset; });
  const std::uint64_t size = whole->size();
  BlobBuilder builder;
  std::uint64_t end = 0;
  for (BlobPiece& piece : pieces) {
    if (piece.offset > end && piece.offset <= size) builder.add(end, whole, end, piece.offset - end);
    end = piece.offset + piece.length;
    builder.add(piece.offset, std::move(piece.part), piece.part_offset, piece.length);
  }
  if (end < size) builder.add(end, std::move(whole), end, size - end);
  return builder.finish(size);
}

}  // namespace fstool
