#include "acl/posix_acl.h"

#include <fmt/format.h>

#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstring>

namespace fstool::tar {

namespace {

using boost::endian::little_uint16_t;
using boost::endian::little_uint32_t;

/// linux/posix_acl_xattr.h
struct XattrHeader {
  little_uint32_t version;
};
static_assert(sizeof(XattrHeader) == 4);

struct XattrEntry {
  little_uint16_t tag;
  little_uint16_t permissions;
  little_uint32_t id;
};
static_assert(sizeof(XattrEntry) == 8);

constexpr std::uint32_t kVersion = 2;

template <class Struct>
void append(std::string& out, const Struct& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

std::string_view tag_text(AclTag tag) {
  switch (tag) {
    case AclTag::UserObj:
    case AclTag::User:
      return "user";
    case AclTag::GroupObj:
    case AclTag::Group:
      return "group";
    case AclTag::Mask:
      return "mask";
    case AclTag::Other:
      return "other";
  }
  return "";
}

bool is_tag(std::uint16_t tag) { return !tag_text(static_cast<AclTag>(tag)).empty(); }

bool has_id(AclTag tag) { return tag == AclTag::User || tag == AclTag::Group; }

}  // namespace

std::string acl_to_xattr(const Acl& acl) {
  std::string value;
  XattrHeader header{};
  header.version = kVersion;
  append(value, header);
  for (const AclEntry& entry : acl) {
    XattrEntry out{};
    out.tag = static_cast<std::uint16_t>(entry.tag);
    out.permissions = entry.permissions;
    out.id = entry.id;
    append(value, out);
  }
  return value;
}

std::optional<Acl> acl_from_xattr(std::string_view value) {
  XattrHeader header{};
  if (value.size() < sizeof(header) || (value.size() - sizeof(header)) % sizeof(XattrEntry) != 0) return std::nullopt;
  std::memcpy(&header, value.data(), sizeof(header));
  if (header.version != kVersion) return std::nullopt;
  Acl acl;
  for (std::size_t at = sizeof(header); at < value.size(); at += sizeof(XattrEntry)) {
    XattrEntry entry{};
    std::memcpy(&entry, value.data() + at, sizeof(entry));
    if (!is_tag(entry.tag) || entry.permissions > 7) return std::nullopt;
    acl.push_back({static_cast<AclTag>(entry.tag.value()), entry.permissions, entry.id});
  }
  return acl;
}

std::string acl_to_text(const Acl& acl) {
  std::string text;
  for (const AclEntry& entry : acl) {
    if (!text.empty()) text += ',';
    text += tag_text(entry.tag);
    text += ':';
    if (has_id(entry.tag)) text += fmt::to_string(entry.id);
    text += ':';
    for (const auto& [bit, letter] : {std::pair(4, 'r'), std::pair(2, 'w'), std::pair(1, 'x')}) {
      text += (entry.permissions & bit) != 0 ? letter : '-';
    }
  }
  return text;
}

}  // namespace fstool::tar
