#include "fstool/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "fstool/error.h"
#include "kernel_copy.h"
#include "output_outcome.h"
#include "output_target.h"

namespace fstool {
namespace {

constexpr const char* kStandardOutput = "-";

std::string doing(const std::filesystem::path& path) { return "writing " + path.string(); }

/// Refuses a link that somebody else has put where anybody may put one (/tmp), as the kernel does when it follows links
/// itself (fs.protected_symlinks).
void refuse_planted_link(const std::filesystem::path& link) {
  const std::filesystem::path parent = link.has_parent_path() ? link.parent_path() : std::filesystem::path(".");
  struct stat directory {};
  struct stat status {};
  if (::stat(parent.c_str(), &directory) != 0 || ::lstat(link.c_str(), &status) != 0) return;
  const bool is_for_anybody = (directory.st_mode & S_ISVTX) != 0 && (directory.st_mode & S_IWOTH) != 0;
  if (!is_for_anybody || status.st_uid == ::geteuid() || status.st_uid == directory.st_uid) return;
  throw Error(
      ErrorCode::InvalidArgument,
      fmt::format("{}: this is a symbolic link of another user in a directory that all may write to", doing(link)));
}

/// What `path` leads to, through any symbolic links. The file itself need not exist.
std::filesystem::path follow_links(std::filesystem::path path) {
  constexpr int kMaxLinks = 40;  // as the kernel
  for (int i = 0; i < kMaxLinks; ++i) {
    std::error_code error;
    if (!std::filesystem::is_symlink(std::filesystem::symlink_status(path, error))) return path;
    refuse_planted_link(path);
    const std::filesystem::path link = std::filesystem::read_symlink(path, error);
    if (error) throw system_error(doing(path), error.value());
    path = path.parent_path() / link;
  }
  throw system_error(doing(path), ELOOP);
}

/// The one name that all paths to a file have, which need not exist.
std::filesystem::path canonical_path(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::path canonical = std::filesystem::weakly_canonical(follow_links(path), error);
  if (error) throw system_error(doing(path), error.value());
  return canonical;
}

/// True if both lead to one file, or would if they existed.
bool names_same_file(const std::filesystem::path& a, const std::filesystem::path& b) {
  return canonical_path(a) == canonical_path(b);
}

Error unusable(const std::filesystem::path& path, std::string_view reason) {
  return Error(ErrorCode::InvalidArgument, fmt::format("{}: {}", doing(path), reason));
}

struct OpenedTarget {
  std::unique_ptr<OutputTarget> target;
  bool replaces;  ///< there is something in its place
};

OpenedTarget open_target(const std::filesystem::path& target, bool force) {
  if (target == kStandardOutput) return {make_stream_target(), false};
  if (!target.has_filename()) throw unusable(target, "this is a directory; name a file in it");
  const std::filesystem::path path = follow_links(target);
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno != ENOENT) throw system_error(doing(target), errno);
    return {make_file_target(path), false};
  }
  switch (status.st_mode & S_IFMT) {
    case S_IFREG:
      // Replacing needs no permission to write to the old file, but who took it away meant to keep the file.
      if (::faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) != 0) throw system_error(doing(target), errno);
      return {make_file_target(path), true};
    case S_IFBLK:
      if (!force) {
        throw unusable(target, "this is a block device: what it holds would be lost; use --force to write to it");
      }
      return {make_device_target(path), true};
    case S_IFDIR:
      throw unusable(target, "this is a directory; name a file in it");
    case S_IFCHR:
      throw unusable(target, "this is a character device; only files and block devices can hold an image");
    default:
      throw unusable(target, "this is a pipe or socket; only files and block devices can hold an image");
  }
}

/// True if the file system of `fd` writes a file out when it takes another one's place, and makes the rename wait until
/// the disk has taken nearly all of it: ext4 does (mount option auto_da_alloc, which is on unless turned off).
bool is_written_out_by_rename(int fd) {
  struct statfs file_system {};
  return ::fstatfs(fd, &file_system) == 0 && file_system.f_type == EXT4_SUPER_MAGIC;
}

// How many bytes are written between two hints to the kernel.
constexpr std::uint64_t kWriteOutBytes = 2U << 20U;

}  // namespace

struct OutputFile::Impl {
  std::filesystem::path path;
  std::unique_ptr<OutputTarget> target;
  Options options;
  bool sync = false;
  bool writes_out_early = false;
  bool shares_blocks = false;  ///< what is copied from files is not in the kernel's cache to be written
  std::vector<std::unique_ptr<OutputFile>> companions;
  std::optional<FileStamp> committed;  ///< as commit() left it; nothing before, and if somebody has changed it
  std::atomic<std::uint64_t> bytes_written = 0;
  std::atomic<std::uint64_t> bytes_in_cache = 0;  ///< of those, what was not shared

  void count_written(std::uint64_t length) {
    bytes_written.fetch_add(length, std::memory_order_relaxed);
    const std::uint64_t before = bytes_in_cache.fetch_add(length, std::memory_order_relaxed);
    if (writes_out_early && before / kWriteOutBytes != (before + length) / kWriteOutBytes) begin_write_out();
  }

  void count_copied(std::uint64_t length) {
    if (!shares_blocks) return count_written(length);
    bytes_written.fetch_add(length, std::memory_order_relaxed);
  }

