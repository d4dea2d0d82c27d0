/// \file
/// The one exception type of fstool.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include "fstool/api.h"

namespace fstool {

/// What kind of failure an Error reports. Programs may branch on it; the message is for people.
enum class ErrorCode {
  InvalidArgument,  ///< a value given by the caller or the user is wrong
  InvalidSpec,      ///< the pipeline spec is wrong (the message carries file, line and column)
  NotFound,         ///< a file, plugin or format does not exist
  Io,               ///< the operating system refused or failed a read or write
  NoSpace,          ///< something does not fit: a partition, a file system, the host's disk
  Corrupt,          ///< an image or archive contradicts its format
  Unsupported,      ///< valid, but beyond what fstool or the chosen format can do
  Changed,          ///< a source changed while it was read
  Cancelled,        ///< the user asked to stop
  Plugin,           ///< a plugin cannot be used
  Internal,         ///< a broken invariant of fstool itself
};

/// Every failure that fstool reports. `what()` is one sentence a user can act on, preceded by the chain of what was
/// being done, outermost first: `building root partition: reading ./rootfs/bin/sh: permission denied`.
class FSTOOL_API Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message);
  Error(const Error&) = default;
  Error& operator=(const Error&) = default;
  ~Error() override;

  ErrorCode code() const noexcept { return code_; }
  /// The whole text: context and message.
  const char* what() const noexcept override { return text_.c_str(); }

  /// Puts `doing` in front of the chain. Call it from the inside out, as the exception travels up.
  void add_context(std::string_view doing);

 private:
  ErrorCode code_;
  std::string text_;
};

/// An Io, NotFound or NoSpace error (by `error_number`) whose text is `doing: strerror(error_number)`.
FSTOOL_API Error system_error(std::string_view doing, int error_number);

/// Runs `work`; an Error that leaves it gains the context that `describe()` returns. The description is built only
/// when there is an error.
template <class Describe, class Work>
decltype(auto) with_context(Describe&& describe, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (Error& error) {
    error.add_context(std::forward<Describe>(describe)());
    throw;
  }
}

}  // namespace fstool
