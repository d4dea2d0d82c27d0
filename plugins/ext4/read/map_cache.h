/// \file
/// Keeps the block maps of the files that are being read.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "read/file_map.h"

namespace fstool::ext4 {

/// The block maps that were used last, up to a fixed amount of memory (but the last one whatever its size).
/// Thread-safe.
class MapCache {
 public:
  using MapPtr = std::shared_ptr<const FileMap>;

  /// The map of `inode`; null if it is not here.
  MapPtr find(std::uint32_t inode) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(inode);
    if (found == entries_.end()) return nullptr;
    order_.splice(order_.begin(), order_, found->second);
    return found->second->second;
  }

  void insert(std::uint32_t inode, MapPtr map) {
    const std::lock_guard lock(mutex_);
    if (entries_.contains(inode)) return;
    extents_ += map->size();
    order_.emplace_front(inode, std::move(map));
    entries_.emplace(inode, order_.begin());
    while (order_.size() > 1 && (extents_ > kMaxExtents || order_.size() > kMaxMaps)) {
      extents_ -= order_.back().second->size();
      entries_.erase(order_.back().first);
      order_.pop_back();
    }
  }

 private:
  static constexpr std::size_t kMaxExtents = 1 << 20;  // of 16 bytes
  static constexpr std::size_t kMaxMaps = 4096;

  using Entry = std::pair<std::uint32_t, MapPtr>;
  std::mutex mutex_;
  std::list<Entry> order_;  // the last used first
  std::unordered_map<std::uint32_t, std::list<Entry>::iterator> entries_;
  std::size_t extents_ = 0;
};

}  // namespace fstool::ext4
