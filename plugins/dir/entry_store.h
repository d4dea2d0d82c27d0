/// \file
/// Storage for what is scanned and soon given up again.
#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>

namespace fstool::dir {

/// Hands out room for runs of objects, side by side in blocks that go back to the system once nobody holds one of their
/// runs. The heap would not give them back: it keeps what one thread allocated and another frees for the first one, and
/// a growing Tree needs the memory. Not thread-safe; runs may be given up by any thread.
template <class T>
class EntryStore {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  /// Room for `count` objects, at least one, none of which is constructed. Throws std::bad_alloc.
  std::shared_ptr<T> allocate(std::size_t count) {
    if (count > left_) {
      const std::size_t objects = std::max(count, kBlockObjects);
      block_ = map(objects * sizeof(T));
      next_ = static_cast<T*>(block_.get());
      left_ = objects;
    }
    T* const run = next_;
    next_ += count;
    left_ -= count;
    return {block_, run};
  }

  /// Lets go of the block that is being filled.
  void finish() {
    block_.reset();
    left_ = 0;
  }

 private:
  static constexpr std::size_t kBlockObjects = 256 * 1024 / sizeof(T);

  static std::shared_ptr<void> map(std::size_t bytes) {
    void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    return {memory, [bytes](void* block) { ::munmap(block, bytes); }};
  }

  std::shared_ptr<void> block_;
  T* next_ = nullptr;
  std::size_t left_ = 0;  ///< objects
};

}  // namespace fstool::dir
