#include "write/indirect.h"

#include <array>
#include <cstring>

#include "fstool/error.h"

namespace fstool::ext4 {

namespace {

constexpr unsigned kLevels = 3;  // single, double and triple indirect blocks

/// One level's part of a file: its first logical block, and how many blocks it maps.
struct Level {
  std::uint64_t first = 0;
  std::uint64_t length = 0;
};

std::array<Level, kLevels> levels(std::uint32_t block_size) {
  const std::uint64_t pointers = block_size / sizeof(little_uint32_t);
  std::array<Level, kLevels> result;
  std::uint64_t first = kDirectPointers;
  std::uint64_t length = pointers;
  for (Level& level : result) {
    level = {first, length};
    first += length;
    length *= pointers;
  }
  return result;
}

/// Calls visit(logical, physical) for every block, in ascending order.
template <class Visit>
void for_each_block(std::span<const Extent> extents, Visit&& visit) {
  for (const Extent& extent : extents) {
    for (std::uint64_t i = 0; i < extent.length; ++i) visit(extent.logical + i, extent.physical + i);
  }
}

/// Number of stretches of `unit` blocks, counted from `first`, that hold a block of `extents` within [first, end).
std::uint64_t count_stretches(std::span<const Extent> extents, std::uint64_t first, std::uint64_t end,
                              std::uint64_t unit) {
  std::uint64_t count = 0;
  std::uint64_t next = 0;  // stretches below are counted or empty
  for (const Extent& extent : extents) {
    const std::uint64_t from = std::max(extent.logical, first);
    const std::uint64_t to = std::min(extent.logical + extent.length, end);
    if (from >= to) continue;
    const std::uint64_t begin = std::max((from - first) / unit, next);
    const std::uint64_t last = (to - 1 - first) / unit;
    if (begin > last) continue;
    count += last - begin + 1;
    next = last + 1;
  }
  return count;
}

/// Writes pointers; a block of them begins where the logical block leaves the last one's stretch.
class MapWriter {
 public:
  MapWriter(std::span<const std::uint64_t> at, std::uint32_t block_size, MappingBlocks& map)
      : at_(at), block_size_(block_size), pointers_(block_size / sizeof(little_uint32_t)), map_(map) {
    map_.blocks.resize(at.size() * block_size);
  }

  void add_direct(std::uint64_t logical, std::uint64_t physical) { set(map_.root, logical, physical); }

  /// `offset` counts from the first block of level `level`, whose block of pointers is named at `root_index`.
  void add_indirect(unsigned level, std::size_t root_index, std::uint64_t offset, std::uint64_t physical) {
    std::uint64_t unit = 1;
    for (unsigned i = 0; i < level; ++i) unit *= pointers_;
    // From the top: the block of pointers that covers `offset` at each depth.
    std::uint64_t index = root_index;
    std::span<std::byte> parent = map_.root;
    for (unsigned depth = 0; depth <= level; ++depth, unit /= pointers_) {
      Open& open = open_[level][depth];
      const std::uint64_t stretch = offset / (unit * pointers_);
      if (!open.used || open.stretch != stretch) {
        open = {true, stretch, used_++};
        set(parent, index, at_[open.block]);
      }
      parent = std::span(map_.blocks).subspan(open.block * block_size_, block_size_);
      index = offset / unit % pointers_;
    }
    set(parent, index, physical);
  }

 private:
  /// The block of pointers that is being filled.
  struct Open {
    bool used = false;
    std::uint64_t stretch = 0;
    std::size_t block = 0;  // index in at_
  };

  static void set(std::span<std::byte> pointers, std::uint64_t index, std::uint64_t physical) {
    const little_uint32_t pointer(static_cast<std::uint32_t>(physical));
    std::memcpy(pointers.data() + index * sizeof(pointer), &pointer, sizeof(pointer));
  }

  std::span<const std::uint64_t> at_;
  std::uint32_t block_size_;
  std::uint64_t pointers_;
  MappingBlocks& map_;
  std::size_t used_ = 0;
  std::array<std::array<Open, kLevels>, kLevels> open_{};
};

}  // namespace

std::uint64_t max_indirect_file_blocks(std::uint32_t block_size) {
  const Level last = levels(block_size).back();
  return last.first + last.length;
}

std::uint64_t indirect_blocks(std::span<const Extent> extents, std::uint32_t block_size) {
  const std::uint64_t pointers = block_size / sizeof(little_uint32_t);
  std::uint64_t total = 0;
  for (const Level& level : levels(block_size)) {
    for (std::uint64_t unit = pointers; unit <= level.length; unit *= pointers) {
      total += count_stretches(extents, level.first, level.first + level.length, unit);
    }
  }
  return total;
}

MappingBlocks build_indirect_map(std::span<const Extent> extents, std::span<const std::uint64_t> at,
                                 std::uint32_t block_size) {
  if (indirect_blocks(extents, block_size) != at.size()) {
    throw Error(ErrorCode::Internal, "an indirect map was given the wrong number of blocks");
  }
  MappingBlocks map;
  MapWriter writer(at, block_size, map);
  const auto parts = levels(block_size);
  for_each_block(extents, [&](std::uint64_t logical, std::uint64_t physical) {
    if (logical < kDirectPointers) return writer.add_direct(logical, physical);
    unsigned level = 0;
    while (logical >= parts[level].first + parts[level].length) ++level;
    writer.add_indirect(level, kDirectPointers + level, logical - parts[level].first, physical);
  });
  return map;
}

}  // namespace fstool::ext4
