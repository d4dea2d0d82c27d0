/// \file
/// Storage for the names of a directory tree.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace fstool::dir {

/// Keeps NUL-terminated strings side by side, without a header each. Not thread-safe.
class NameArena {
 public:
  /// A copy of `name` (which has no NUL inside), with a NUL behind it; valid as long as the arena.
  const char* keep(std::string_view name) {
    const std::size_t bytes = name.size() + 1;
    if (bytes > left_) {
      left_ = std::max(bytes, kBlockBytes);
      blocks_.push_back(std::make_unique_for_overwrite<char[]>(left_));
      next_ = blocks_.back().get();
    }
    char* const kept = next_;
    std::memcpy(kept, name.data(), name.size());
    kept[name.size()] = '\0';
    next_ += bytes;
    left_ -= bytes;
    return kept;
  }

 private:
  static constexpr std::size_t kBlockBytes = 32 * 1024;

  std::vector<std::unique_ptr<char[]>> blocks_;
  char* next_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace fstool::dir
