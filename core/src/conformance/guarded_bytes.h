/// \file
/// Memory between pages that nobody may touch: reading or writing one byte too many ends the process, also where a
/// sanitizer doesn't look, as in assembler code.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <span>
#include <system_error>

namespace fstool::conformance {

/// Which end of the bytes touches a forbidden page.
enum class Guard { Front, Back };

class GuardedBytes {
 public:
  /// `size` zero bytes.
  GuardedBytes(std::size_t size, Guard guard) : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))) {
    const std::size_t inside = (size + page_ - 1) / page_ * page_;
    mapped_ = inside + 2 * page_;
    void* const start = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) throw std::system_error(errno, std::generic_category(), "mmap");
    start_ = static_cast<std::byte*>(start);
    if (inside > 0 && mprotect(start_ + page_, inside, PROT_READ | PROT_WRITE) != 0) {
      throw std::system_error(errno, std::generic_category(), "mprotect");
    }
    bytes_ = {start_ + page_ + (guard == Guard::Back ? inside - size : 0), size};
  }
  GuardedBytes(std::span<const std::byte> bytes, Guard guard) : GuardedBytes(bytes.size(), guard) {
    std::ranges::copy(bytes, bytes_.begin());
  }
  ~GuardedBytes() { munmap(start_, mapped_); }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;

  std::span<std::byte> bytes() const noexcept { return bytes_; }

 private:
  std::size_t page_;
  std::size_t mapped_ = 0;
  std::byte* start_ = nullptr;
  std::span<std::byte> bytes_;
};

}  // namespace fstool::conformance
