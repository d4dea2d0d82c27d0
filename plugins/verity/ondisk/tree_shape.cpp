#include "ondisk/tree_shape.h"

#include <bit>

#include "fstool/size.h"

namespace fstool::verity {

TreeShape TreeShape::make(std::uint64_t data_blocks, std::uint32_t block_size, std::size_t digest_bytes,
                          HashType type) {
  TreeShape shape;
  shape.block_size = block_size;
  shape.entries_per_block = std::bit_floor(static_cast<std::uint32_t>(block_size / digest_bytes));
  const auto digest_size = static_cast<std::uint32_t>(digest_bytes);
  shape.entry_bytes = type == HashType::Normal ? std::bit_ceil(digest_size) : digest_size;
  for (std::uint64_t below = data_blocks; below > 1; below = shape.levels.back().blocks) {
    shape.levels.push_back({.first_block = 0, .blocks = div_ceil(below, shape.entries_per_block), .entries = below});
  }
  for (auto level = shape.levels.rbegin(); level != shape.levels.rend(); ++level) {
    level->first_block = shape.blocks;
    shape.blocks += level->blocks;
  }
  return shape;
}

}  // namespace fstool::verity
