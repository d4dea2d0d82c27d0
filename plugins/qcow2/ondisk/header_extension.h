/// \file
/// Header extensions: optional data behind the header, in its cluster (sections "Header extensions" to "Full disk
/// encryption header pointer").
#pragma once

#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstdint>

namespace fstool::qcow2 {

/// HeaderExtension.type. Unknown ones are passed over.
inline constexpr std::uint32_t kEndOfExtensions = 0;
inline constexpr std::uint32_t kBackingFormatExtension = 0xe2792aca;
inline constexpr std::uint32_t kFeatureNameTable = 0x6803f857;
inline constexpr std::uint32_t kBitmapsExtension = 0x23852875;
inline constexpr std::uint32_t kEncryptionExtension = 0x0537be77;
inline constexpr std::uint32_t kDataFileExtension = 0x44415441;

struct HeaderExtension {
  boost::endian::big_uint32_t type;
  boost::endian::big_uint32_t length;  // bytes of data that follow, without the padding to a multiple of 8
};
static_assert(sizeof(HeaderExtension) == 8);

inline constexpr std::uint64_t kExtensionAlignment = 8;

/// One entry of the feature name table.
struct FeatureName {
  std::uint8_t type;  // the bitmap: 0 incompatible, 1 compatible, 2 autoclear
  std::uint8_t bit;
  std::array<char, 46> name;  // padded with zeros
};
static_assert(sizeof(FeatureName) == 48);

/// Where the bitmap directory is (section "Bitmaps extension").
struct BitmapsExtension {
  boost::endian::big_uint32_t nb_bitmaps;
  boost::endian::big_uint32_t reserved;
  boost::endian::big_uint64_t directory_size;  // bytes
  boost::endian::big_uint64_t directory_offset;
};
static_assert(sizeof(BitmapsExtension) == 24);

/// Where the header of LUKS is (section "Full disk encryption header pointer").
struct EncryptionPointer {
  boost::endian::big_uint64_t offset;
  boost::endian::big_uint64_t length;  // bytes
};
static_assert(sizeof(EncryptionPointer) == 16);

}  // namespace fstool::qcow2
