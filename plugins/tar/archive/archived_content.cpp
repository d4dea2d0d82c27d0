#include "archive/archived_content.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "fstool/error.h"

namespace fstool::tar {

namespace {

class ArchivedContent final : public Blob {
 public:
  ArchivedContent(BlobPtr whole, std::uint64_t offset, std::uint64_t length)
      : whole_(std::move(whole)), offset_(offset), length_(length) {}

  std::uint64_t size() const override { return length_; }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    if (!is_inside(offset, out.size())) throw Error(ErrorCode::Internal, "read beyond the end of an archive's member");
    whole_->read(offset_ + offset, out);
  }
  std::optional<HostRange> host_range(std::uint64_t offset, std::uint64_t length) const override {
    if (!is_inside(offset, length)) return std::nullopt;
    return whole_->host_range(offset_ + offset, length);
  }

 private:
  bool is_inside(std::uint64_t offset, std::uint64_t length) const {
    return offset <= length_ && length <= length_ - offset;
  }

  BlobPtr whole_;
  std::uint64_t offset_;
  std::uint64_t length_;
};

}  // namespace

BlobPtr make_archived_content(const BlobPtr& whole, std::uint64_t offset, std::uint64_t length) {
  if (offset > whole->size() || length > whole->size() - offset) {
    throw Error(ErrorCode::Corrupt, "the archive ends before its content does");
  }
  return std::make_shared<const ArchivedContent>(whole, offset, length);
}

}  // namespace fstool::tar
