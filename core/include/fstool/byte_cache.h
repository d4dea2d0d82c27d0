/// \file
/// ByteCache: pieces of files that are costly to fetch, the last used ones, shared by all threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <list>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace fstool {

/// Bytes that the first thread to want them fetches, while others that want them wait. Thread-safe.
class CachedBytes {
 public:
  /// The bytes, which stay as they are. `fetch(std::vector<std::byte>&)` makes them; if it throws, the next one who
  /// asks tries again.
  template <class Fetch>
  std::span<const std::byte> get(Fetch&& fetch) {
    const std::lock_guard lock(mutex_);
    if (!fetched_) {
      std::forward<Fetch>(fetch)(bytes_);
      fetched_ = true;
    }
    return bytes_;
  }

 private:
  std::mutex mutex_;
  bool fetched_ = false;
  std::vector<std::byte> bytes_;
};

/// Where cached bytes come from: the number of a file among those that share the cache, and an offset in it.
struct CachePlace {
  std::uint32_t file = 0;
  std::uint64_t offset = 0;
  friend bool operator==(const CachePlace&, const CachePlace&) = default;
};

/// Keeps the entries that were used last, each in one of several parts with a lock of its own. An entry that is
/// forgotten lives on as long as somebody holds it. Thread-safe.
class ByteCache {
 public:
  using Entry = std::shared_ptr<CachedBytes>;

  /// Keeps up to `capacity` bytes, and at least one entry in each of `parts` parts.
  ByteCache(std::size_t capacity, std::size_t parts) : capacity_of_part_(capacity / parts), parts_(parts) {}

  /// The entry of `place`; null if there is none.
  Entry find(const CachePlace& place) {
    Part& part = part_of(place);
    const std::lock_guard lock(part.mutex);
    return part.find(place);
  }

  /// The entry of `place`, new and not fetched if there was none. It will have `bytes` bytes.
  Entry find_or_add(const CachePlace& place, std::size_t bytes) {
    std::list<Item> forgotten;  // destroyed without the lock
    Part& part = part_of(place);
    const std::lock_guard lock(part.mutex);
    if (Entry entry = part.find(place)) return entry;
    part.by_use.push_front({place, bytes, std::make_shared<CachedBytes>()});
    part.index.emplace(place, part.by_use.begin());
    part.bytes += bytes;
    while (part.bytes > capacity_of_part_ && part.by_use.size() > 1) {
      part.bytes -= part.by_use.back().bytes;
      part.index.erase(part.by_use.back().place);
      forgotten.splice(forgotten.begin(), part.by_use, std::prev(part.by_use.end()));
    }
    return part.by_use.front().entry;
  }

 private:
  struct Item {
    CachePlace place;
    std::size_t bytes;
    Entry entry;
  };
  struct Hash {
    std::size_t operator()(const CachePlace& place) const noexcept {
      // Offsets are multiples of powers of two: the multiplication spreads them over the upper bits.
      constexpr std::uint64_t kOddConstant = 0x9e3779b97f4a7c15;
      const std::uint64_t mixed = (place.offset ^ std::uint64_t{place.file} << 56U) * kOddConstant;
      return static_cast<std::size_t>(mixed ^ mixed >> 32U);
    }
  };
  struct Part {
    Entry find(const CachePlace& place) {
      const auto found = index.find(place);
      if (found == index.end()) return nullptr;
      by_use.splice(by_use.begin(), by_use, found->second);
      return found->second->entry;
    }

    std::mutex mutex;
    std::list<Item> by_use;  // the latest first
    std::unordered_map<CachePlace, std::list<Item>::iterator, Hash> index;
    std::size_t bytes = 0;
  };

  Part& part_of(const CachePlace& place) { return parts_[Hash()(place) % parts_.size()]; }

  std::size_t capacity_of_part_;
  std::vector<Part> parts_;
};

}  // namespace fstool
