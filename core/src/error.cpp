#include "fstool/error.h"

#include <cerrno>
#include <system_error>

namespace fstool {
namespace {

ErrorCode code_of(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::NotFound;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorCode::NoSpace;
    default:
      return ErrorCode::Io;
  }
}

}  // namespace

Error::Error(ErrorCode code, std::string message) : code_(code), text_(std::move(message)) {}

Error::~Error() = default;

void Error::add_context(std::string_view doing) {
  const std::string begin = std::string(doing) + ": ";
  if (!text_.starts_with(begin)) text_.insert(0, begin);
}

Error system_error(std::string_view doing, int error_number) {
  // Unlike strerror(), this is thread-safe.
  return Error(code_of(error_number), std::string(doing) + ": " + std::generic_category().message(error_number));
}

}  // namespace fstool
