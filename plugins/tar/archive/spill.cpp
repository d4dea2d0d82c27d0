#include "archive/spill.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "fstool/error.h"

namespace fstool::tar {

/// An open file without a name.
class Spill::TemporaryFile final : public HostFile {
 public:
  TemporaryFile() : directory_(directory()), fd_(open(directory_)) {
    if (fd_ < 0) throw system_error(doing(), errno);
  }
  ~TemporaryFile() override { ::close(fd_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  int fd() const override { return fd_; }
  void verify() const override {}  // nobody else has it

  void write(std::uint64_t offset, std::span<const std::byte> bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw system_error(doing(), errno);
      offset += static_cast<std::uint64_t>(count);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
  }

  void read(std::uint64_t offset, std::span<std::byte> out) const {
    while (!out.empty()) {
      const ssize_t count = ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) throw system_error(doing(), count < 0 ? errno : EIO);
      offset += static_cast<std::uint64_t>(count);
      out = out.subspan(static_cast<std::size_t>(count));
    }
  }

 private:
  /// Not /tmp, which is often in memory.
  static std::string directory() {
    const char* const given =
        std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nothing here sets the environment
    return given != nullptr && *given != '\0' ? given : "/var/tmp";
  }

  static int open(const std::string& directory) {
    const int fd = ::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return fd;
    std::string name = directory + "/fstool-XXXXXX";
    const int named = ::mkostemp(name.data(), O_CLOEXEC);
    if (named >= 0) ::unlink(name.c_str());
    return named;
  }

  std::string doing() const {
    return fmt::format("a temporary file for decompressed contents in {} (TMPDIR chooses another place)", directory_);
  }

  std::string directory_;
  int fd_;
};

Spill::Spill() = default;
Spill::~Spill() = default;

std::uint64_t Spill::append(std::span<const std::byte> bytes) {
  const std::uint64_t start = size_;
  while (!bytes.empty() && size_ < kMemoryBytes) {
    const std::size_t in_chunk = size_ % kChunkBytes;
    if (in_chunk == 0) chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(kChunkBytes));
    const std::size_t length = std::min(bytes.size(), kChunkBytes - in_chunk);
    std::memcpy(chunks_.back().get() + in_chunk, bytes.data(), length);
    bytes = bytes.subspan(length);
    size_ += length;
  }
  if (!bytes.empty()) {
    if (!file_) file_ = std::make_shared<const TemporaryFile>();
    file_->write(size_ - kMemoryBytes, bytes);
    size_ += bytes.size();
  }
  return start;
}

void Spill::read(std::uint64_t offset, std::span<std::byte> out) const {
  if (offset > size_ || out.size() > size_ - offset) throw Error(ErrorCode::Internal, "read beyond decompressed bytes");
  while (!out.empty() && offset < kMemoryBytes) {
    const std::size_t in_chunk = offset % kChunkBytes;
    const std::size_t length = std::min(out.size(), kChunkBytes - in_chunk);
    std::memcpy(out.data(), chunks_[offset / kChunkBytes].get() + in_chunk, length);
    out = out.subspan(length);
    offset += length;
  }
  if (!out.empty()) file_->read(offset - kMemoryBytes, out);
}

std::optional<HostRange> Spill::host_range(std::uint64_t offset, std::uint64_t length) const {
  if (offset < kMemoryBytes || offset > size_ || length > size_ - offset) return std::nullopt;
  return HostRange{file_, offset - kMemoryBytes};
}

}  // namespace fstool::tar
