/// \file
/// The seeds of metadata_csum (Linux Documentation/filesystems/ext4, "Checksums").
#pragma once

#include <boost/endian/arithmetic.hpp>
#include <cstdint>
#include <span>

#include "fstool/checksum.h"
#include "fstool/uuid.h"

namespace fstool::ext4 {

/// The bytes of a little-endian number or an on-disk structure.
template <class T>
std::span<const std::byte> bytes_of(const T& object) {
  return std::as_bytes(std::span<const T, 1>(&object, 1));
}

/// crc32c over an inode number or block number, as most ext4 checksums mix it in.
template <class Little>
std::uint32_t crc32c_of(std::uint32_t crc, Little value) {
  return crc32c(crc, bytes_of(value));
}

/// The checksum seed of the file system: crc32c of its UUID.
inline std::uint32_t filesystem_checksum_seed(const Uuid& uuid) { return crc32c(~0U, uuid.bytes); }

/// The seed for what belongs to one inode.
inline std::uint32_t inode_checksum_seed(std::uint32_t filesystem_seed, std::uint32_t inode, std::uint32_t generation) {
  const std::uint32_t crc = crc32c_of(filesystem_seed, boost::endian::little_uint32_t(inode));
  return crc32c_of(crc, boost::endian::little_uint32_t(generation));
}

}  // namespace fstool::ext4
