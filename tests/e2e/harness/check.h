/// \file
/// System calls that a test can't go on without.
#pragma once

#include <unistd.h>

#include <cerrno>
#include <concepts>
#include <string>
#include <system_error>
#include <utility>

namespace fstool::e2e {

/// Returns `result`, or throws what errno says about doing `what` if it is negative.
template <std::signed_integral Result>
Result check(Result result, const std::string& what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
  return result;
}

/// A file descriptor that is closed in the end.
class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace fstool::e2e
