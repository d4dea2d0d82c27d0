#include "fstool/posix_acl.h"

#include <algorithm>
#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstring>
#include <memory>
#include <utility>

namespace fstool {

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

bool is_tag(std::uint16_t tag) {
  switch (static_cast<AclTag>(tag)) {
    case AclTag::UserObj:
    case AclTag::User:
    case AclTag::GroupObj:
    case AclTag::Group:
    case AclTag::Mask:
    case AclTag::Other:
      return true;
  }
  return false;
}

/// As the kernel's posix_acl_chmod() does.
void change_mode(Acl& acl, std::uint16_t permissions) {
  const bool has_mask = std::ranges::find(acl, AclTag::Mask, &AclEntry::tag) != acl.end();
  const AclTag group = has_mask ? AclTag::Mask : AclTag::GroupObj;
  for (AclEntry& entry : acl) {
    if (entry.tag == AclTag::UserObj) entry.permissions = permissions >> 6U & 7U;
    if (entry.tag == group) entry.permissions = permissions >> 3U & 7U;
    if (entry.tag == AclTag::Other) entry.permissions = permissions & 7U;
  }
}

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

void set_permissions(Node& node, std::uint16_t permissions) {
  node.permissions = permissions;
  if (!node.xattrs) return;
  const auto stored = std::ranges::find(*node.xattrs, kAccessAclXattr, &Xattr::name);
  if (stored == node.xattrs->end()) return;
  std::optional<Acl> acl = acl_from_xattr(stored->value);
  if (!acl) return;
  change_mode(*acl, permissions);
  std::string value = acl_to_xattr(*acl);
  if (value == stored->value) return;  // nodes share their attributes
  Xattrs xattrs = *node.xattrs;
  xattrs[static_cast<std::size_t>(stored - node.xattrs->begin())].value = std::move(value);
  node.xattrs = std::make_shared<const Xattrs>(std::move(xattrs));
}

}  // namespace fstool
