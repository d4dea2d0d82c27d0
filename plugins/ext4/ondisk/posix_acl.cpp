#include "ondisk/posix_acl.h"

#include <cstdint>
#include <cstring>

#include "fstool/posix_acl.h"
#include "ondisk/superblock.h"

namespace fstool::ext4 {

namespace {

constexpr std::uint32_t kDiskVersion = 1;
/// The first bytes of `bytes`, which it loses; nothing if there are too few.
template <class T>
std::optional<T> take(std::string_view& bytes) {
  T value;
  if (bytes.size() < sizeof(value)) return std::nullopt;
  std::memcpy(&value, bytes.data(), sizeof(value));
  bytes.remove_prefix(sizeof(value));
  return value;
}

template <class T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace

std::optional<std::string> acl_from_disk(std::string_view stored) {
  const auto version = take<little_uint32_t>(stored);
  if (!version || *version != kDiskVersion) return std::nullopt;
  Acl acl;
  while (!stored.empty()) {
    const auto tag = take<little_uint16_t>(stored);
    const auto permissions = take<little_uint16_t>(stored);
    if (!tag || !permissions) return std::nullopt;
    AclEntry& entry = acl.emplace_back();
    entry.tag = static_cast<AclTag>(tag->value());
    entry.permissions = *permissions;
    if (!entry.has_id()) continue;
    const auto id = take<little_uint32_t>(stored);
    if (!id) return std::nullopt;
    entry.id = *id;
  }
  std::string value = acl_to_xattr(acl);
  if (!acl_from_xattr(value)) return std::nullopt;
  return value;
}

std::optional<std::string> acl_to_disk(std::string_view value) {
  const std::optional<Acl> acl = acl_from_xattr(value);
  if (!acl) return std::nullopt;
  std::string out;
  append(out, little_uint32_t(kDiskVersion));
  for (const AclEntry& entry : *acl) {
    append(out, little_uint16_t(static_cast<std::uint16_t>(entry.tag)));
    append(out, little_uint16_t(entry.permissions));
    if (entry.has_id()) append(out, little_uint32_t(entry.id));
  }
  return out;
}

}  // namespace fstool::ext4
