#include "kernel_copy.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "output_target.h"

namespace fstool {
namespace {

/// True for the answers of copy_file_range(2) that mean "copy it yourself".
bool is_copy_unsupported(int error_number) {
  switch (error_number) {
    case EXDEV:
    case EINVAL:
    case EOPNOTSUPP:
    case ENOSYS:
    case EPERM:
    case EBADF:
    case ETXTBSY:
    case EISDIR:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::uint64_t copy_in_kernel(int fd, const std::filesystem::path& path, std::uint64_t offset, const HostRange& from,
                             std::uint64_t length) {
  constexpr std::uint64_t kMostAtOnce = 1U << 30U;
  auto in = static_cast<off64_t>(from.offset);
  auto out = static_cast<off64_t>(offset);
  std::uint64_t copied = 0;
  while (copied < length) {
    const ssize_t count = ::copy_file_range(from.file->fd(), &in, fd, &out,
                                            static_cast<std::size_t>(std::min(length - copied, kMostAtOnce)), 0);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (is_copy_unsupported(errno)) break;
      throw write_error(path, errno);
    }
    // Some file systems (procfs, FUSE) answer 0 where read(2) finds bytes.
    if (count == 0) break;
    copied += static_cast<std::uint64_t>(count);
  }
  if (copied != 0) from.file->verify();
  return copied;
}

}  // namespace fstool
