/// \file
/// The header, at the start of the image, and the block map that it leads to.
///
/// VirtualBox, which the format belongs to, has no document of it: the names are those of its VDICore.h, the facts
/// those on which VirtualBox and QEMU agree. Every number on disk is little-endian.
#pragma once

#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>

#include "fstool/uuid.h"

namespace fstool::vdi {

inline constexpr std::uint32_t kSignature = 0xbeda107f;

/// Header::version, of VirtualBox 1.1 and later: major number in the upper half, minor in the lower.
inline constexpr std::uint32_t kVersion = 0x00010001;

inline constexpr std::uint64_t kSectorSize = 512;

/// Bytes of a block in every image that is in use; QEMU reads no others.
inline constexpr std::uint32_t kBlockSize = 1 << 20U;

/// Blocks of the largest disk, 512 TiB: so many that QEMU, which keeps the map in memory, opens it.
inline constexpr std::uint32_t kMaxBlocks = 0x1fffff80;

enum class ImageType : std::uint32_t {
  Dynamic = 1,
  Static = 2,
  Undo = 3,
  Differencing = 4,
};

/// A UUID as Microsoft stores it: the first three fields, of 4, 2 and 2 bytes, are little-endian.
struct StoredUuid {
  std::array<std::byte, 16> bytes;

  bool is_nil() const { return Uuid{bytes}.is_nil(); }
};

/// `uuid` in the order in which it is stored.
constexpr StoredUuid stored(const Uuid& uuid) {
  constexpr std::array<std::size_t, 16> kOrder = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
  StoredUuid result{};
  for (std::size_t i = 0; i < kOrder.size(); ++i) result.bytes[i] = uuid.bytes[kOrder[i]];
  return result;
}

/// A disk's geometry; all zero: none.
struct Geometry {
  boost::endian::little_uint32_t cylinders;
  boost::endian::little_uint32_t heads;
  boost::endian::little_uint32_t sectors;
  boost::endian::little_uint32_t sector_size;  // bytes
};
static_assert(sizeof(Geometry) == 16);

struct Header {
  std::array<char, 64> text;  // for people
  boost::endian::little_uint32_t signature;
  boost::endian::little_uint32_t version;
  boost::endian::little_uint32_t header_size;  // bytes from this field on
  boost::endian::little_uint32_t image_type;
  boost::endian::little_uint32_t image_flags;
  std::array<char, 256> comment;
  boost::endian::little_uint32_t blocks_offset;  // of the block map, in bytes
  boost::endian::little_uint32_t data_offset;    // of the blocks, in bytes
  Geometry legacy_geometry;
  boost::endian::little_uint32_t unused;
  boost::endian::little_uint64_t disk_size;         // bytes
  boost::endian::little_uint32_t block_size;        // bytes
  boost::endian::little_uint32_t block_extra_size;  // bytes before each block
  boost::endian::little_uint32_t blocks;            // of the disk, and entries of the block map
  boost::endian::little_uint32_t blocks_allocated;  // those that have data
  StoredUuid image_uuid;
  StoredUuid last_modification_uuid;
  StoredUuid linkage_uuid;              // of the parent of a differencing image
  StoredUuid parent_modification_uuid;  // its last_modification_uuid
  Geometry logical_geometry;
  std::array<std::uint8_t, 40> padding;
};
static_assert(offsetof(Header, signature) == 0x40);
static_assert(offsetof(Header, blocks_offset) == 0x154);
static_assert(offsetof(Header, disk_size) == 0x170);
static_assert(offsetof(Header, image_uuid) == 0x188);
static_assert(sizeof(Header) == 512);

/// Header::header_size, of a header with logical_geometry.
inline constexpr std::uint32_t kHeaderSize = offsetof(Header, padding) - offsetof(Header, header_size);
static_assert(kHeaderSize == 400);

/// An entry of the block map: the number of the block among those behind data_offset, or one of the values below.
using MapEntry = boost::endian::little_uint32_t;
inline constexpr std::uint32_t kFreeEntry = 0xffffffff;       ///< never written: zeros
inline constexpr std::uint32_t kDiscardedEntry = 0xfffffffe;  ///< no longer in use: zeros

constexpr bool is_allocated(std::uint32_t entry) { return entry < kDiscardedEntry; }

}  // namespace fstool::vdi
