#include "file_content.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "fstool/error.h"
#include "fstool/reuse.h"
#include "host_tree.h"

namespace fstool::dir {

namespace {

constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;

std::uint64_t nanoseconds(const timespec& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * kNanosecondsPerSecond + static_cast<std::uint64_t>(time.tv_nsec);
}

/// What a HostRange holds on to: the descriptor, and the tree that the descriptor's owner refers to. (The open file
/// can't hold the tree itself: the tree's cache holds the open file.)
struct HostRangeOwner {
  std::shared_ptr<const HostTree> tree;
  std::shared_ptr<const OpenFile> file;
};

}  // namespace

FileIdentity::FileIdentity(const struct stat& status)
    : size(static_cast<std::uint64_t>(status.st_size)),
      mtime(nanoseconds(status.st_mtim)),
      ctime(nanoseconds(status.st_ctim)),
      inode(status.st_ino) {}

std::vector<FileExtent> find_data(int fd, std::uint64_t size, const std::string& path) {
  std::vector<FileExtent> extents;
  for (std::uint64_t at = 0; at < size;) {
    const off_t data = ::lseek(fd, static_cast<off_t>(at), SEEK_DATA);
    if (data < 0 && errno == ENXIO) break;
    if (data < 0 && (errno == EINVAL || errno == EOPNOTSUPP)) return {{0, size}};
    if (data < 0) throw system_error(fmt::format("looking for holes in {}", path), errno);
    const off_t hole = ::lseek(fd, data, SEEK_HOLE);
    if (hole < 0 && errno == ENXIO) break;  // the file was cut just now; reading it will say so
    if (hole < 0) throw system_error(fmt::format("looking for holes in {}", path), errno);
    const FileExtent extent{static_cast<std::uint64_t>(data), std::min(static_cast<std::uint64_t>(hole), size)};
    if (extent.begin >= extent.end) break;
    extents.push_back(extent);
    at = extent.end;
  }
  extents.shrink_to_fit();
  return extents;
}

std::string FileContent::path() const { return directory_.tree->path(directory_, name_); }

void FileContent::read(std::uint64_t offset, std::span<std::byte> out) const {
  if (out.empty()) return;
  if (out.size() == identity_.size) {
    const Descriptor descriptor = directory_.tree->open_file(directory_, name_);
    read_from(descriptor.get(), offset, out);
  } else {
    const std::shared_ptr<const OpenFile> file = directory_.tree->open_shared(*this);
    read_from(file->fd(), offset, out);
  }
}

void FileContent::read_from(int fd, std::uint64_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t count = ::pread(fd, out.data(), out.size(), static_cast<off_t>(offset));
    if (count > 0) {
      out = out.subspan(static_cast<std::size_t>(count));
      offset += static_cast<std::uint64_t>(count);
      continue;
    }
    const int error = count < 0 ? errno : 0;
    if (error == EINTR) continue;
    verify(fd);  // something else under the name explains any failure
    if (error == 0) throw Error(ErrorCode::Io, fmt::format("reading {}: it ends before its size", path()));
    throw system_error(fmt::format("reading {}", path()), error);
  }
  verify(fd);
}

void FileContent::verify(int fd) const {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw HostTree::error(path(), errno);
  if (!S_ISREG(status.st_mode) || FileIdentity(status) != identity_) {
    throw Error(ErrorCode::Changed, fmt::format("{} changed while it was read", path()));
  }
}

std::optional<HostRange> FileContent::host_range(std::uint64_t offset, std::uint64_t /*length*/) const {
  const auto owner = std::make_shared<const HostRangeOwner>(
      HostRangeOwner{directory_.tree->shared_from_this(), directory_.tree->open_shared(*this)});
  return HostRange{std::shared_ptr<const HostFile>(owner, owner->file.get()), offset};
}

void FileContent::fingerprint(std::uint64_t offset, std::uint64_t length, Fingerprint& out) const {
  const auto changed_at = static_cast<std::int64_t>(identity_.ctime / kNanosecondsPerSecond);
  if (!directory_.tree->trusts_times() || !is_settled(changed_at)) return Blob::fingerprint(offset, length, out);
  out.add_range(
      fmt::format("{}:{}:{}:{}:{}", identity_.inode, identity_.size, identity_.mtime, identity_.ctime, path()), offset,
      length);
}

Run SparseFileContent::run_at(std::uint64_t offset) const {
  const auto extent = std::upper_bound(extents_.begin(), extents_.end(), offset,
                                       [](std::uint64_t at, const FileExtent& range) { return at < range.end; });
  if (extent == extents_.end()) return {size() - offset, true};
  if (offset < extent->begin) return {extent->begin - offset, true};
  return {extent->end - offset, false};
}

}  // namespace fstool::dir
