/// \file
/// The superblock of a hash tree (cryptsetup, "Verity on-disk format", version 1). The kernel never sees it: it tells
/// veritysetup(8) and systemd what to tell the kernel.
#pragma once

#include <array>
#include <bit>
#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fstool::verity {

inline constexpr std::size_t kMaxSaltBytes = 256;

struct Superblock {
  std::array<char, 8> signature;                   // kSignature
  boost::endian::little_uint32_t version;          // kVersion
  boost::endian::little_uint32_t hash_type;        // HashType
  std::array<std::byte, 16> uuid;                  // RFC 4122
  std::array<char, 32> algorithm;                  // "sha256", NUL-padded
  boost::endian::little_uint32_t data_block_size;  // bytes
  boost::endian::little_uint32_t hash_block_size;  // bytes
  boost::endian::little_uint64_t data_blocks;
  boost::endian::little_uint16_t salt_size;  // bytes
  std::array<std::byte, 6> reserved1;
  std::array<std::byte, kMaxSaltBytes> salt;
  std::array<std::byte, 168> reserved2;
};
static_assert(sizeof(Superblock) == 512);

inline constexpr std::string_view kSignature{"verity\0\0", 8};
inline constexpr std::uint32_t kVersion = 1;

/// The format of the tree (Linux, Documentation/admin-guide/device-mapper/verity.rst, "version").
enum class HashType : std::uint32_t {
  ChromeOs = 0,  ///< hashes of a block and the salt behind it, one behind the other in their block
  Normal = 1,    ///< hashes of the salt and a block behind it, each padded to a power of two
};

/// Of data and of hashes, as veritysetup(8) takes it.
constexpr bool is_block_size(std::uint64_t bytes) {
  return std::has_single_bit(bytes) && bytes >= 512 && bytes <= 512 * 1024;
}

}  // namespace fstool::verity
