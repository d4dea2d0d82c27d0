#include "check/indirect_walk.h"

#include <fmt/format.h>

#include <array>
#include <cstring>
#include <limits>

namespace fstool::ext4 {

namespace {

constexpr std::size_t kPointers = kInodeBlockBytes / sizeof(little_uint32_t);

}  // namespace

IndirectWalk::IndirectWalk(const VolumeState& volume, const MapRoot& root, MapVisitor& visitor)
    : volume_(volume),
      root_(root),
      visitor_(visitor),
      pointers_per_block_(volume.layout.block_size / sizeof(little_uint32_t)) {}

void IndirectWalk::run() {
  std::array<little_uint32_t, kPointers> pointers;
  static_assert(sizeof(pointers) == kInodeBlockBytes);
  std::memcpy(pointers.data(), root_.block.data(), sizeof(pointers));
  for (std::size_t i = 0; i < kPointers; ++i) {
    walk_pointer(pointers[i], static_cast<unsigned>(i < kDirectPointers ? 0 : i - kDirectPointers + 1));
  }
  flush();
}

void IndirectWalk::walk_pointer(std::uint32_t block, unsigned levels) {
  std::uint64_t span = 1;
  for (unsigned level = 0; level < levels; ++level) span *= pointers_per_block_;
  const std::uint64_t end = next_ + span;
  if (block != 0) {
    if (block <= volume_.layout.first_data_block || !volume_.blocks.contains(block, 1)) {
      visitor_.damage(fmt::format("its block {} is block {}, outside of the file system", next_, block));
    } else if (levels == 0) {
      add_data(block);
    } else if (visitor_.map_block(block)) {
      const std::vector<std::byte> bytes = volume_.blocks.read(block);
      for (std::size_t i = 0; i < pointers_per_block_; ++i) {
        little_uint32_t pointer;
        std::memcpy(&pointer, bytes.data() + i * sizeof(pointer), sizeof(pointer));
        walk_pointer(pointer, levels - 1);
      }
    }
  }
  next_ = end;
}

void IndirectWalk::add_data(std::uint32_t block) {
  if (pending_ && pending_->logical + pending_->length == next_ && pending_->physical + pending_->length == block &&
      pending_->length < std::numeric_limits<std::uint32_t>::max()) {
    ++pending_->length;
    return;
  }
  flush();
  pending_ = CheckedExtent{next_, block, 1, true};
}

void IndirectWalk::flush() {
  if (pending_) visitor_.extent(*pending_);
  pending_.reset();
}

}  // namespace fstool::ext4
