/// \file
/// The header, at the start of the image (section "Header").
#pragma once

#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>

namespace fstool::qcow2 {

inline constexpr std::uint32_t kMagic = 0x514649fb;  ///< "QFI\xfb"
inline constexpr std::uint32_t kVersion2 = 2;
inline constexpr std::uint32_t kVersion3 = 3;

/// Bytes of the header of version 2, and the fewest of version 3.
inline constexpr std::size_t kVersion2HeaderBytes = 72;
inline constexpr std::size_t kMinVersion3HeaderBytes = 104;

/// Bytes of the longest name of a backing file.
inline constexpr std::uint32_t kMaxBackingNameBytes = 1023;

enum class Encryption : std::uint32_t {
  None = 0,
  Aes = 1,
  Luks = 2,
};

/// Compression of all compressed clusters of an image.
enum class CompressionType : std::uint8_t {
  Zlib = 0,  ///< raw deflate
  Zstd = 1,
};

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
static_assert(offsetof(Header, incompatible_features) == kVersion2HeaderBytes);
static_assert(offsetof(Header, compression_type) == kMinVersion3HeaderBytes);

}  // namespace fstool::qcow2
