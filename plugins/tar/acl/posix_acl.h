/// \file
/// POSIX ACLs as extended attributes have them, and as tars do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fstool::tar {

inline constexpr std::string_view kAccessAclXattr = "system.posix_acl_access";
inline constexpr std::string_view kDefaultAclXattr = "system.posix_acl_default";

/// The tags of linux/posix_acl.h.
enum class AclTag : std::uint16_t {
  UserObj = 0x01,
  User = 0x02,
  GroupObj = 0x04,
  Group = 0x08,
  Mask = 0x10,
  Other = 0x20,
};

struct AclEntry {
  AclTag tag = AclTag::UserObj;
  std::uint16_t permissions = 0;                                        ///< rwx
  std::uint32_t id = 0xffffffff;                                        ///< of User and Group; else all ones
  friend auto operator<=>(const AclEntry&, const AclEntry&) = default;  // NOLINT(modernize-use-nullptr): a false alarm
};

/// Sorted by tag and id, as the kernel wants it.
using Acl = std::vector<AclEntry>;

/// The value of the extended attribute.
std::string acl_to_xattr(const Acl& acl);
/// Nothing if the value is no ACL.
std::optional<Acl> acl_from_xattr(std::string_view value);

/// "user::rwx,user:1000:r-x,group::r-x,mask::r-x,other::r--": what the keywords SCHILY.acl.access and
/// SCHILY.acl.default hold. Users and groups are numbers, which need no host to be understood.
std::string acl_to_text(const Acl& acl);

}  // namespace fstool::tar
