/// \file
/// Goes through the headers of a tar, to find out cheaply whether it is an image.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "fstool/blob.h"

namespace fstool::oci {

/// The header of a member (POSIX.1-2017, pax, "ustar Interchange Format"). Numbers are octal text.
struct TarHeader {
  std::array<char, 100> name;
  std::array<char, 8> mode;
  std::array<char, 8> uid;
  std::array<char, 8> gid;
  std::array<char, 12> size;  // GNU: binary, if the first byte has its highest bit set
  std::array<char, 12> mtime;
  std::array<char, 8> checksum;  // sum of all bytes, with this field as blanks
  char type;
  std::array<char, 100> link;
  std::array<char, 6> magic;
  std::array<char, 2> version;
  std::array<char, 32> user;
  std::array<char, 32> group;
  std::array<char, 8> device_major;
  std::array<char, 8> device_minor;
  std::array<char, 155> prefix;  // of the name, in ustar
  std::array<char, 12> padding;
};
static_assert(sizeof(TarHeader) == 512);

/// A member with content, or none.
struct TarMember {
  std::string name;
  std::uint64_t offset = 0;  ///< of its content in the tar, bytes
  std::uint64_t size = 0;    ///< bytes
};

/// Lists the members of a tar that isn't compressed. Meant for a glance: long names and other attributes that headers
/// of their own have are left out, but for sizes. For one thread.
class TarListing {
 public:
  explicit TarListing(const Blob& tar) : tar_(tar) {}

  /// The next member; nothing at the end, and where no tar goes on.
  std::optional<TarMember> next();

 private:
  /// The size that the extended header of the format PAX has for the next member, if it has one.
  std::optional<std::uint64_t> extended_size(std::uint64_t offset, std::uint64_t length) const;

  const Blob& tar_;
  std::uint64_t position_ = 0;
};

}  // namespace fstool::oci
