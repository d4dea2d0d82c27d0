/// \file
/// POSIX ACLs (acl(5)): what an extended attribute of a Node says of them, and how they go with its permissions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/api.h"
#include "fstool/tree.h"

namespace fstool {

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
  std::uint16_t permissions = 0;  ///< rwx
  std::uint32_t id = 0xffffffff;  ///< of User and Group; else all ones

  /// Only users and groups that are named have one.
  bool has_id() const noexcept { return tag == AclTag::User || tag == AclTag::Group; }
  friend auto operator<=>(const AclEntry&, const AclEntry&) = default;  // NOLINT(modernize-use-nullptr): a false alarm
};

/// Sorted by tag and id, as the kernel wants it.
using Acl = std::vector<AclEntry>;

/// The value of the extended attribute: `posix_acl_xattr_header` of linux/posix_acl_xattr.h, version 2.
FSTOOL_API std::string acl_to_xattr(const Acl& acl);
/// Nothing if the value is no ACL.
FSTOOL_API std::optional<Acl> acl_from_xattr(std::string_view value);

/// Gives the node other permissions (up to 07777) as chmod(2) does: in an access ACL, the entries of the owner, of
/// others and of the mask, or of the owning group where there is no mask, follow them. An ACL that is none stays as it
/// is.
FSTOOL_API void set_permissions(Node& node, std::uint16_t permissions);

}  // namespace fstool
