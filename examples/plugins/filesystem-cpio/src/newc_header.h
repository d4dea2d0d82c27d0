/// \file
/// Headers of the cpio format newc (Documentation/driver-api/early-userspace/buffer-format.rst of Linux).
///
/// An archive is a series of members, each of a header, the name with a NUL, and the content; the name ends, and the
/// content begins and ends, at a multiple of 4 bytes. The last member is called "TRAILER!!!".
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fstool/blob.h"

namespace cpio {

/// A header as it is stored. Numbers are 8 hexadecimal digits.
struct StoredHeader {
  using Number = std::array<char, 8>;
  std::array<char, 6> magic;
  Number inode;
  Number mode;  // as stat(2) gives it
  Number uid;
  Number gid;
  Number links;
  Number mtime;         // seconds since 1970
  Number content_size;  // bytes
  Number device_major;  // of the file system that the inode was in
  Number device_minor;
  Number special_major;  // of a device
  Number special_minor;
  Number name_size;  // bytes, with the NUL
  Number checksum;   // of magic 070702
};
static_assert(sizeof(StoredHeader) == 110);

/// What it says. Fields as above.
struct Header {
  std::uint32_t inode = 0;
  std::uint32_t mode = 0;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::uint32_t links = 1;
  std::uint32_t mtime = 0;
  std::uint32_t content_size = 0;
  std::uint32_t device_major = 0;
  std::uint32_t device_minor = 0;
  std::uint32_t special_major = 0;
  std::uint32_t special_minor = 0;
  std::uint32_t name_size = 0;
};

inline constexpr std::uint64_t kAlignment = 4;
inline constexpr std::string_view kTrailer = "TRAILER!!!";

/// The header and `name`, padded. Sets name_size.
std::string member_start(Header header, std::string_view name);

/// Throws Error(Corrupt) for what is no header.
Header parse_header(const StoredHeader& stored);

/// True if a header, with checksums or without, may begin at `offset`. Throws what reading throws.
bool has_magic(const fstool::Blob& image, std::uint64_t offset);

}  // namespace cpio
