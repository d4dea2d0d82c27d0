// An output file that is made beside its target and takes its place at the end.

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <string>

#include "file_descriptor.h"
#include "fstool/output_file.h"
#include "output_target.h"
#include "temporary_name.h"

namespace fstool {
namespace {

constexpr int kAttempts = 100;

/// The name of an unfinished file, which is taken away with this object.
class TemporaryName {
 public:
  TemporaryName(int directory, std::string name) : directory_(directory), name_(std::move(name)) {}
  ~TemporaryName() {
    if (!name_.empty()) ::unlinkat(directory_, name_.c_str(), 0);
  }
  TemporaryName(const TemporaryName&) = delete;
  TemporaryName& operator=(const TemporaryName&) = delete;

  const char* get() const { return name_.c_str(); }
  /// The file has another name now.
  void release() { name_.clear(); }

 private:
  int directory_;  // open as long as this object lives
  std::string name_;
};

class FileTarget final : public OutputTarget {
 public:
  FileTarget(const std::filesystem::path& path, Unfinished unfinished) : path_(path), name_(path.filename().string()) {
    const std::filesystem::path parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    directory_ = FileDescriptor(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory_) throw system_error(doing(), errno);
    if (unfinished == Unfinished::Named || !open_unnamed()) open_named();
    adopt_mode();
  }

  int fd() const override { return file_.get(); }

  void write_at(std::uint64_t offset, std::span<const std::byte> bytes) override {
    write_all(fd(), path_, offset, bytes);
  }

  void written(std::uint64_t /*offset*/, std::uint64_t /*length*/) override {}

  bool shares_blocks_with(const HostFile& other) const override {
    const FileDescriptor trial(::openat(directory_.get(), ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600));
    if (!trial) return false;
    file_clone_range first{.src_fd = other.fd(), .src_offset = 0, .src_length = kHostBlockBytes, .dest_offset = 0};
    return ::ioctl(trial.get(), FICLONERANGE, &first) == 0;
  }

  void set_size(std::uint64_t size) override {
    if (::ftruncate(fd(), static_cast<off_t>(size)) != 0) throw write_error(path_, errno);
  }

  void reserve(std::uint64_t size) override {
    if (size == 0) return;
    int result = 0;
    do {
      result = ::fallocate(fd(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size));
    } while (result != 0 && errno == EINTR);
    if (result == 0) return;
    if (errno == EOPNOTSUPP) {
      throw Error(ErrorCode::Unsupported,
                  fmt::format("{}: the file system that holds it can't reserve room for a file", doing()));
    }
    throw write_error(path_, errno);
  }

  void prepare(bool sync) override {
    if (sync && ::fsync(fd()) != 0) throw write_error(path_, errno);
  }

  void publish(bool sync) override {
    if (!temporary_) link_file();
    if (temporary_) replace_target();
    if (sync && ::fsync(directory_.get()) != 0) throw write_error(path_, errno);
  }

 private:
  std::string doing() const { return "writing " + path_.string(); }
  /// The open file's name in /proc, by which a file without a name can be given one.
  std::string proc_name() const { return fmt::format("/proc/self/fd/{}", fd()); }

  /// False if the file system, or a missing /proc, doesn't allow files without a name.
  bool open_unnamed() {
    file_ = FileDescriptor(::openat(directory_.get(), ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0666));
    if (file_) return ::access(proc_name().c_str(), F_OK) == 0;
    switch (errno) {
      case EOPNOTSUPP:
      case EISDIR:
      case ENOENT:
      case EINVAL:
        return false;
      default:
        throw write_error(path_, errno);
    }
  }

  void open_named() {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      std::string name = temporary_name(name_);
      file_ = FileDescriptor(::openat(directory_.get(), name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666));
      if (file_) {
        temporary_.emplace(directory_.get(), std::move(name));
        return;
      }
      if (errno != EEXIST) throw write_error(path_, errno);
    }
    throw system_error(doing(), EEXIST);
  }

  /// A file that replaces another is open to whom that was open to.
  void adopt_mode() {
    struct stat status {};
    if (::fstatat(directory_.get(), name_.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
    if (!S_ISREG(status.st_mode)) return;
    if (::fchmod(fd(), status.st_mode & 0777U) != 0) throw write_error(path_, errno);
  }

  /// Gives the unnamed file its name, or a temporary one if that is taken.
  void link_file() {
    std::string name = name_;
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      if (::linkat(AT_FDCWD, proc_name().c_str(), directory_.get(), name.c_str(), AT_SYMLINK_FOLLOW) == 0) {
        if (attempt != 0) temporary_.emplace(directory_.get(), std::move(name));
        return;
      }
      if (errno != EEXIST) throw write_error(path_, errno);
      name = temporary_name(name_);
    }
    throw system_error(doing(), EEXIST);
  }

  void replace_target() {
    if (::renameat(directory_.get(), temporary_->get(), directory_.get(), name_.c_str()) != 0) {
      throw write_error(path_, errno);
    }
    temporary_->release();
  }

  std::filesystem::path path_;
  std::string name_;
  FileDescriptor directory_;
  FileDescriptor file_;
  std::optional<TemporaryName> temporary_;  // while the unfinished file has a name; goes before the directory is closed
};

}  // namespace

std::unique_ptr<OutputTarget> make_file_target(const std::filesystem::path& path, Unfinished unfinished) {
  return std::make_unique<FileTarget>(path, unfinished);
}

}  // namespace fstool
