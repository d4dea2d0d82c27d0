#include "xattr_reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "fstool/error.h"

namespace fstool::dir {

namespace {

// Numbers of the calls that libraries of before Linux 6.13 have no name for. New calls have one number everywhere,
// but for Alpha.
#if defined(SYS_getxattrat)
constexpr long kGetxattrat = SYS_getxattrat;
constexpr long kListxattrat = SYS_listxattrat;
#else
constexpr long kGetxattrat = 464;
constexpr long kListxattrat = 465;
#endif

/// Argument of getxattrat(2) (linux/xattr.h, struct xattr_args).
struct alignas(8) XattrArgs {
  std::uint64_t value = 0;
  std::uint32_t size = 0;
  std::uint32_t flags = 0;
};
static_assert(sizeof(XattrArgs) == 16);

/// Nearly all lists and values fit here; the kernel clears and allocates as much as it is offered.
constexpr std::size_t kUsualBytes = 512;

/// One file to ask: `name` in `directory`, or `directory` itself if `name` is empty. All calls return as their system
/// calls do.
class Target {
 public:
  Target(XattrCalls calls, Links links, int directory, const char* name)
      : follows_(links == Links::Follow), directory_(directory), name_(name) {
    if (*name_ == '\0') {
      access_ = Access::Descriptor;
    } else if (calls == XattrCalls::RelativeToDirectory) {
      access_ = Access::Relative;
    } else {
      access_ = Access::Proc;
      path_ = fmt::format("/proc/self/fd/{}/{}", directory, name);
    }
  }

  ssize_t list(std::span<char> out) const {
    switch (access_) {
      case Access::Descriptor:
        return ::flistxattr(directory_, out.data(), out.size());
      case Access::Relative:
        return ::syscall(kListxattrat, directory_, name_, flags(), out.data(), out.size());
      case Access::Proc:
        break;
    }
    return (follows_ ? ::listxattr : ::llistxattr)(path_.c_str(), out.data(), out.size());
  }

  ssize_t get(const char* xattr, std::span<char> out) const {
    switch (access_) {
      case Access::Descriptor:
        return ::fgetxattr(directory_, xattr, out.data(), out.size());
      case Access::Relative: {
        XattrArgs args{.value = reinterpret_cast<std::uintptr_t>(out.data()),
                       .size = static_cast<std::uint32_t>(out.size())};
        return ::syscall(kGetxattrat, directory_, name_, flags(), xattr, &args, sizeof args);
      }
      case Access::Proc:
        break;
    }
    return (follows_ ? ::getxattr : ::lgetxattr)(path_.c_str(), xattr, out.data(), out.size());
  }

 private:
  enum class Access { Descriptor, Relative, Proc };

  int flags() const noexcept { return follows_ ? 0 : AT_SYMLINK_NOFOLLOW; }

  Access access_;
  bool follows_;
  int directory_;
  const char* name_;
  std::string path_;
};

/// Calls ask(buffer) with room enough. Returns 0 and fills `out`, or an errno value.
template <class Ask>
int ask_with_room(const Ask& ask, std::string& out) {
  std::array<char, kUsualBytes> usual;
  ssize_t size = ask(std::span<char>(usual));
  if (size >= 0) {
    out.assign(usual.data(), static_cast<std::size_t>(size));
    return 0;
  }
  // XATTR_LIST_MAX and XATTR_SIZE_MAX are both 64 KiB: nothing is larger.
  if (errno != ERANGE) return errno;
  out.resize(64 * 1024);
  size = ask(std::span<char>(out));
  if (size < 0) return errno;
  out.resize(static_cast<std::size_t>(size));
  out.shrink_to_fit();
  return 0;
}

bool means_none(int error) { return error == EOPNOTSUPP || error == ENODATA; }

}  // namespace

bool is_storable_xattr(std::string_view name) {
  return name.starts_with("user.") || name.starts_with("trusted.") || name.starts_with("security.") ||
         name == "system.posix_acl_access" || name == "system.posix_acl_default";
}

XattrCalls XattrReader::detect(int directory) {
  // A sandbox may refuse a call it doesn't know with any error; only success, or a file system without attributes,
  // shows that it works.
  const long size = ::syscall(kListxattrat, directory, ".", AT_SYMLINK_NOFOLLOW, nullptr, std::size_t{0});
  if (size >= 0 || errno == EOPNOTSUPP) return XattrCalls::RelativeToDirectory;
  if (::access(fmt::format("/proc/self/fd/{}", directory).c_str(), F_OK) == 0) return XattrCalls::ThroughProc;
  throw Error(ErrorCode::Unsupported,
              "extended attributes can't be read: before Linux 6.13 that needs /proc, which is not mounted");
}

const SharedXattrs* XattrReader::read(int directory, const char* name, int& error) {
  const Target target(calls_, links_, directory, name);
  std::string names;
  error = ask_with_room([&](std::span<char> out) { return target.list(out); }, names);
  if (means_none(error)) error = 0;
  if (error != 0 || names.empty()) return nullptr;

  Xattrs xattrs;
  for (std::size_t at = 0; at < names.size();) {
    const char* const xattr = names.c_str() + at;
    const std::string_view text(xattr);
    at += text.size() + 1;
    if (!is_storable_xattr(text)) continue;
    std::string value;
    error = ask_with_room([&](std::span<char> out) { return target.get(xattr, out); }, value);
    if (means_none(error)) {
      error = 0;
      continue;
    }
    if (error != 0) return nullptr;
    xattrs.push_back({std::string(text), std::move(value)});
  }
  if (xattrs.empty()) return nullptr;
  std::ranges::sort(xattrs, {}, &Xattr::name);
  return share(std::move(xattrs));
}

const SharedXattrs* XattrReader::share(Xattrs xattrs) {
  auto set = std::make_shared<const Xattrs>(std::move(xattrs));
  const std::lock_guard lock(mutex_);
  return &*sets_.insert(std::move(set)).first;
}

}  // namespace fstool::dir
