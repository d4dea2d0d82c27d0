#include "ondisk/posix_acl.h"

#include <cstdint>
#include <cstring>

#include "ondisk/superblock.h"

namespace fstool::ext4 {

namespace {

constexpr std::uint32_t kDiskVersion = 1;
constexpr std::uint32_t kXattrVersion = 2;
constexpr std::uint32_t kNoId = UINT32_MAX;

enum Tag : std::uint16_t {
  UserObject = 0x01,
  User = 0x02,
  GroupObject = 0x04,
  Group = 0x08,
  Mask = 0x10,
  Other = 0x20
};

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
  std::string out;
  append(out, little_uint32_t(kXattrVersion));
  while (!stored.empty()) {
    const auto tag = take<little_uint16_t>(stored);
    const auto permissions = take<little_uint16_t>(stored);
    if (!tag || !permissions) return std::nullopt;
    little_uint32_t id(kNoId);
    switch (*tag) {
      case UserObject:
      case GroupObject:
      case Mask:
      case Other:
        break;
      case User:
      case Group: {
        const auto named = take<little_uint32_t>(stored);
        if (!named) return std::nullopt;
        id = *named;
        break;
      }
      default:
        return std::nullopt;
    }
    append(out, *tag);
    append(out, *permissions);
    append(out, id);
  }
  return out;
}

std::optional<std::string> acl_to_disk(std::string_view value) {
  const auto version = take<little_uint32_t>(value);
  if (!version || *version != kXattrVersion) return std::nullopt;
  std::string out;
  append(out, little_uint32_t(kDiskVersion));
  while (!value.empty()) {
    const auto tag = take<little_uint16_t>(value);
    const auto permissions = take<little_uint16_t>(value);
    const auto id = take<little_uint32_t>(value);
    if (!tag || !permissions || !id) return std::nullopt;
    append(out, *tag);
    append(out, *permissions);
    if (*tag == User || *tag == Group) append(out, *id);
  }
  return out;
}

}  // namespace fstool::ext4
