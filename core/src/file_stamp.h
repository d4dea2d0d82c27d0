/// \file
/// FileStamp: tells a file of the host as it is from what it was or will be.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <string>

namespace fstool {

/// Which file it is, and its size and times. While they are the same, nothing of it has changed, unless that happened
/// within one tick of the host's clock.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size = 0;        ///< bytes
  std::int64_t modified_at = 0;  ///< st_mtim: nanoseconds since 1970
  std::int64_t changed_at = 0;   ///< st_ctim: the same

  friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

FileStamp stamp_of(const struct stat& status);
/// Throws system_error() if there is no such file. Follows symbolic links.
FileStamp stamp_of(const std::filesystem::path& path);

/// All of it, with colons between the numbers.
std::string text_of(const FileStamp& stamp);

/// Whether files of a file system whose stamps are the same are the same. Those of one that is mounted read-only are an
/// image's, which another image in its place may have, too. Follows symbolic links.
bool trusts_stamps(const std::filesystem::path& path);
bool trusts_stamps(int fd);

}  // namespace fstool
