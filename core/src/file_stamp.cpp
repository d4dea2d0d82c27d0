#include "file_stamp.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <cerrno>

#include "fstool/error.h"

namespace fstool {

namespace {

std::int64_t nanoseconds(const timespec& time) {
  constexpr std::int64_t kPerSecond = 1'000'000'000;
  return time.tv_sec * kPerSecond + time.tv_nsec;
}

bool is_writable(const struct statvfs& file_system) { return (file_system.f_flag & ST_RDONLY) == 0; }

}  // namespace

FileStamp stamp_of(const struct stat& status) {
  return {.device = status.st_dev,
          .inode = status.st_ino,
          .size = static_cast<std::uint64_t>(status.st_size),
          .modified_at = nanoseconds(status.st_mtim),
          .changed_at = nanoseconds(status.st_ctim)};
}

FileStamp stamp_of(const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) throw system_error(path.string(), errno);
  return stamp_of(status);
}

std::string text_of(const FileStamp& stamp) {
  return fmt::format("{}:{}:{}:{}:{}", stamp.device, stamp.inode, stamp.size, stamp.modified_at, stamp.changed_at);
}

bool trusts_stamps(const std::filesystem::path& path) {
  struct statvfs file_system {};
  return ::statvfs(path.c_str(), &file_system) == 0 && is_writable(file_system);
}

bool trusts_stamps(int fd) {
  struct statvfs file_system {};
  return ::fstatvfs(fd, &file_system) == 0 && is_writable(file_system);
}

}  // namespace fstool
