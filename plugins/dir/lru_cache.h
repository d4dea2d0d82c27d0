/// \file
/// A bounded cache of things that are costly to keep: open descriptors.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace fstool::dir {

/// Keeps the `capacity` values that were used last. Values are shared: one that is forgotten lives on as long as
/// somebody holds it. Thread-safe; values are destroyed outside the lock.
template <class Key, class Value>
class LruCache {
 public:
  using ValuePtr = std::shared_ptr<const Value>;

  /// `capacity` is at least 1.
  explicit LruCache(std::size_t capacity) : capacity_(capacity) {}

  /// The value of `key`, or null.
  ValuePtr find(const Key& key) {
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found == index_.end()) return nullptr;
    by_use_.splice(by_use_.begin(), by_use_, found->second);
    return found->second->second;
  }

  /// Keeps `value`, unless another thread was faster; returns the value that is kept.
  ValuePtr insert(const Key& key, ValuePtr value) {
    std::list<std::pair<Key, ValuePtr>> forgotten;
    const std::lock_guard lock(mutex_);
    const auto found = index_.find(key);
    if (found != index_.end()) return found->second->second;
    by_use_.emplace_front(key, std::move(value));
    index_.emplace(key, by_use_.begin());
    if (by_use_.size() > capacity_) {
      index_.erase(by_use_.back().first);
      forgotten.splice(forgotten.begin(), by_use_, std::prev(by_use_.end()));
    }
    return by_use_.front().second;
  }

  void clear() {
    std::list<std::pair<Key, ValuePtr>> forgotten;
    const std::lock_guard lock(mutex_);
    index_.clear();
    forgotten.swap(by_use_);
  }

 private:
  using ByUse = std::list<std::pair<Key, ValuePtr>>;

  std::mutex mutex_;
  std::size_t capacity_;
  ByUse by_use_;  // the latest first
  std::unordered_map<Key, typename ByUse::iterator> index_;
};

}  // namespace fstool::dir
