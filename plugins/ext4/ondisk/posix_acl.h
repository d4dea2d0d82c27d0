/// \file
/// POSIX ACLs as ext4 stores them and as getxattr(2) gives them.
///
///     on disk (struct ext4_acl_entry, version 1):                 version | tag, permissions [, id] | …
///     getxattr(2) (struct posix_acl_xattr_entry, version 2):      version | tag, permissions, id | …
///
/// On disk only the entries of named users and groups have an id.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fstool::ext4 {

/// The form of getxattr(2); nothing if `stored` is not an ACL.
std::optional<std::string> acl_from_disk(std::string_view stored);

/// The form on disk; nothing if `value` is not an ACL.
std::optional<std::string> acl_to_disk(std::string_view value);

}  // namespace fstool::ext4
