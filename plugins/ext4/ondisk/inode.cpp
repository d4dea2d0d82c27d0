#include "ondisk/inode.h"

#include <algorithm>
#include <cstring>

#include "ondisk/checksum_seed.h"

namespace fstool::ext4 {

std::uint16_t inode_mode(NodeKind kind, std::uint16_t permissions) {
  std::uint16_t type = 0;
  switch (kind) {
    case NodeKind::Fifo:
      type = 0x1000;
      break;
    case NodeKind::CharDevice:
      type = 0x2000;
      break;
    case NodeKind::Directory:
      type = 0x4000;
      break;
    case NodeKind::BlockDevice:
      type = 0x6000;
      break;
    case NodeKind::File:
      type = 0x8000;
      break;
    case NodeKind::Symlink:
      type = 0xA000;
      break;
    case NodeKind::Socket:
      type = 0xC000;
      break;
  }
  return static_cast<std::uint16_t>(type | (permissions & 07777));
}

std::uint8_t directory_file_type(NodeKind kind) {
  switch (kind) {
    case NodeKind::File:
      return 1;
    case NodeKind::Directory:
      return 2;
    case NodeKind::CharDevice:
      return 3;
    case NodeKind::BlockDevice:
      return 4;
    case NodeKind::Fifo:
      return 5;
    case NodeKind::Socket:
      return 6;
    case NodeKind::Symlink:
      return 7;
  }
  return 0;
}

void set_times(Inode& inode, Timestamp time, std::uint32_t inode_size) {
  if (time.seconds < kMinSeconds) time = {kMinSeconds, 0};
  if (time.seconds > max_seconds(inode_size)) time = {max_seconds(inode_size), 999'999'999};
  // The extra field holds the nanoseconds and, in its low two bits, how often 2^32 seconds are to be added to the
  // signed 32-bit time.
  const auto low = static_cast<std::uint32_t>(time.seconds);
  const std::int64_t epoch = (time.seconds - static_cast<std::int32_t>(low)) >> 32;
  const std::uint32_t extra = (time.nanoseconds << 2) | static_cast<std::uint32_t>(epoch & 3);
  inode.atime = low;
  inode.ctime = low;
  inode.mtime = low;
  inode.birth_time = low;
  inode.atime_extra = extra;
  inode.ctime_extra = extra;
  inode.mtime_extra = extra;
  inode.birth_time_extra = extra;
}

void set_owner(Inode& inode, std::uint32_t uid, std::uint32_t gid) {
  inode.uid_lo = static_cast<std::uint16_t>(uid);
  inode.uid_hi = static_cast<std::uint16_t>(uid >> 16);
  inode.gid_lo = static_cast<std::uint16_t>(gid);
  inode.gid_hi = static_cast<std::uint16_t>(gid >> 16);
}

void set_size(Inode& inode, std::uint64_t bytes) {
  inode.size_lo = static_cast<std::uint32_t>(bytes);
  inode.size_hi = static_cast<std::uint32_t>(bytes >> 32);
}

void set_blocks(Inode& inode, std::uint64_t blocks, std::uint32_t block_size) {
  std::uint64_t count = blocks * (block_size / 512);
  if (count >= std::uint64_t{1} << 48) {
    count = blocks;
    inode.flags |= kInodeHugeFile;
  }
  inode.blocks_lo = static_cast<std::uint32_t>(count);
  inode.blocks_hi = static_cast<std::uint16_t>(count >> 32);
}

void set_device(Inode& inode, DeviceNumber device) {
  std::array<little_uint32_t, 2> words{};
  if (device.major < 256 && device.minor < 256) {
    words[0] = (device.major << 8) | device.minor;
  } else {
    words[1] = (device.minor & 0xFF) | (device.major << 8) | ((device.minor & ~0xFFU) << 12);
  }
  std::memcpy(inode.block.data(), words.data(), sizeof(words));
}

namespace {

/// Extra inodes whose i_extra_isize covers it hold the upper half of the checksum.
bool has_checksum_hi(std::span<const std::byte> raw) {
  if (raw.size() <= kOldInodeSize) return false;
  little_uint16_t extra_isize;
  std::memcpy(&extra_isize, raw.data() + offsetof(Inode, extra_isize), sizeof(extra_isize));
  return kOldInodeSize + extra_isize >= offsetof(Inode, checksum_hi) + sizeof(Inode::checksum_hi);
}

}  // namespace

std::uint32_t inode_checksum(std::span<const std::byte> raw, std::uint32_t inode_seed) {
  constexpr std::array<std::byte, sizeof(little_uint16_t)> kZero{};
  constexpr std::size_t kLo = offsetof(Inode, checksum_lo);
  constexpr std::size_t kHi = offsetof(Inode, checksum_hi);
  std::uint32_t crc = crc32c(inode_seed, raw.first(kLo));
  crc = crc32c(crc, kZero);
  if (!has_checksum_hi(raw)) return crc32c(crc, raw.subspan(kLo + kZero.size())) & 0xFFFF;
  crc = crc32c(crc, raw.subspan(kLo + kZero.size(), kHi - kLo - kZero.size()));
  crc = crc32c(crc, kZero);
  return crc32c(crc, raw.subspan(kHi + kZero.size()));
}

void seal_inode(std::span<std::byte> raw, std::uint32_t inode_seed) {
  const std::uint32_t checksum = inode_checksum(raw, inode_seed);
  const auto set16 = [&](std::size_t offset, std::uint32_t value) {
    const little_uint16_t word(static_cast<std::uint16_t>(value));
    std::memcpy(raw.data() + offset, &word, sizeof(word));
  };
  set16(offsetof(Inode, checksum_lo), checksum & 0xFFFF);
  if (has_checksum_hi(raw)) set16(offsetof(Inode, checksum_hi), checksum >> 16);
}

}  // namespace fstool::ext4
