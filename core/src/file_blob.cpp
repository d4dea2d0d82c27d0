#include "file_blob.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "blob_range.h"
#include "file_descriptor.h"
#include "file_stamp.h"
#include "fstool/error.h"
#include "fstool/reuse.h"

namespace fstool {
namespace {

/// A regular file or block device that is open for reading.
class OpenedFile final : public HostFile {
 public:
  OpenedFile(std::string name, StatusChanges status_changes) : name_(std::move(name)), status_changes_(status_changes) {
    // Without O_NONBLOCK, opening a FIFO would wait for somebody to write to it.
    fd_ = FileDescriptor(::open(name_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd_) throw system_error(doing(), errno);
    status_ = current_status();
    if (S_ISREG(status_.st_mode)) {
      size_ = static_cast<std::uint64_t>(status_.st_size);
    } else if (S_ISBLK(status_.st_mode)) {
      if (::ioctl(fd_.get(), BLKGETSIZE64, &size_) != 0) throw system_error(doing(), errno);
    } else {
      throw Error(ErrorCode::InvalidArgument, fmt::format("{}: {} cannot be read as a file", doing(), kind()));
    }
  }

  int fd() const override { return fd_.get(); }

  void verify() const override {
    // The times of a device's node say nothing about what the device holds.
    if (!S_ISREG(status_.st_mode)) return;
    FileStamp now = stamp_of(current_status());
    const FileStamp then = stamp_of(status_);
    if (status_changes_ == StatusChanges::Ignored) now.changed_at = then.changed_at;
    if (now != then) throw_changed();
  }

  std::uint64_t size() const { return size_; }

  /// Names what it holds; empty if its times may not tell.
  std::string identity() const {
    if (!S_ISREG(status_.st_mode) || !fstool::is_settled(status_.st_ctim.tv_sec)) return {};
    if (!trusts_stamps(fd_.get())) return {};
    return fmt::format("{}:{}", text_of(stamp_of(status_)), name_);
  }

  void read(std::uint64_t offset, std::span<std::byte> out) const {
    while (!out.empty()) {
      const ssize_t count = ::pread(fd_.get(), out.data(), out.size(), static_cast<off_t>(offset));
      if (count < 0) {
        if (errno == EINTR) continue;
        throw system_error(doing(), errno);
      }
      if (count == 0) throw_changed();
      offset += static_cast<std::uint64_t>(count);
      out = out.subspan(static_cast<std::size_t>(count));
    }
    verify();
  }

  Run run_at(std::uint64_t offset) const {
    const std::uint64_t rest = size_ - offset;
    if (!may_have_holes()) return {rest, false};
    const std::optional<std::uint64_t> data = seek(offset, SEEK_DATA);
    if (!data) return {rest, true};
    if (*data > offset) return {*data - offset, true};
    const std::optional<std::uint64_t> hole = seek(offset, SEEK_HOLE);
    return {hole && *hole > offset ? *hole - offset : rest, false};
  }

 private:
  std::string doing() const { return "reading " + name_; }

  struct stat current_status() const {
    struct stat status {};
    if (::fstat(fd_.get(), &status) != 0) throw system_error(doing(), errno);
    return status;
  }

  bool may_have_holes() const {
    constexpr std::uint64_t kStatBlock = 512;
    return S_ISREG(status_.st_mode) && static_cast<std::uint64_t>(status_.st_blocks) * kStatBlock < size_;
  }

  /// Where the next data or hole begins, at most size(). Nothing: there is no data any more. File systems that don't
  /// know holes say that everything is data.
  std::optional<std::uint64_t> seek(std::uint64_t offset, int whence) const {
    // Nothing here depends on the descriptor's position, so concurrent seeks don't matter.
    const off_t found = ::lseek(fd_.get(), static_cast<off_t>(offset), whence);
    if (found >= 0) return std::min(static_cast<std::uint64_t>(found), size_);
    if (errno == EINVAL || errno == EOPNOTSUPP) return whence == SEEK_DATA ? offset : size_;
    if (errno != ENXIO) throw system_error(doing(), errno);
    verify();
    return std::nullopt;
  }

  std::string_view kind() const {
    if (S_ISDIR(status_.st_mode)) return "a directory";
    if (S_ISCHR(status_.st_mode)) return "a character device";
    return "a pipe or socket";
  }

  [[noreturn]] void throw_changed() const {
    throw Error(ErrorCode::Changed, doing() + ": the file changed while it was read");
  }

  std::string name_;
  StatusChanges status_changes_;
  FileDescriptor fd_;
  struct stat status_ {};  // when the file was opened
  std::uint64_t size_ = 0;
};

class FileBlob final : public Blob {
 public:
  explicit FileBlob(std::shared_ptr<const OpenedFile> file) : file_(std::move(file)) {}

  std::uint64_t size() const override { return file_->size(); }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    check_inside(*this, offset, out.size());
    file_->read(offset, out);
  }
  Run run_at(std::uint64_t offset) const override { return file_->run_at(offset); }
  std::optional<HostRange> host_range(std::uint64_t offset, std::uint64_t length) const override {
    if (!is_inside(offset, length, size())) return std::nullopt;
    return HostRange{file_, offset};
  }
  void fingerprint(std::uint64_t offset, std::uint64_t length, Fingerprint& out) const override {
    const std::string identity = file_->identity();
    if (identity.empty()) return Blob::fingerprint(offset, length, out);
    check_inside(*this, offset, length);
    out.add_range(identity, offset, length);
  }

 private:
  std::shared_ptr<const OpenedFile> file_;
};

}  // namespace

BlobPtr open_file_blob(const std::filesystem::path& path, StatusChanges status_changes) {
  return std::make_shared<FileBlob>(std::make_shared<OpenedFile>(path.string(), status_changes));
}

BlobPtr open_file_blob(const std::filesystem::path& path) { return open_file_blob(path, StatusChanges::Counted); }

}  // namespace fstool
