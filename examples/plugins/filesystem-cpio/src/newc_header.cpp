#include "newc_header.h"

#include <charconv>
#include <cstring>

#include "fstool/error.h"
#include "fstool/size.h"

namespace cpio {

using fstool::Error;
using fstool::ErrorCode;

namespace {

constexpr std::string_view kMagic = "070701";
constexpr std::string_view kMagicWithChecksums = "070702";

StoredHeader::Number digits(std::uint32_t value) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  StoredHeader::Number number{};
  for (auto digit = number.rbegin(); digit != number.rend(); ++digit, value /= 16) *digit = kDigits[value % 16];
  return number;
}

std::uint32_t value_of(const StoredHeader::Number& number) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(number.begin(), number.end(), value, 16);
  if (error != std::errc() || end != number.end()) throw Error(ErrorCode::Corrupt, "a number of the header is none");
  return value;
}

bool is_magic(const std::array<char, 6>& magic) {
  const std::string_view text(magic.data(), magic.size());
  return text == kMagic || text == kMagicWithChecksums;
}

}  // namespace

std::string member_start(Header header, std::string_view name) {
  StoredHeader stored{};
  std::memcpy(stored.magic.data(), kMagic.data(), kMagic.size());
  stored.inode = digits(header.inode);
  stored.mode = digits(header.mode);
  stored.uid = digits(header.uid);
  stored.gid = digits(header.gid);
  stored.links = digits(header.links);
  stored.mtime = digits(header.mtime);
  stored.content_size = digits(header.content_size);
  stored.device_major = digits(header.device_major);
  stored.device_minor = digits(header.device_minor);
  stored.special_major = digits(header.special_major);
  stored.special_minor = digits(header.special_minor);
  stored.name_size = digits(static_cast<std::uint32_t>(name.size() + 1));
  stored.checksum = digits(0);
  std::string bytes(sizeof(stored), '\0');
  std::memcpy(bytes.data(), &stored, sizeof(stored));
  bytes += name;
  bytes.resize(fstool::round_up(bytes.size() + 1, kAlignment), '\0');
  return bytes;
}

Header parse_header(const StoredHeader& stored) {
  if (!is_magic(stored.magic)) throw Error(ErrorCode::Corrupt, "no header of a member begins here");
  return {
      .inode = value_of(stored.inode),
      .mode = value_of(stored.mode),
      .uid = value_of(stored.uid),
      .gid = value_of(stored.gid),
      .links = value_of(stored.links),
      .mtime = value_of(stored.mtime),
      .content_size = value_of(stored.content_size),
      .device_major = value_of(stored.device_major),
      .device_minor = value_of(stored.device_minor),
      .special_major = value_of(stored.special_major),
      .special_minor = value_of(stored.special_minor),
      .name_size = value_of(stored.name_size),
  };
}

bool has_magic(const fstool::Blob& image, std::uint64_t offset) {
  std::array<char, 6> magic{};
  if (offset > image.size() || image.size() - offset < sizeof(StoredHeader)) return false;
  image.read(offset, std::as_writable_bytes(std::span(magic)));
  return is_magic(magic);
}

}  // namespace cpio
