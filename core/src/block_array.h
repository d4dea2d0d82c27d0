/// \file
/// An array whose elements stay where they are when it grows.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

namespace fstool {

/// Elements in blocks of `kBlockSize`, a power of two. As std::deque, but the blocks are as large as wanted, and an
/// element is found with a shift and a mask. Not thread-safe while it grows.
template <class T, std::size_t kBlockSize>
class BlockArray {
  static_assert(kBlockSize > 0 && (kBlockSize & (kBlockSize - 1)) == 0);

 public:
  std::size_t size() const noexcept { return size_; }

  /// `index` is less than size().
  T& operator[](std::size_t index) noexcept { return blocks_[index / kBlockSize][index % kBlockSize]; }

  /// Adds an element, which is value-initialised, and returns it.
  T& append() {
    if (size_ == blocks_.size() * kBlockSize) blocks_.push_back(std::make_unique<T[]>(kBlockSize));
    return (*this)[size_++];
  }

 private:
  std::vector<std::unique_ptr<T[]>> blocks_;
  std::size_t size_ = 0;
};

}  // namespace fstool
