#include "extractor/attributes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>
#include <system_error>

#include "file_descriptor.h"
#include "fstool/error.h"

namespace fstool {
namespace {

std::string error_text(int error_number) { return std::generic_category().message(error_number); }

std::array<timespec, 2> times_of(const Node& node) {
  std::array<timespec, 2> times{};
  times[0].tv_nsec = UTIME_OMIT;
  times[1] = {.tv_sec = static_cast<time_t>(node.mtime.seconds), .tv_nsec = node.mtime.nanoseconds};
  return times;
}

/// The kind of omission that a refused extended attribute is.
std::string xattr_omission(std::string_view name) {
  if (name == "system.posix_acl_access" || name == "system.posix_acl_default") return "the ACL could not be set";
  if (name == "security.capability") return "the file capabilities could not be set";
  return fmt::format("extended attributes \"{}.*\" could not be set", name.substr(0, name.find('.')));
}

}  // namespace

AttributeSetter::AttributeSetter(Omissions& omissions) : omissions_(omissions), is_root_(::geteuid() == 0) {}

bool AttributeSetter::set_owner(int directory, const char* name, int flags, const Node& node,
                                const std::string& path) const {
  if (!is_root_) return false;
  if (::fchownat(directory, name, node.uid, node.gid, flags) == 0) return true;
  omissions_.add("the owner could not be set", path, error_text(errno));
  return false;
}

mode_t AttributeSetter::permissions(const Node& node, bool owner_is_right, const std::string& path) const {
  constexpr mode_t kSetIds = S_ISUID | S_ISGID;
  if (owner_is_right || (node.permissions & kSetIds) == 0) return node.permissions;
  omissions_.add("set-user-ID and set-group-ID bits were left out, because only root can set the owner", path, "");
  return node.permissions & ~kSetIds;
}

template <class Set>
void AttributeSetter::set_xattrs(const Node& node, const std::string& path, const Set& set) const {
  if (!node.xattrs) return;
  for (const Xattr& xattr : *node.xattrs) {
    if (set(xattr.name.c_str(), xattr.value.data(), xattr.value.size()) == 0) continue;
    omissions_.add(xattr_omission(xattr.name), path, error_text(errno));
  }
}

void AttributeSetter::set_open(int fd, const Node& node, const std::string& path) const {
  const bool owner_is_right = set_owner(fd, "", AT_EMPTY_PATH, node, path);
  set_xattrs(node, path, [fd](const char* name, const void* value, std::size_t size) {
    return ::fsetxattr(fd, name, value, size, 0);
  });
  if (::fchmod(fd, permissions(node, owner_is_right, path)) != 0) throw system_error(path, errno);
  if (::futimens(fd, times_of(node).data()) != 0) throw system_error(path, errno);
}

void AttributeSetter::set_named(int directory, const char* name, const Node& node, const std::string& path) const {
  const bool owner_is_right = set_owner(directory, name, AT_SYMLINK_NOFOLLOW, node, path);
  // These calls know no directory descriptors, but /proc leads to the directory that is open. Without it, they fail
  // and the attributes are missing.
  const std::string proc_path = fmt::format("/proc/self/fd/{}/{}", directory, name);
  set_xattrs(node, path, [&](const char* xattr, const void* value, std::size_t size) {
    return ::lsetxattr(proc_path.c_str(), xattr, value, size, 0);
  });
  if (node.kind != NodeKind::Symlink) {
    // chmod(2) follows symbolic links; through a descriptor of the node itself there is nothing to follow.
    const FileDescriptor self(::openat(directory, name, O_PATH | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (!self || ::fstat(self.get(), &status) != 0) throw system_error(path, errno);
    if (S_ISLNK(status.st_mode)) throw Error(ErrorCode::Changed, fmt::format("{} was replaced meanwhile", path));
    if (::chmod(fmt::format("/proc/self/fd/{}", self.get()).c_str(), permissions(node, owner_is_right, path)) != 0) {
      throw system_error(path, errno);
    }
  }
  if (::utimensat(directory, name, times_of(node).data(), AT_SYMLINK_NOFOLLOW) != 0) throw system_error(path, errno);
}

}  // namespace fstool
