/// \file
/// An owned file descriptor.
#pragma once

#include <unistd.h>

#include <utility>

namespace fstool::dir {

/// Closes its descriptor. Movable, not copyable. Only reading has been done through it, so close(2) can't lose data.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const noexcept { return fd_; }

 private:
  int fd_ = -1;
};

}  // namespace fstool::dir
