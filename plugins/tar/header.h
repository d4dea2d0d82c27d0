/// \file
/// The headers of members, in the format PAX (POSIX.1-2001, pax, "pax Interchange Format").
///
/// A member is a header of 512 bytes, then its content, padded to 512 bytes with zeros. What the header has no room for
/// stands in a member of type 'x' in front of it, whose content are records "LENGTH KEYWORD=VALUE\n". A sparse file is
/// one of GNU's format 1.0: its content begins with a map, decimal numbers a line each: how many pieces of data there
/// are, then offset and length of each; it is padded to 512 bytes, and the data follows, one piece after the other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "fstool/blob.h"
#include "fstool/tree.h"

namespace fstool::tar {

inline constexpr std::uint64_t kBlockBytes = 512;

constexpr std::uint64_t round_up_to_block(std::uint64_t bytes) {
  return (bytes + kBlockBytes - 1) / kBlockBytes * kBlockBytes;
}

/// POSIX.1-1988, "ustar Interchange Format". Numbers are octal digits, filled up with zeros, and end with NUL; texts
/// end with NUL where they are shorter than their field.
struct UstarHeader {
  std::array<char, 100> name;
  std::array<char, 8> mode;
  std::array<char, 8> uid;
  std::array<char, 8> gid;
  std::array<char, 12> size;     // bytes of content that follow
  std::array<char, 12> mtime;    // seconds
  std::array<char, 8> checksum;  // the sum of all bytes, with blanks here: six digits, NUL and a blank
  char type;
  std::array<char, 100> link_name;
  std::array<char, 6> magic;    // "ustar" and NUL
  std::array<char, 2> version;  // "00"
  std::array<char, 32> user_name;
  std::array<char, 32> group_name;
  std::array<char, 8> device_major;
  std::array<char, 8> device_minor;
  std::array<char, 155> prefix;
  std::array<char, 12> padding;
};
static_assert(sizeof(UstarHeader) == kBlockBytes);

/// What stands in front of a member's content. Everything refers to what outlives it.
struct MemberDescription {
  const Node& node;
  std::string path;      ///< "etc/passwd", "etc/" for a directory, "./" for the root
  std::string link;      ///< of a hard link: the path of the member that has the content; else empty
  std::uint64_t stored;  ///< bytes of content that the archive has, without a map
  /// Of a sparse file: its data, else empty.
  std::span<const DataExtent> extents;
};

/// All blocks in front of the content, the map of a sparse file included. The same description gives the same bytes.
/// Throws Error(Unsupported) for a device number that no tar can hold.
std::string member_header(const MemberDescription& member);

}  // namespace fstool::tar
