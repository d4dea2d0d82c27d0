#include "signature/signature.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace fstool::tar {

namespace {

using namespace std::string_view_literals;

constexpr std::size_t kTarBlockBytes = 512;

/// POSIX.1-1988, "ustar Interchange Format": where the checksum of a header lies.
constexpr std::size_t kChecksumOffset = 148;
constexpr std::size_t kChecksumBytes = 8;

/// ECMA-119, 7.4.1: the first volume descriptor lies in sector 16, of 2048 bytes: its type, "CD001", its version.
constexpr std::uint64_t kVolumeDescriptorOffset = 32768;
constexpr std::array kPrimaryVolume = {"\1CD001\1"sv};

constexpr std::array kZip = {"PK\x03\x04"sv, "PK\x05\x06"sv, "PK00PK\x03\x04"sv};
constexpr std::array kSevenZip = {"7z\xbc\xaf\x27\x1c"sv};
constexpr std::array kStreams = {
    "\x1f\x8b\x08"sv,      // gzip
    "\x1f\x9d"sv,          // compress
    "BZh"sv,               // bzip2
    "\xfd\x37zXZ\0"sv,     // xz
    "LZIP"sv,              // lzip
    "\x5d\0\0"sv,          // LZMA with its usual properties; there is no magic number
    "\x28\xb5\x2f\xfd"sv,  // zstd
    "\x04\x22\x4d\x18"sv,  // LZ4
    "\x02\x21\x4c\x18"sv,  // LZ4's legacy frames
};

/// Frames to be skipped, which zstd and LZ4 may begin with: 0x184D2A50 … 0x184D2A5F, little-endian.
bool is_skippable_frame(std::string_view bytes) {
  return bytes.size() >= 4 && (static_cast<unsigned char>(bytes[0]) & 0xf0U) == 0x50 &&
         bytes.substr(1, 3) == "\x2a\x4d\x18"sv;
}

bool begins_with_any(std::string_view bytes, std::span<const std::string_view> magics) {
  return std::ranges::any_of(magics, [&](std::string_view magic) { return bytes.starts_with(magic); });
}

/// An octal number between blanks and NULs.
std::optional<std::uint32_t> parse_octal(std::string_view field) {
  const std::size_t begin = std::min(field.find_first_not_of(' '), field.size());
  field.remove_prefix(begin);
  const std::size_t digits = std::min(field.find_first_not_of("01234567"), field.size());
  if (digits == 0) return std::nullopt;
  std::uint32_t value = 0;
  for (const char digit : field.substr(0, digits)) value = value * 8 + static_cast<std::uint32_t>(digit - '0');
  return value;
}

/// True for a header whose checksum is right. Old tars added up signed bytes.
bool is_tar_header(std::string_view block) {
  if (block.size() < kTarBlockBytes || block[0] == '\0') return false;
  const std::optional<std::uint32_t> wanted = parse_octal(block.substr(kChecksumOffset, kChecksumBytes));
  std::uint32_t unsigned_sum = kChecksumBytes * ' ';
  std::uint32_t signed_sum = unsigned_sum;
  for (std::size_t i = 0; i < kTarBlockBytes; ++i) {
    if (i >= kChecksumOffset && i < kChecksumOffset + kChecksumBytes) continue;
    unsigned_sum += static_cast<unsigned char>(block[i]);
    signed_sum += static_cast<std::uint32_t>(static_cast<signed char>(block[i]));
  }
  return wanted == unsigned_sum || wanted == signed_sum;
}

/// cpio(5): a magic number and a header of digits.
bool is_cpio_header(std::string_view bytes) {
  constexpr std::size_t kOdcBytes = 76;
  constexpr std::size_t kNewcBytes = 110;
  const auto is_header = [&](std::size_t size, std::string_view digits) {
    return bytes.size() >= size && bytes.substr(0, size).find_first_not_of(digits) == std::string_view::npos;
  };
  if (bytes.starts_with("070707")) return is_header(kOdcBytes, "01234567");
  return (bytes.starts_with("070701") || bytes.starts_with("070702")) &&
         is_header(kNewcBytes, "0123456789abcdefABCDEF");
}

/// The first bytes from `offset` on, as many as there are and fit.
std::string_view read_some(const Blob& file, std::uint64_t offset, std::span<char> buffer) {
  if (file.size() <= offset) return {};
  const auto bytes = buffer.first(std::min<std::uint64_t>(buffer.size(), file.size() - offset));
  file.read(offset, std::as_writable_bytes(bytes));
  return {bytes.data(), bytes.size()};
}

}  // namespace

Signature signature_of(const Blob& file) {
  std::array<char, kTarBlockBytes> buffer{};
  const std::string_view beginning = read_some(file, 0, buffer);
  if (is_tar_header(beginning)) return Signature::Tar;
  if (is_cpio_header(beginning)) return Signature::Cpio;
  if (begins_with_any(beginning, kZip)) return Signature::Zip;
  if (begins_with_any(beginning, kSevenZip)) return Signature::SevenZip;
  if (begins_with_any(beginning, kStreams) || is_skippable_frame(beginning)) return Signature::Stream;
  std::array<char, kPrimaryVolume[0].size()> descriptor{};
  if (begins_with_any(read_some(file, kVolumeDescriptorOffset, descriptor), kPrimaryVolume)) return Signature::Iso;
  return Signature::None;
}

}  // namespace fstool::tar
