#include "archive/unpacked_bytes.h"

#include <fmt/format.h>

#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool::tar {

UnpackedBytes::UnpackedBytes(std::uint64_t max_size) : spill_(std::make_shared<Spill>()), max_size_(max_size) {}

void UnpackedBytes::require(std::uint64_t size) const {
  if (size <= max_size_ && spill_->size() <= max_size_ - size) return;
  throw Error(ErrorCode::Unsupported, fmt::format("it decompresses to more than {}: the option max_size sets the bound",
                                                  format_size(max_size_)));
}

std::uint64_t UnpackedBytes::append(std::span<const std::byte> bytes) {
  require(bytes.size());
  return spill_->append(bytes);
}

}  // namespace fstool::tar
