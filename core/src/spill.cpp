#include "fstool/spill.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "blob_range.h"
#include "file_descriptor.h"
#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool {

/// An open file without a name. What was never written of it is zeros, also behind its end.
class Spill::TemporaryFile final : public HostFile {
 public:
  TemporaryFile() : directory_(directory()), fd_(open(directory_)) {
    if (!fd_) throw system_error(doing(), errno);
  }

  int fd() const override { return fd_.get(); }
  void verify() const override {}  // nobody else has it

  /// The end of what was written.
  std::uint64_t end() const noexcept { return end_; }

  void write(std::uint64_t offset, std::span<const std::byte> bytes) {
    reserve(bytes.size());
    while (!bytes.empty()) {
      const ssize_t count = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw system_error(doing(), errno);
      offset += static_cast<std::uint64_t>(count);
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    end_ = offset;
  }

  void read(std::uint64_t offset, std::span<std::byte> out) const {
    while (!out.empty() && offset < end_) {
      const auto wanted = out.first(std::min<std::uint64_t>(out.size(), end_ - offset));
      const ssize_t count = ::pread(fd_.get(), wanted.data(), wanted.size(), static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) throw system_error(doing(), count < 0 ? errno : EIO);
      offset += static_cast<std::uint64_t>(count);
      out = out.subspan(static_cast<std::size_t>(count));
    }
    std::ranges::fill(out, std::byte{0});
  }

  /// The run at `offset`, at most `length` bytes long.
  Run run_at(std::uint64_t offset, std::uint64_t length) const {
    if (offset >= end_) return {length, true};
    const std::optional<std::uint64_t> data = seek(offset, SEEK_DATA);
    if (!data) return {length, true};
    if (*data > offset) return {std::min(length, *data - offset), true};
    const std::uint64_t hole = seek(offset, SEEK_HOLE).value_or(end_);
    return {std::min(length, std::max(hole, offset + 1) - offset), false};
  }

 private:
  /// Not /tmp, which is often in memory.
  static std::string directory() {
    const char* const given =
        std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nothing here sets the environment
    return given != nullptr && *given != '\0' ? given : "/var/tmp";
  }

  static FileDescriptor open(const std::string& directory) {
    FileDescriptor fd(::open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
    if (fd || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL)) return fd;
    std::string name = directory + "/fstool-XXXXXX";
    FileDescriptor named(::mkostemp(name.data(), O_CLOEXEC));
    if (named) ::unlink(name.c_str());
    return named;
  }

  /// Makes sure that `bytes` more can be written and leave kReservedSpace to others. Asks the host now and then only.
  void reserve(std::uint64_t bytes) {
    constexpr std::uint64_t kAskEvery = 16 * 1024 * 1024;
    if (bytes > granted_) {
      const std::uint64_t wanted = std::max(bytes, kAskEvery);
      struct statvfs status {};
      if (::fstatvfs(fd_.get(), &status) != 0) throw system_error(doing(), errno);
      const std::uint64_t available = std::uint64_t{status.f_bavail} * status.f_frsize;
      if (available < kReservedSpace + wanted) {
        throw Error(ErrorCode::NoSpace, fmt::format("{}: {} of its file system are free, and {} are left to others",
                                                    doing(), format_size(available), format_size(kReservedSpace)));
      }
      granted_ = wanted;
    }
    granted_ -= bytes;
  }

  /// Nothing: there is no data any more. File systems that don't know holes say that everything is data.
  std::optional<std::uint64_t> seek(std::uint64_t offset, int whence) const {
    const off_t found = ::lseek(fd_.get(), static_cast<off_t>(offset), whence);
    if (found >= 0) return static_cast<std::uint64_t>(found);
    if (errno == ENXIO) return std::nullopt;
    if (errno == EINVAL || errno == EOPNOTSUPP) return whence == SEEK_DATA ? offset : end_;
    throw system_error(doing(), errno);
  }

  std::string doing() const { return fmt::format("a temporary file in {} (TMPDIR chooses another place)", directory_); }

  std::string directory_;
  FileDescriptor fd_;
  std::uint64_t end_ = 0;
  std::uint64_t granted_ = 0;  // bytes that may be written before the host is asked again
};

Spill::Spill(Options options) : options_(options) {}
Spill::~Spill() = default;

std::uint64_t Spill::append(std::span<const std::byte> bytes) {
  const std::uint64_t start = size_;
  while (!bytes.empty()) {
    // Once there is a file, the rest goes there as a whole.
    const std::uint64_t room = file_ ? bytes.size() : kChunkBytes - size_ % kChunkBytes;
    const auto piece = bytes.first(std::min<std::uint64_t>(bytes.size(), room));
    append_piece(piece);
    size_ += piece.size();
    bytes = bytes.subspan(piece.size());
  }
  return start;
}

void Spill::append_piece(std::span<const std::byte> bytes) {
  if (file_) return write_to_file(bytes);
  const std::uint64_t number = size_ / kChunkBytes;
  auto chunk = chunks_.find(number);
  if (chunk == chunks_.end()) {
    if (is_zero(bytes)) return;
    if ((chunks_.size() + 1) * kChunkBytes > options_.memory_bytes) return write_to_file(bytes);
    chunk = chunks_.emplace(number, std::make_unique<std::byte[]>(kChunkBytes)).first;
  }
  std::ranges::copy(bytes, chunk->second.get() + size_ % kChunkBytes);
}

void Spill::write_to_file(std::span<const std::byte> bytes) {
  constexpr std::uint64_t kBlockBytes = 4096;  // of nearly all hosts: smaller holes would not make the file smaller
  if (!file_) file_ = std::make_shared<TemporaryFile>();
  std::size_t begin = 0;  // of what is to be written
  const auto write_until = [&](std::size_t end) {
    if (end > begin) file_->write(size_ + begin, bytes.subspan(begin, end - begin));
  };
  for (std::size_t at = 0; at < bytes.size();) {
    const std::size_t length = std::min<std::uint64_t>(kBlockBytes - (size_ + at) % kBlockBytes, bytes.size() - at);
    if (is_zero(bytes.subspan(at, length))) {
      write_until(at);
      begin = at + length;
    }
    at += length;
  }
  write_until(bytes.size());
}

void Spill::read(std::uint64_t offset, std::span<std::byte> out) const {
  check_inside(*this, offset, out.size());
  while (!out.empty()) {
    const std::uint64_t in_chunk = offset % kChunkBytes;
    const auto part = out.first(std::min<std::uint64_t>(out.size(), kChunkBytes - in_chunk));
    if (const auto chunk = chunks_.find(offset / kChunkBytes); chunk != chunks_.end()) {
      std::memcpy(part.data(), chunk->second.get() + in_chunk, part.size());
    } else if (file_) {
      file_->read(offset, part);
    } else {
      std::ranges::fill(part, std::byte{0});
    }
    out = out.subspan(part.size());
    offset += part.size();
  }
}

Run Spill::run_at(std::uint64_t offset) const {
  const std::uint64_t rest = size_ - offset;
  if (!options_.tells_holes) return {rest, false};
  const auto chunk = chunks_.lower_bound(offset / kChunkBytes);
  if (chunk == chunks_.end()) return file_ ? file_->run_at(offset, rest) : Run{rest, true};
  const std::uint64_t begin = chunk->first * kChunkBytes;
  if (offset >= begin) return {std::min(rest, begin + kChunkBytes - offset), false};
  return file_ ? file_->run_at(offset, begin - offset) : Run{begin - offset, true};
}

std::optional<HostRange> Spill::host_range(std::uint64_t offset, std::uint64_t length) const {
  if (!file_ || !is_inside(offset, length, file_->end())) return std::nullopt;
  const auto chunk = chunks_.lower_bound(offset / kChunkBytes);
  if (chunk != chunks_.end() && chunk->first * kChunkBytes < offset + length) return std::nullopt;
  return HostRange{file_, offset};
}

}  // namespace fstool
