#include "host_tree.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace fstool::dir {

namespace {

/// How many descriptors each of the two caches keeps open. A small share of what the process may have: a spec can
/// have a source for each of many partitions.
std::size_t cache_capacity() {
  constexpr rlim_t kShare = 32;
  struct rlimit limit {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 8;
  return static_cast<std::size_t>(std::clamp<rlim_t>(limit.rlim_cur / kShare, 8, 64));
}

std::shared_ptr<const Descriptor> open_top(const std::string& location) {
  const int fd = ::open(location.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) return std::make_shared<const Descriptor>(fd);
  if (errno == ENOTDIR && ::access(location.c_str(), F_OK) == 0) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("{} is not a directory", location));
  }
  throw system_error(fmt::format("reading {}", location), errno);
}

}  // namespace

HostTree::HostTree(const std::filesystem::path& location, Links links, unsigned workers)
    : location_(location.native()),
      links_(links),
      top_{.tree = this},
      top_descriptor_(open_top(location_)),
      storage_(workers),
      open_directories_(cache_capacity()),
      open_files_(cache_capacity()) {
  struct stat status {};
  if (::fstat(top_descriptor_->get(), &status) != 0) throw error(location_, errno);
  top_.identity = {status.st_dev, status.st_ino};
  struct statvfs file_system {};
  trusts_times_ = ::fstatvfs(top_descriptor_->get(), &file_system) == 0 && (file_system.f_flag & ST_RDONLY) == 0;
}

HostTree::~HostTree() = default;

std::string HostTree::path(const Directory& directory, std::string_view name) const {
  std::vector<std::string_view> components;
  if (!name.empty()) components.push_back(name);
  for (const Directory* at = &directory; at->parent != nullptr; at = at->parent) components.emplace_back(at->name);

  std::string text = location_;
  for (auto component = components.rbegin(); component != components.rend(); ++component) {
    if (!text.ends_with('/')) text += '/';
    text += *component;
  }
  return text;
}

std::string HostTree::path(const Directory& directory) const { return path(directory, {}); }

const char* HostTree::keep_name(unsigned worker, std::string_view name) { return storage_[worker].names.keep(name); }

const Directory& HostTree::add_directory(unsigned worker, const Directory& parent, const char* name,
                                         const DirectoryIdentity& identity) {
  if (links_ == Links::Follow) {
    for (const Directory* at = &parent; at != nullptr; at = at->parent) {
      if (at->identity != identity) continue;
      throw Error(
          ErrorCode::InvalidArgument,
          fmt::format("{} leads back to {}, which it lies in: following it has no end", path(parent, name), path(*at)));
    }
  }
  return storage_[worker].directories.emplace_back(
      Directory{.tree = this, .parent = &parent, .name = name, .identity = identity});
}

const FileContent* HostTree::add_file(unsigned worker, const Directory& directory, const char* name,
                                      const FileIdentity& identity) {
  return &storage_[worker].files.emplace_back(directory, name, identity);
}

const FileContent* HostTree::add_sparse_file(unsigned worker, const Directory& directory, const char* name,
                                             const FileIdentity& identity, std::vector<FileExtent> extents) {
  return &storage_[worker].sparse_files.emplace_back(directory, name, identity, std::move(extents));
}

int HostTree::try_open_at(int directory, const char* name, int flags) const {
  flags |= O_RDONLY | O_CLOEXEC | (links_ == Links::Keep ? O_NOFOLLOW : 0);
  if (keep_access_times_.load(std::memory_order_relaxed)) {
    const int fd = ::openat(directory, name, flags | O_NOATIME);
    if (fd >= 0 || errno != EPERM) return fd;
    keep_access_times_.store(false, std::memory_order_relaxed);
  }
  return ::openat(directory, name, flags);
}

std::shared_ptr<const Descriptor> HostTree::open_directory(const Directory& directory) const {
  // Up to the nearest directory that is open, then down again.
  std::vector<const Directory*> closed;
  std::shared_ptr<const Descriptor> open;
  for (const Directory* at = &directory; !open; at = at->parent) {
    open = at->parent == nullptr ? top_descriptor_ : open_directories_.find(at);
    if (!open) closed.push_back(at);
  }
  for (; !closed.empty(); closed.pop_back()) {
    const Directory* const next = closed.back();
    const int fd = try_open_at(open->get(), next->name, O_DIRECTORY);
    if (fd < 0) throw error(path(*next), errno);
    open = open_directories_.insert(next, std::make_shared<const Descriptor>(fd));
  }
  return open;
}

Descriptor HostTree::open_file(const Directory& directory, const char* name) const {
  // O_NONBLOCK: a FIFO that took the file's place must not make anybody wait.
  const int fd = try_open_at(open_directory(directory)->get(), name, O_NONBLOCK);
  if (fd < 0) throw error(path(directory, name), errno);
  return Descriptor(fd);
}

std::shared_ptr<const OpenFile> HostTree::open_shared(const FileContent& file) const {
  if (auto open = open_files_.find(&file)) return open;
  return open_files_.insert(&file, std::make_shared<const OpenFile>(file, open_file(file.directory(), file.name())));
}

void HostTree::close_idle() const {
  open_directories_.clear();
  open_files_.clear();
}

Error HostTree::error(const std::string& path, int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR:
    case ELOOP:
    case ENXIO:
    case ESTALE:
      return {ErrorCode::Changed, fmt::format("{} was removed or replaced while it was read", path)};
    default:
      return system_error(fmt::format("reading {}", path), error_number);
  }
}

}  // namespace fstool::dir
