/// \file
/// Keeps the composed contents of the files that are being read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "fstool/blob.h"

namespace fstool::fat {

/// Contents that were used last, by first cluster and size, up to a fixed amount of memory (but the last one whatever
/// its size). Thread-safe.
class ContentCache {
 public:
  /// First cluster << 32 | size in bytes.
  using Key = std::uint64_t;

  /// The content; null if it is not here.
  BlobPtr find(Key key) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return found->second->content;
  }

  /// `pieces`: of how many Blobs it is composed.
  void insert(Key key, BlobPtr content, std::size_t pieces) {
    const std::lock_guard lock(mutex_);
    if (entries_.contains(key)) return;
    pieces_ += pieces;
    order_.push_front({key, std::move(content), pieces});
    entries_.emplace(key, order_.begin());
    while (order_.size() > 1 && (pieces_ > kMaxPieces || order_.size() > kMaxContents)) {
      pieces_ -= order_.back().pieces;
      entries_.erase(order_.back().key);
      order_.pop_back();
    }
  }

 private:
  static constexpr std::size_t kMaxPieces = 1 << 18;
  static constexpr std::size_t kMaxContents = 4096;

  struct Entry {
    Key key;
    BlobPtr content;
    std::size_t pieces;
  };
  std::mutex mutex_;
  std::list<Entry> order_;  // the last used first
  std::unordered_map<Key, std::list<Entry>::iterator> entries_;
  std::size_t pieces_ = 0;
};

}  // namespace fstool::fat
