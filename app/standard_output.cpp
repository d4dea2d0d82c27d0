#include "standard_output.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <span>

#include "command_line.h"
#include "fstool/error.h"
#include "locale_charset.h"

namespace fstool {

namespace {

constexpr std::size_t kPiece = 256 << 10;

[[noreturn]] void throw_write_error() {
  if (errno == EPIPE) throw ClosedPipe();
  throw system_error("writing to standard output", errno);
}

void write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw_write_error();
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

/// A hole at the end needs the file to be longer than what was written.
void end_behind_hole() {
  const off_t end = ::lseek(STDOUT_FILENO, 0, SEEK_CUR);
  struct stat status {};
  if (end < 0 || ::fstat(STDOUT_FILENO, &status) != 0) throw_write_error();
  if (status.st_size < end && ::ftruncate(STDOUT_FILENO, end) != 0) throw_write_error();
}

bool is_seekable_file() {
  struct stat status {};
  if (::fstat(STDOUT_FILENO, &status) != 0 || !S_ISREG(status.st_mode)) return false;
  // Only behind the end of the file there is nothing that a hole would leave standing.
  const int flags = ::fcntl(STDOUT_FILENO, F_GETFL);
  return flags >= 0 && (flags & O_APPEND) == 0 && ::lseek(STDOUT_FILENO, 0, SEEK_CUR) >= status.st_size;
}

}  // namespace

StandardOutput::StandardOutput()
    : is_terminal_(::isatty(STDOUT_FILENO) == 1),
      is_seekable_(is_seekable_file()),
      charset_(is_terminal_ ? locale_charset() : Charset::Utf8) {}

std::size_t StandardOutput::columns() const {
  constexpr std::size_t kUsual = 80;
  if (!is_terminal_) return 0;
  struct winsize size {};
  return ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

std::string StandardOutput::shown(std::string_view name) const {
  return is_terminal_ ? escape(name, charset_) : std::string(name);
}

void StandardOutput::write(std::string_view text) {
  pending_ += text;
  if (pending_.size() >= kPiece) flush();
}

void StandardOutput::flush() {
  write_all(pending_);
  pending_.clear();
}

void StandardOutput::write(const Blob& content) {
  flush();
  bool ends_in_hole = false;
  for (std::uint64_t offset = 0; offset < content.size();) {
    const Run run = content.run_at(offset);
    ends_in_hole = run.hole && is_seekable_;
    if (ends_in_hole) {
      if (::lseek(STDOUT_FILENO, static_cast<off_t>(run.length), SEEK_CUR) < 0) throw_write_error();
    } else if (run.hole) {
      write_zeros(run.length);
    } else {
      write_range(content, offset, run.length);
    }
    offset += run.length;
  }
  if (ends_in_hole) end_behind_hole();
}

void StandardOutput::write_range(const Blob& content, std::uint64_t offset, std::uint64_t length) {
  if (length >= kHostCopyThreshold && copy_in_kernel(content, offset, length)) return;
  buffer_.resize(kPiece);
  while (length > 0) {
    const std::size_t count = std::min<std::uint64_t>(length, kPiece);
    content.read(offset, std::as_writable_bytes(std::span(buffer_).first(count)));
    write_all(std::string_view(buffer_).substr(0, count));
    offset += count;
    length -= count;
  }
}

/// False if the kernel can't copy between these two; nothing was written then.
bool StandardOutput::copy_in_kernel(const Blob& content, std::uint64_t offset, std::uint64_t length) {
  const std::optional<HostRange> range = content.host_range(offset, length);
  if (!range) return false;
  auto position = static_cast<off_t>(range->offset);
  for (std::uint64_t left = length; left > 0;) {
    const ssize_t count = ::sendfile(STDOUT_FILENO, range->file->fd(), &position, left);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EINVAL && left == length) return false;
    if (count < 0) throw_write_error();
    range->file->verify();
    if (count == 0) throw Error(ErrorCode::Changed, "the file changed while it was read");
    left -= static_cast<std::uint64_t>(count);
  }
  return true;
}

void StandardOutput::write_zeros(std::uint64_t length) {
  buffer_.assign(kPiece, '\0');
  while (length > 0) {
    const std::size_t count = std::min<std::uint64_t>(length, kPiece);
    write_all(std::string_view(buffer_).substr(0, count));
    length -= count;
  }
}

}  // namespace fstool
