#include "extractor/content_writer.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <span>

#include "kernel_copy.h"
#include "output_target.h"

namespace fstool {
namespace {

/// Large enough that system calls don't count, small enough for the caches.
constexpr std::uint64_t kBufferBytes = 1024 * 1024;
/// What the kernel copies between two looks at whether the user wants to stop.
constexpr std::uint64_t kKernelCopyBytes = 16 * 1024 * 1024;

}  // namespace

bool ContentWriter::write(int fd, const std::string& path, const Blob& content, std::uint64_t begin,
                          std::uint64_t end) {
  bool ends_with_data = true;
  for (std::uint64_t at = begin; at < end;) {
    const Run run = content.run_at(at);
    const std::uint64_t run_end = at + std::min(run.length, end - at);
    if (run.hole) {
      context_.advance(run_end - at);
    } else {
      write_data(fd, path, content, at, run_end);
    }
    ends_with_data = !run.hole;
    at = run_end;
  }
  return ends_with_data;
}

void ContentWriter::write_data(int fd, const std::string& path, const Blob& content, std::uint64_t begin,
                               std::uint64_t end) {
  bool in_kernel = true;
  for (std::uint64_t at = begin; at < end;) {
    std::uint64_t length = std::min(kKernelCopyBytes, end - at);
    if (in_kernel && length >= kHostCopyThreshold) {
      const std::optional<HostRange> from = content.host_range(at, length);
      const std::uint64_t copied = from ? copy_in_kernel(fd, path, at, *from, length) : 0;
      in_kernel = copied == length;
      at += copied;
      context_.advance(copied);
      continue;
    }
    if (!buffer_) buffer_ = std::make_unique_for_overwrite<std::byte[]>(kBufferBytes);
    length = std::min(kBufferBytes, length);
    const std::span<std::byte> bytes(buffer_.get(), length);
    content.read(at, bytes);
    write_all(fd, path, at, bytes);
    at += length;
    context_.advance(length);
  }
}

void set_content_size(int fd, const std::string& path, std::uint64_t size) {
  if (::ftruncate(fd, static_cast<off_t>(size)) != 0) throw write_error(path, errno);
}

}  // namespace fstool
