#include "sorted_entries.h"

#include <algorithm>

namespace fstool {
namespace {

// Entries that an insertion moves at most; 24 bytes each, so that a block fits a level-1 cache.
constexpr std::size_t kBlockCapacity = 512;

template <class Entries>
auto lower_bound(Entries& entries, std::string_view name) {
  return std::lower_bound(entries.begin(), entries.end(), name,
                          [](const DirEntry& entry, std::string_view wanted) { return entry.name < wanted; });
}

}  // namespace

bool SortedEntries::insert(DirEntry entry) {
  if (!is_flat()) return insert_into_blocks(entry);
  if (flat_.empty() || flat_.back().name < entry.name) {
    flat_.push_back(entry);
    return true;
  }
  const auto position = lower_bound(flat_, entry.name);
  if (position->name == entry.name) return false;
  if (flat_.size() < kBlockCapacity) {
    flat_.insert(position, entry);
    return true;
  }
  split_into_blocks();
  return insert_into_blocks(entry);
}

std::optional<DirEntry> SortedEntries::erase(std::string_view name) {
  if (!is_flat()) return erase_from_blocks(name);
  const auto position = lower_bound(flat_, name);
  if (position == flat_.end() || position->name != name) return std::nullopt;
  if (static_cast<std::size_t>(flat_.end() - position) > kBlockCapacity) {
    split_into_blocks();
    return erase_from_blocks(name);
  }
  const DirEntry entry = *position;
  flat_.erase(position);
  return entry;
}

const DirEntry* SortedEntries::find(std::string_view name) const {
  const Block& list = list_of(name);
  const auto position = lower_bound(list, name);
  return position == list.end() || position->name != name ? nullptr : &*position;
}

void SortedEntries::flatten() {
  if (is_flat()) return;
  std::size_t count = 0;
  for (const Block& block : blocks_) count += block.size();
  flat_.reserve(count);
  for (const Block& block : blocks_) flat_.insert(flat_.end(), block.begin(), block.end());
  blocks_ = {};
}

void SortedEntries::split_into_blocks() {
  constexpr std::size_t kHalf = kBlockCapacity / 2;
  for (auto first = flat_.begin(); first != flat_.end();) {
    const auto last = first + std::min<std::ptrdiff_t>(kHalf, flat_.end() - first);
    blocks_.emplace_back(first, last);
    first = last;
  }
  flat_ = {};
}

bool SortedEntries::insert_into_blocks(DirEntry entry) {
  const std::size_t index = block_of(entry.name);
  Block& block = blocks_[index];
  const auto position = lower_bound(block, entry.name);
  if (position != block.end() && position->name == entry.name) return false;
  block.insert(position, entry);
  if (block.size() > kBlockCapacity) {
    const auto middle = block.begin() + kBlockCapacity / 2;
    Block upper(middle, block.end());
    block.erase(middle, block.end());
    blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(upper));
  }
  return true;
}

std::optional<DirEntry> SortedEntries::erase_from_blocks(std::string_view name) {
  const std::size_t index = block_of(name);
  Block& block = blocks_[index];
  const auto position = lower_bound(block, name);
  if (position == block.end() || position->name != name) return std::nullopt;
  const DirEntry entry = *position;
  block.erase(position);
  if (block.empty()) blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(index));
  return entry;
}

std::size_t SortedEntries::block_of(std::string_view name) const {
  const auto behind =
      std::upper_bound(blocks_.begin(), blocks_.end(), name,
                       [](std::string_view wanted, const Block& block) { return wanted < block.front().name; });
  return behind == blocks_.begin() ? 0 : static_cast<std::size_t>(behind - blocks_.begin()) - 1;
}

const SortedEntries::Block& SortedEntries::list_of(std::string_view name) const {
  return is_flat() ? flat_ : blocks_[block_of(name)];
}

}  // namespace fstool
