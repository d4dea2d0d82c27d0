/// \file
/// A sparse image of Android (AOSP, system/core/libsparse/sparse_format.h): a header, then chunks one behind the other,
/// each of which says what the next blocks of the disk are.
#pragma once

#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>

namespace fstool::simg {

inline constexpr std::uint32_t kMagic = 0xed26ff3a;
inline constexpr std::uint16_t kMajorVersion = 1;  ///< others can't be read
inline constexpr std::uint16_t kMinorVersion = 0;  ///< higher ones can

struct ImageHeader {
  boost::endian::little_uint32_t magic;
  boost::endian::little_uint16_t major_version;
  boost::endian::little_uint16_t minor_version;
  boost::endian::little_uint16_t header_bytes;        // of this header: 28, or more that can be skipped
  boost::endian::little_uint16_t chunk_header_bytes;  // of those of chunks: 12, or more that can be skipped
  boost::endian::little_uint32_t block_size;          // bytes, a multiple of 4
  boost::endian::little_uint32_t blocks;              // of the disk
  boost::endian::little_uint32_t chunks;
  boost::endian::little_uint32_t checksum;  // CRC-32 of the disk, what isn't cared for being zeros; 0: none
};
static_assert(sizeof(ImageHeader) == 28);

enum class ChunkType : std::uint16_t {
  Raw = 0xcac1,       ///< the bytes of the blocks follow
  Fill = 0xcac2,      ///< 4 bytes follow, which are repeated
  DontCare = 0xcac3,  ///< nothing follows
  Crc32 = 0xcac4,     ///< no blocks: the CRC-32 of the disk up to here follows
};

struct ChunkHeader {
  boost::endian::little_uint16_t type;  // ChunkType
  boost::endian::little_uint16_t reserved;
  boost::endian::little_uint32_t blocks;
  boost::endian::little_uint32_t bytes;  // of this header and what follows
};
static_assert(sizeof(ChunkHeader) == 12);

/// What follows the header of a fill chunk, a pattern, or of a CRC-32 chunk.
using ChunkValue = boost::endian::little_uint32_t;
static_assert(sizeof(ChunkValue) == 4);

}  // namespace fstool::simg
