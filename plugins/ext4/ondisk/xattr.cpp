#include "ondisk/xattr.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace fstool::ext4 {

namespace {

struct Prefix {
  std::uint8_t index;
  std::string_view text;
  bool is_whole_name() const { return !text.ends_with('.'); }
};

/// EXT4_XATTR_INDEX_*. A prefix that begins with another one comes before it.
constexpr Prefix kPrefixes[] = {
    {1, "user."},
    {kXattrAclAccess, "system.posix_acl_access"},
    {kXattrAclDefault, "system.posix_acl_default"},
    {4, "trusted."},
    {6, "security."},
    {8, "system.richacl"},
    {kXattrSystem, "system."},
    {10, "gnu."},
};

std::uint32_t mix_byte(std::uint32_t hash, std::uint32_t byte) { return std::rotl(hash, 5) ^ byte; }

}  // namespace

std::optional<std::string> full_xattr_name(std::uint8_t name_index, std::string_view suffix) {
  const auto* const prefix = std::ranges::find(kPrefixes, name_index, &Prefix::index);
  if (prefix == std::end(kPrefixes)) return std::nullopt;
  return std::string(prefix->text).append(suffix);
}

bool is_valid_xattr_name(std::uint8_t name_index, std::string_view suffix) {
  const auto* const prefix = std::ranges::find(kPrefixes, name_index, &Prefix::index);
  return prefix != std::end(kPrefixes) && suffix.size() <= kMaxXattrNameBytes &&
         suffix.empty() == prefix->is_whole_name();
}

std::optional<XattrName> split_xattr_name(std::string_view name) {
  for (const Prefix& prefix : kPrefixes) {
    if (!name.starts_with(prefix.text)) continue;
    const std::string_view suffix = name.substr(prefix.text.size());
    if (is_valid_xattr_name(prefix.index, suffix)) return XattrName{prefix.index, suffix};
  }
  return std::nullopt;
}

std::uint32_t xattr_name_hash(std::string_view suffix) {
  std::uint32_t hash = 0;
  for (const char c : suffix) hash = mix_byte(hash, static_cast<unsigned char>(c));
  return hash;
}

std::uint32_t signed_xattr_name_hash(std::string_view suffix) {
  std::uint32_t hash = 0;
  for (const char c : suffix) hash = mix_byte(hash, static_cast<std::uint32_t>(static_cast<signed char>(c)));
  return hash;
}

std::uint32_t mix_xattr_hash(std::uint32_t hash, std::uint32_t word) { return std::rotl(hash, 16) ^ word; }

std::uint32_t mix_xattr_value(std::uint32_t name_hash, std::string_view value) {
  std::uint32_t hash = name_hash;
  for (std::size_t at = 0; at < value.size(); at += sizeof(little_uint32_t)) {
    little_uint32_t word(0);
    std::memcpy(&word, value.data() + at, std::min(sizeof(word), value.size() - at));
    hash = mix_xattr_hash(hash, word);
  }
  return hash;
}

}  // namespace fstool::ext4
