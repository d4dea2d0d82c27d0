#include "archive/member.h"

#include <archive.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fstool/error.h"
#include "fstool/posix_acl.h"

namespace fstool::tar {

namespace {

NodeKind kind_of(archive_entry* entry) {
  switch (archive_entry_filetype(entry)) {
    case 0:  // cpio and zip may leave it out
    case AE_IFREG:
      return NodeKind::File;
    case AE_IFDIR:
      return NodeKind::Directory;
    case AE_IFLNK:
      return NodeKind::Symlink;
    case AE_IFCHR:
      return NodeKind::CharDevice;
    case AE_IFBLK:
      return NodeKind::BlockDevice;
    case AE_IFIFO:
      return NodeKind::Fifo;
    case AE_IFSOCK:
      return NodeKind::Socket;
    default:
      throw Error(ErrorCode::Unsupported, fmt::format("the file type {:#o} is unknown", archive_entry_filetype(entry)));
  }
}

std::uint32_t id_of(la_int64_t id, std::string_view what) {
  // All ones means "leave it" to chown(2), so no file can have it.
  if (id < 0 || id >= 0xffffffff)
    throw Error(ErrorCode::Unsupported, fmt::format("the {} {} is out of range", what, id));
  return static_cast<std::uint32_t>(id);
}

std::uint32_t device_part(dev_t number, std::string_view what) {
  if (number > UINT32_MAX) {
    throw Error(ErrorCode::Unsupported, fmt::format("the {} device number {} is out of range", what, number));
  }
  return static_cast<std::uint32_t>(number);
}

/// The number that this host has for a name, which is what tar goes by when it unpacks an ACL without numbers.
std::optional<std::uint32_t> lookup(AclTag tag, const char* name) {
  std::array<char, 16384> buffer{};
  if (tag == AclTag::User) {
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwnam_r(name, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return found->pw_uid;
  } else {
    group entry{};
    group* found = nullptr;
    if (::getgrnam_r(name, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) return found->gr_gid;
  }
  return std::nullopt;
}

std::optional<AclTag> tag_of(int tag) {
  switch (tag) {
    case ARCHIVE_ENTRY_ACL_USER_OBJ:
      return AclTag::UserObj;
    case ARCHIVE_ENTRY_ACL_USER:
      return AclTag::User;
    case ARCHIVE_ENTRY_ACL_GROUP_OBJ:
      return AclTag::GroupObj;
    case ARCHIVE_ENTRY_ACL_GROUP:
      return AclTag::Group;
    case ARCHIVE_ENTRY_ACL_MASK:
      return AclTag::Mask;
    case ARCHIVE_ENTRY_ACL_OTHER:
      return AclTag::Other;
    default:
      return std::nullopt;
  }
}

/// The ACL of one type; empty if there is none that says more than the permissions do.
Acl acl_of(archive_entry* entry, int wanted) {
  Acl acl;
  if (archive_entry_acl_reset(entry, wanted) == 0) return acl;
  int type = 0;
  int permissions = 0;
  int tag = 0;
  int id = 0;
  const char* name = nullptr;
  while (archive_entry_acl_next(entry, wanted, &type, &permissions, &tag, &id, &name) == ARCHIVE_OK) {
    const std::optional<AclTag> known = tag_of(tag);
    if (!known) continue;
    AclEntry& out = acl.emplace_back();
    out.tag = *known;
    out.permissions = static_cast<std::uint16_t>(permissions & 7);
    if (!out.has_id()) continue;
    if (id == std::numeric_limits<int>::max()) {
      throw Error(
          ErrorCode::Unsupported,
          fmt::format("its ACL names a user or group from {} on: libarchive, which reads it, does not tell which", id));
    }
    const std::optional<std::uint32_t> found = id >= 0           ? std::optional(static_cast<std::uint32_t>(id))
                                               : name != nullptr ? lookup(*known, name)
                                                                 : std::nullopt;
    if (!found) {
      throw Error(ErrorCode::Corrupt, fmt::format("its ACL names \"{}\", which has no number here: make the tar with "
                                                  "--numeric-owner",
                                                  name != nullptr ? name : ""));
    }
    out.id = *found;
  }
  std::ranges::sort(acl);
  return acl;
}

/// GNU tar writes "=" and "%" in the name of an attribute as "%3D" and "%25".
std::string xattr_name(std::string_view written) {
  std::string name;
  while (!written.empty()) {
    const bool equals = written.starts_with("%3D");
    if (equals || written.starts_with("%25")) {
      name += equals ? '=' : '%';
      written.remove_prefix(3);
    } else {
      name += written.front();
      written.remove_prefix(1);
    }
  }
  return name;
}

void put(Xattrs& xattrs, std::string name, std::string value) {
  const auto place = std::ranges::lower_bound(xattrs, name, {}, &Xattr::name);
  if (place != xattrs.end() && place->name == name) {
    place->value = std::move(value);
  } else {
    xattrs.insert(place, {std::move(name), std::move(value)});
  }
}

void add_xattrs(archive_entry* entry, Node& node, XattrSets& sets) {
  Xattrs xattrs;
  archive_entry_xattr_reset(entry);
  const char* name = nullptr;
  const void* value = nullptr;
  std::size_t size = 0;
  while (archive_entry_xattr_next(entry, &name, &value, &size) == ARCHIVE_OK) {
    if (name == nullptr || *name == '\0') continue;
    put(xattrs, xattr_name(name), std::string(static_cast<const char*>(value), size));
  }
  if (const Acl acl = acl_of(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS); !acl.empty()) {
    put(xattrs, std::string(kAccessAclXattr), acl_to_xattr(acl));
    // libarchive's permissions have the rights of the owning group where those of the mask are, as stat(2) has them.
    const auto mask = std::ranges::find(acl, AclTag::Mask, &AclEntry::tag);
    if (mask != acl.end()) {
      node.permissions =
          static_cast<std::uint16_t>((node.permissions & ~070U) | (std::uint32_t{mask->permissions} << 3U));
    }
  }
  if (const Acl acl = acl_of(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT); !acl.empty()) {
    put(xattrs, std::string(kDefaultAclXattr), acl_to_xattr(acl));
  }
  node.xattrs = sets.share(std::move(xattrs));
}

}  // namespace

Node node_of(archive_entry* entry, XattrSets& sets) {
  Node node;
  node.kind = kind_of(entry);
  node.permissions = static_cast<std::uint16_t>(archive_entry_perm(entry) & 07777U);
  node.uid = id_of(archive_entry_uid(entry), "user ID");
  node.gid = id_of(archive_entry_gid(entry), "group ID");
  if (archive_entry_mtime_is_set(entry) != 0) {
    node.mtime.seconds = archive_entry_mtime(entry);
    node.mtime.nanoseconds = static_cast<std::uint32_t>(std::clamp(archive_entry_mtime_nsec(entry), 0L, 999'999'999L));
  }
  if (node.kind == NodeKind::CharDevice || node.kind == NodeKind::BlockDevice) {
    node.device = {device_part(archive_entry_rdevmajor(entry), "major"),
                   device_part(archive_entry_rdevminor(entry), "minor")};
  }
  if (node.kind == NodeKind::Symlink) {
    const char* const target = archive_entry_symlink(entry);
    if (target == nullptr || *target == '\0') throw Error(ErrorCode::Corrupt, "the symbolic link has no target");
    node.target = target;
    node.permissions = 0777;
  }
  add_xattrs(entry, node, sets);
  return node;
}

}  // namespace fstool::tar
