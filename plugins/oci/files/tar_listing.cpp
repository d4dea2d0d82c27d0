#include "files/tar_listing.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "fstool/size.h"

namespace fstool::oci {

namespace {

constexpr std::uint64_t kBlockBytes = sizeof(TarHeader);
constexpr std::uint64_t kMaxExtendedHeader = 64 * 1024;

template <std::size_t Size>
std::string_view text_of(const std::array<char, Size>& field) {
  return {field.data(), static_cast<std::size_t>(std::ranges::find(field, '\0') - field.begin())};
}

template <std::size_t Size>
std::optional<std::uint64_t> octal_of(const std::array<char, Size>& field) {
  std::string_view text = text_of(field);
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 8);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

std::optional<std::uint64_t> size_of(const TarHeader& header) {
  const auto first = static_cast<unsigned char>(header.size[0]);
  if (first < 0x80) return octal_of(header.size);
  if (first != 0x80) return std::nullopt;  // negative, or more than any file has
  std::uint64_t value = 0;
  for (const char byte : std::span(header.size).subspan(1)) {
    if (value > std::numeric_limits<std::uint64_t>::max() >> 8U) return std::nullopt;
    value = (value << 8U) | static_cast<unsigned char>(byte);
  }
  return value;
}

bool has_right_checksum(const TarHeader& header) {
  const auto bytes = std::as_bytes(std::span(&header, 1));
  constexpr std::size_t kBegin = offsetof(TarHeader, checksum);
  constexpr std::size_t kEnd = kBegin + sizeof(header.checksum);
  std::uint64_t sum = sizeof(header.checksum) * ' ';
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i < kBegin || i >= kEnd) sum += std::to_integer<unsigned>(bytes[i]);
  }
  return octal_of(header.checksum) == sum;
}

std::string name_of(const TarHeader& header) {
  const bool is_ustar = text_of(header.magic) == "ustar";  // GNU's has a blank at its end
  std::string name(is_ustar ? text_of(header.prefix) : std::string_view());
  if (!name.empty()) name += '/';
  name += text_of(header.name);
  return name.starts_with("./") ? name.substr(2) : name;
}

/// Links, devices and directories have none, whatever their size says.
bool has_content(char type) { return type < '1' || type > '6'; }

}  // namespace

std::optional<TarMember> TarListing::next() {
  std::optional<std::uint64_t> extended;
  while (position_ <= tar_.size() && tar_.size() - position_ >= kBlockBytes) {
    TarHeader header{};
    tar_.read(position_, std::as_writable_bytes(std::span(&header, 1)));
    const std::optional<std::uint64_t> own_size = size_of(header);
    if (!has_right_checksum(header) || !own_size) return std::nullopt;
    const bool describes_next = header.type == 'x' || header.type == 'g' || header.type == 'L' || header.type == 'K';
    TarMember member{name_of(header), position_ + kBlockBytes, *own_size};
    if (!describes_next && extended) member.size = *extended;
    if (!has_content(header.type)) member.size = 0;
    if (member.size > tar_.size() - member.offset) return std::nullopt;
    position_ = std::min(member.offset + round_up(member.size, kBlockBytes), tar_.size());
    if (!describes_next) return member;
    if (header.type == 'x') extended = extended_size(member.offset, member.size);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> TarListing::extended_size(std::uint64_t offset, std::uint64_t length) const {
  std::vector<char> bytes(std::min(length, kMaxExtendedHeader));
  tar_.read(offset, std::as_writable_bytes(std::span(bytes)));
  // Records are "LENGTH KEY=VALUE\n".
  const std::string_view text(bytes.data(), bytes.size());
  constexpr std::string_view kKey = " size=";
  for (std::size_t at = 0; at < text.size();) {
    std::size_t record = 0;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), record);
    if (error != std::errc() || record == 0 || record > text.size() - at) return std::nullopt;
    const auto rest = text.substr(at, record).substr(static_cast<std::size_t>(end - (text.data() + at)));
    at += record;
    if (!rest.starts_with(kKey)) continue;
    std::uint64_t size = 0;
    const auto value = rest.substr(kKey.size());
    const auto parsed = std::from_chars(value.data(), value.data() + value.size(), size);
    if (parsed.ec == std::errc()) return size;
  }
  return std::nullopt;
}

}  // namespace fstool::oci
