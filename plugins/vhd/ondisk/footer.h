/// \file
/// The hard disk footer, the last sector of every image; dynamic ones begin with a copy of it.
///
/// Section names in this folder are those of Microsoft's Virtual Hard Disk Image Format Specification, version 1.0.
/// Every number on disk is big-endian.
#pragma once

#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "ondisk/geometry.h"

namespace fstool::vhd {

inline constexpr std::string_view kFooterCookie = "conectix";

/// Bit of Footer::features that is always set.
inline constexpr std::uint32_t kReservedFeature = 2;

/// Footer::file_format_version and DynamicHeader::header_version: major and minor number.
inline constexpr std::uint32_t kVersion1 = 0x00010000;

/// "None" in the fields that hold the offset of a structure.
inline constexpr std::uint64_t kNoOffset = ~std::uint64_t{0};

/// Footer::time_stamp counts seconds from the begin of 2000 in UTC: this, in seconds since 1970.
inline constexpr std::int64_t kTimeStampBase = 946'684'800;

enum class DiskType : std::uint32_t {
  Fixed = 2,
  Dynamic = 3,
  Differencing = 4,
};

/// Section "Hard Disk Footer Format".
struct Footer {
  std::array<char, 8> cookie;
  boost::endian::big_uint32_t features;
  boost::endian::big_uint32_t file_format_version;
  boost::endian::big_uint64_t data_offset;  // of the dynamic disk header; kNoOffset for fixed disks
  boost::endian::big_uint32_t time_stamp;
  std::array<char, 4> creator_application;
  boost::endian::big_uint32_t creator_version;  // major and minor number
  std::array<char, 4> creator_host_os;
  boost::endian::big_uint64_t original_size;  // bytes of the disk when it was made
  boost::endian::big_uint64_t current_size;   // bytes of the disk
  DiskGeometry geometry;
  boost::endian::big_uint32_t disk_type;
  boost::endian::big_uint32_t checksum;  // of the footer (checksum.h)
  std::array<std::byte, 16> unique_id;
  std::uint8_t saved_state;  // 1: a virtual machine was suspended
  std::array<std::uint8_t, 427> reserved;
};
static_assert(sizeof(Footer) == 512);
static_assert(offsetof(Footer, disk_type) == 60);

}  // namespace fstool::vhd
