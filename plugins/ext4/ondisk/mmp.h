/// \file
/// The block of multiple mount protection (Linux Documentation/filesystems/ext4, "Multiple Mount Protection").
#pragma once

#include <array>
#include <cstdint>

#include "ondisk/superblock.h"

namespace fstool::ext4 {

/// struct mmp_struct, at the start of its block. Little-endian.
struct MmpBlock {
  little_uint32_t magic;
  little_uint32_t sequence;
  little_uint64_t time;
  std::array<char, 64> node_name;
  std::array<char, 32> device_name;
  little_uint16_t check_interval;
  little_uint16_t padding1;
  std::array<little_uint32_t, 226> padding2;
  little_uint32_t checksum;  // crc32c of the file system's seed and all bytes before it
};
static_assert(sizeof(MmpBlock) == 1024);

inline constexpr std::uint32_t kMmpMagic = 0x004D4D50;

}  // namespace fstool::ext4
