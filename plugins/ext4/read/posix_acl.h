/// \file
/// POSIX ACLs as ext4 stores them (struct ext4_acl_entry, version 1) and as getxattr(2) gives them (struct
/// posix_acl_xattr_entry, version 2).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fstool::ext4 {

/// The form of getxattr(2); nothing if `stored` is not an ACL.
std::optional<std::string> acl_from_disk(std::string_view stored);

}  // namespace fstool::ext4
