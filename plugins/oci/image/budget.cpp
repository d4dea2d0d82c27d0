#include "image/budget.h"

#include <fmt/format.h>

#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool::oci {

void Budget::spend(std::uint64_t bytes) {
  if (bytes > left_) {
    throw Error(ErrorCode::Unsupported, fmt::format("{} more than {}", what_, format_size(bytes_)));
  }
  left_ -= bytes;
}

}  // namespace fstool::oci
