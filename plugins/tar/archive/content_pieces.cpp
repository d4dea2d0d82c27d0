#include "archive/content_pieces.h"

#include <limits>

#include "archive/archived_content.h"
#include "fstool/error.h"

namespace fstool::tar {

namespace {

constexpr std::uint64_t kLargestFile = std::numeric_limits<std::int64_t>::max();

}  // namespace

void ContentPieces::add(std::uint64_t offset, const BlobPtr& from, std::uint64_t from_offset, std::uint64_t length) {
  if (length == 0) return;
  if (offset < end_) throw Error(ErrorCode::Corrupt, "its content overlaps itself");
  if (offset > kLargestFile || length > kLargestFile - offset) {
    throw Error(ErrorCode::Corrupt, "its content is too large");
  }
  end_ = offset + length;
  if (last_ && last_->from == from && last_->offset + last_->length == offset &&
      last_->from_offset + last_->length == from_offset) {
    last_->length += length;
    return;
  }
  build_last();
  last_ = Piece{offset, from, from_offset, length};
}

void ContentPieces::build_last() {
  if (!last_) return;
  builder_.add(last_->offset, make_archived_content(last_->from, last_->from_offset, last_->length));
  last_.reset();
  is_built_ = true;
}

BlobPtr ContentPieces::finish(std::uint64_t size) {
  if (size > kLargestFile) throw Error(ErrorCode::Corrupt, "its content is too large");
  if (end_ > size) throw Error(ErrorCode::Corrupt, "its map of holes leads beyond its end");
  if (!is_built_ && last_ && last_->offset == 0 && last_->length == size) {
    return make_archived_content(last_->from, last_->from_offset, size);
  }
  build_last();
  return builder_.finish(size);
}

}  // namespace fstool::tar