  /// Lets the kernel write what is in its cache while more is made, so that commit() finds little left to do (the sync
  /// of a GiB in a file: 0.01 s instead of 0.5 s). Only a hint: commit() reports what goes wrong.
  void begin_write_out() const { ::sync_file_range(target->fd(), 0, 0, SYNC_FILE_RANGE_WRITE); }

  /// The state of a target that is a file.
  std::optional<FileStamp> stamp() const {
    struct stat status {};
    if (::fstat(target->fd(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    return stamp_of(status);
  }

  void prepare() {
    target->prepare(sync);
    committed = stamp();
  }

  void publish() {
    target->publish(sync);
    if (!committed) return;
    const FileStamp prepared = *committed;
    committed = stamp();  // another name is a change of the file, too
    const bool is_whole =
        committed && committed->size == prepared.size && committed->modified_at == prepared.modified_at;
    if (!is_whole) committed.reset();
  }
};

OutputFile::OutputFile(std::filesystem::path target, Options options) : impl_(std::make_unique<Impl>()) {
  OpenedTarget opened = open_target(target, options.force);
  impl_->target = std::move(opened.target);
  impl_->path = is_stream() ? std::filesystem::path("standard output") : std::move(target);
  impl_->options = options;
  impl_->sync = options.sync == Sync::Always || (options.sync == Sync::Replacing && opened.replaces);
  impl_->writes_out_early = impl_->sync || (opened.replaces && is_written_out_by_rename(impl_->target->fd()));
}

OutputFile::~OutputFile() = default;

const std::filesystem::path& OutputFile::target() const noexcept { return impl_->path; }

bool OutputFile::is_stream() const noexcept { return impl_->target->is_stream(); }

void OutputFile::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  impl_->target->write_at(offset, bytes);
  impl_->count_written(bytes.size());
}

std::uint64_t OutputFile::copy_from(std::uint64_t offset, const HostRange& from, std::uint64_t length) {
  if (impl_->target->is_stream()) return 0;
  const std::uint64_t copied = copy_in_kernel(impl_->target->fd(), impl_->path, offset, from, length);
  if (copied == 0) return 0;
  impl_->target->written(offset, copied);
  impl_->count_copied(copied);
  return copied;
}

bool OutputFile::shares_blocks_with(const HostFile& other) {
  impl_->shares_blocks = impl_->target->shares_blocks_with(other);
  return impl_->shares_blocks;
}

void OutputFile::set_size(std::uint64_t size) { impl_->target->set_size(size); }

std::uint64_t OutputFile::bytes_written() const noexcept {
  return impl_->bytes_written.load(std::memory_order_relaxed);
}

void OutputFile::reserve(std::uint64_t size) { impl_->target->reserve(size); }

OutputFile& OutputFile::add_companion(const std::filesystem::path& target) {
  const auto refuse_same = [&](const std::filesystem::path& other) {
    if (names_same_file(target, other)) throw unusable(target, "two parts of the output would be this file");
  };
  if (is_stream() || target == kStandardOutput) throw unusable(target, "only files can be parts of an output");
  refuse_same(impl_->path);
  for (const auto& companion : impl_->companions) refuse_same(companion->target());
  Options options = impl_->options;
  options.force = false;
  return *impl_->companions.emplace_back(std::make_unique<OutputFile>(target, options));
}

std::vector<std::filesystem::path> OutputFile::companion_targets() const {
  std::vector<std::filesystem::path> targets;
  for (const auto& companion : impl_->companions) targets.push_back(companion->target());
  return targets;
}

void OutputFile::commit() {
  // What takes long and may fail comes before the first of them has its place.
  for (const auto& companion : impl_->companions) companion->impl_->prepare();
  impl_->prepare();
  for (const auto& companion : impl_->companions) companion->impl_->publish();
  impl_->publish();
}

OutputOutcome OutputOutcome::of(const OutputFile& output) {
  OutputOutcome outcome{.files = {}, .is_synced = true};
  bool is_known = true;
  const auto add = [&](const OutputFile& file) {
    outcome.is_synced = outcome.is_synced && file.impl_->sync;
    is_known = is_known && file.impl_->committed;
    if (is_known) outcome.files.push_back({file.impl_->path, *file.impl_->committed});
  };
  add(output);
  for (const auto& companion : output.impl_->companions) add(*companion);
  if (!is_known) outcome.files.clear();
  return outcome;
}

Error write_error(const std::filesystem::path& path, int error_number) {
  switch (error_number) {
    case ENOSPC:
      return Error(ErrorCode::NoSpace, fmt::format("{}: no space left on the device that holds it", doing(path)));
    case EDQUOT:
      return Error(ErrorCode::NoSpace, fmt::format("{}: it exceeds your disk quota", doing(path)));
    case EFBIG:
      return Error(ErrorCode::NoSpace,
                   fmt::format("{}: it exceeds the largest file that its file system or your limits (ulimit -f) allow",
                               doing(path)));
    default:
      return system_error(doing(path), error_number);
  }
}

void write_all(int fd, const std::filesystem::path& path, std::uint64_t offset, std::span<const std::byte> bytes) {
  // For larger writes, the kernel takes larger pages, which a virtual machine often has to get from its host first.
  constexpr std::size_t kWriteBytes = 256 * 1024;
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd, bytes.data(), std::min(bytes.size(), kWriteBytes), static_cast<off_t>(offset));
    if (count < 0) {
      if (errno == EINTR) continue;
      throw write_error(path, errno);
    }
    offset += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

}  // namespace fstool
