/// \file
/// The header: the first cluster of the image (sections "Header" to "Feature name table").
#pragma once

#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstdint>

namespace fstool::qcow2 {

inline constexpr std::uint32_t kMagic = 0x514649fb;  ///< "QFI\xfb"
inline constexpr std::uint32_t kVersion2 = 2;
inline constexpr std::uint32_t kVersion3 = 3;

/// Compression of all compressed clusters of an image.
enum class CompressionType : std::uint8_t {
  Zlib = 0,  ///< raw deflate
  Zstd = 1,
};

/// Header.incompatible_features: the compression type is not Zlib.
inline constexpr std::uint64_t kIncompatibleCompressionType = 1ULL << 3U;

/// Version 3, with the additional field compression_type.
struct Header {
  boost::endian::big_uint32_t magic;
  boost::endian::big_uint32_t version;
  boost::endian::big_uint64_t backing_file_offset;  // 0: no backing file
  boost::endian::big_uint32_t backing_file_size;
  boost::endian::big_uint32_t cluster_bits;
  boost::endian::big_uint64_t size;          // bytes of the virtual disk
  boost::endian::big_uint32_t crypt_method;  // 0: not encrypted
  boost::endian::big_uint32_t l1_size;       // entries
  boost::endian::big_uint64_t l1_table_offset;
  boost::endian::big_uint64_t refcount_table_offset;
  boost::endian::big_uint32_t refcount_table_clusters;
  boost::endian::big_uint32_t nb_snapshots;
  boost::endian::big_uint64_t snapshots_offset;
  boost::endian::big_uint64_t incompatible_features;
  boost::endian::big_uint64_t compatible_features;
  boost::endian::big_uint64_t autoclear_features;
  boost::endian::big_uint32_t refcount_order;  // base-2 logarithm of the bits of a refcount
  boost::endian::big_uint32_t header_length;
  std::uint8_t compression_type;
  std::uint8_t padding[7];
};
static_assert(sizeof(Header) == 112);

struct HeaderExtension {
  boost::endian::big_uint32_t type;
  boost::endian::big_uint32_t length;  // bytes of data that follow, without the padding to a multiple of 8
};
static_assert(sizeof(HeaderExtension) == 8);

/// One entry of the feature name table.
struct FeatureName {
  std::uint8_t type;  // the bitmap: 0 incompatible, 1 compatible, 2 autoclear
  std::uint8_t bit;
  std::array<char, 46> name;  // padded with zeros
};
static_assert(sizeof(FeatureName) == 48);

/// The header and its extensions. They fill the smallest cluster there is.
struct HeaderArea {
  Header header;
  HeaderExtension feature_name_table;
  std::array<FeatureName, 8> feature_names;
  HeaderExtension end;
};
static_assert(sizeof(HeaderArea) == 512);

/// What differs from image to image. Offsets in bytes, from the start of the file.
struct ImageTables {
  std::uint64_t l1_table_offset = 0;
  std::uint32_t l1_size = 0;  ///< entries
  std::uint64_t refcount_table_offset = 0;
  std::uint32_t refcount_table_clusters = 0;
};

/// The header and its extensions, to be written at offset 0. `disk_size` in bytes, a multiple of kSectorSize.
HeaderArea make_header(unsigned cluster_bits, std::uint64_t disk_size, CompressionType compression,
                       const ImageTables& tables);

}  // namespace fstool::qcow2
