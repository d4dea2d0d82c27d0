#include "extractor/directory_opener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string_view>
#include <vector>

#include "fstool/error.h"

namespace fstool {
namespace {

constexpr int kFlags = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

/// Opens `path`, one or more names, below `directory`; -1 as open(2).
int open_beneath(int directory, const std::string& path) {
  open_how how{};
  how.flags = kFlags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  return static_cast<int>(::syscall(SYS_openat2, directory, path.c_str(), &how, sizeof(how)));
}

/// The same for kernels before 5.6, name by name.
int open_step_by_step(int directory, std::string_view path) {
  FileDescriptor at;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string name(path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
    FileDescriptor next(::openat(at ? at.get() : directory, name.c_str(), kFlags));
    if (!next) return -1;
    at = std::move(next);
  }
  return at.release();
}

int open_path(int directory, const std::string& path) {
  const int fd = open_beneath(directory, path);
  // EPERM is what sandboxes answer that don't know the call.
  if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN)) return open_step_by_step(directory, path);
  return fd;
}

}  // namespace

std::string DirectoryOpener::path(std::uint32_t directory) const {
  return directory == 0 ? top_path_ : top_path_ + plan_.path(directory);
}

std::string DirectoryOpener::path(const PlannedName& name) const { return top_path_ + plan_.path(name); }

FileDescriptor DirectoryOpener::open_new(std::uint32_t directory) const {
  std::vector<std::string_view> upwards;
  int at = top_;
  for (std::uint32_t above = directory; above != 0; above = plan_.directories[above].parent) {
    if (const auto known = known_.find(above); known != known_.end()) {
      at = known->second->second.get();
      break;
    }
    upwards.push_back(plan_.directories[above].name);
  }

  FileDescriptor opened;
  while (!upwards.empty()) {
    std::string path;  // as many names as one call takes
    do {
      if (!path.empty()) path += '/';
      path += upwards.back();
      upwards.pop_back();
    } while (!upwards.empty() && path.size() + 1 + upwards.back().size() < PATH_MAX);
    FileDescriptor next(open_path(at, path));
    if (!next) {
      const int error = errno;
      if (error == ELOOP || error == ENOTDIR || error == EXDEV) {
        throw Error(ErrorCode::Changed,
                    fmt::format("{} is no longer the directory that was made there", this->path(directory)));
      }
      throw system_error(this->path(directory), error);
    }
    opened = std::move(next);
    at = opened.get();
  }
  return opened;
}

int DirectoryOpener::open(std::uint32_t directory) {
  if (directory == 0) return top_;
  if (const auto known = known_.find(directory); known != known_.end()) {
    open_.splice(open_.begin(), open_, known->second);
    return known->second->second.get();
  }
  open_.emplace_front(directory, open_new(directory));
  known_.emplace(directory, open_.begin());
  if (open_.size() > capacity_) {
    known_.erase(open_.back().first);
    open_.pop_back();
  }
  return open_.front().second.get();
}

}  // namespace fstool
