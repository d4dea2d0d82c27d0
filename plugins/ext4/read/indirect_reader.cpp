#include "read/indirect_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "fstool/error.h"

namespace fstool::ext4 {

namespace {

constexpr std::size_t kPointers = kInodeBlockBytes / sizeof(little_uint32_t);

}  // namespace

IndirectReader::IndirectReader(const VolumeState& volume, const MapRoot& root, std::uint64_t limit_blocks,
                               BlockClaims& claims)
    : volume_(volume),
      root_(root),
      limit_blocks_(std::min(limit_blocks, kMaxFileBlocks)),
      claims_(claims),
      pointers_per_block_(volume.layout.block_size / sizeof(little_uint32_t)) {}

FileMap IndirectReader::read() {
  std::array<little_uint32_t, kPointers> pointers;
  static_assert(sizeof(pointers) == kInodeBlockBytes);
  std::memcpy(pointers.data(), root_.block.data(), sizeof(pointers));
  for (std::size_t i = 0; i < kPointers && next_ < limit_blocks_; ++i) {
    const auto levels = static_cast<unsigned>(i < kDirectPointers ? 0 : i - kDirectPointers + 1);
    read_pointer(pointers[i], levels);
  }
  return std::move(map_);
}

void IndirectReader::read_pointer(std::uint32_t block, unsigned levels) {
  std::uint64_t span = 1;
  for (unsigned level = 0; level < levels; ++level) span *= pointers_per_block_;
  if (block == 0) {
    next_ += span;
    return;
  }
  if (block <= volume_.layout.first_data_block || !volume_.blocks.contains(block, 1)) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("its block pointers are damaged: block {} lies outside of the file system", block));
  }
  if (levels == 0) {
    if (++mapped_ > volume_.layout.blocks) {
      throw Error(ErrorCode::Corrupt, "its block pointers are damaged: it has more blocks than the file system");
    }
    append_extent(map_, {static_cast<std::uint32_t>(next_), 1, block});
    ++next_;
    return;
  }
  if (!claims_.claim(block, 1)) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("its block pointers are damaged: their block {} is in use already", block));
  }
  const std::vector<std::byte> bytes = volume_.blocks.read(block);
  for (std::size_t i = 0; i < pointers_per_block_ && next_ < limit_blocks_; ++i) {
    little_uint32_t pointer;
    std::memcpy(&pointer, bytes.data() + i * sizeof(pointer), sizeof(pointer));
    read_pointer(pointer, levels - 1);
  }
}

}  // namespace fstool::ext4
