/// \file
/// Storage for many short strings that stay where they are.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace fstool {

/// Keeps copies of strings until it is destroyed; the views it returns stay valid when it grows or is moved.
class StringArena {
 public:
  std::string_view keep(std::string_view text) {
    if (text.size() > free_) grow(text.size());
    char* const place = next_;
    std::memcpy(place, text.data(), text.size());
    next_ += text.size();
    free_ -= text.size();
    return {place, text.size()};
  }

  /// Gives back the most recently kept string.
  void drop_last(std::string_view text) {
    next_ -= text.size();
    free_ += text.size();
  }

 private:
  void grow(std::size_t needed) {
    // Small trees stay small; large ones lose little in the rest of a chunk.
    constexpr std::size_t kFirstChunk = 4 * 1024;
    constexpr std::size_t kLargestChunk = 256 * 1024;
    std::size_t size = std::min(kFirstChunk << std::min<std::size_t>(chunks_.size(), 6), kLargestChunk);
    if (size < needed) size = needed;
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    next_ = chunks_.back().get();
    free_ = size;
  }

  std::vector<std::unique_ptr<char[]>> chunks_;
  char* next_ = nullptr;
  std::size_t free_ = 0;
};

}  // namespace fstool
