#include "standard_input.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <vector>

#include "fstool/error.h"
#include "fstool/spill.h"

namespace fstool {

namespace {

constexpr const char* kName = "standard input";
constexpr std::size_t kPieceBytes = 1024 * 1024;

bool is_unread_file() {
  struct stat status {};
  return ::fstat(STDIN_FILENO, &status) == 0 && S_ISREG(status.st_mode) && ::lseek(STDIN_FILENO, 0, SEEK_CUR) == 0;
}

/// Waits until there is something to read, or the end. Throws Error(Cancelled) soon after the run was cancelled: a
/// read() of its own would wait on.
void wait_for_input(const Context& context) {
  constexpr int kMilliseconds = 200;
  struct pollfd input {
    .fd = STDIN_FILENO, .events = POLLIN, .revents = 0
  };
  for (int ready = 0; ready == 0;) {
    context.check_cancelled();
    ready = ::poll(&input, 1, kMilliseconds);
    if (ready < 0 && errno == EINTR) ready = 0;
    if (ready < 0) throw system_error(kName, errno);
  }
}

/// Returns how many bytes were read; 0 at the end.
std::size_t read_piece(std::vector<std::byte>& piece, const Context& context) {
  for (;;) {
    wait_for_input(context);
    const ssize_t count = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR) throw system_error(kName, errno);
  }
}

}  // namespace

BlobPtr open_standard_input(Context& context) {
  if (::isatty(STDIN_FILENO) != 0) {
    throw Error(ErrorCode::InvalidArgument,
                "standard input is a terminal, from which nothing is read: give a file or a pipe");
  }
  if (is_unread_file()) return open_file_blob("/proc/self/fd/0");
  context.begin_step("reading standard input", 0, "bytes");
  auto spill = std::make_shared<Spill>(Spill::Options{.tells_holes = true});
  std::vector<std::byte> piece(kPieceBytes);
  while (const std::size_t count = read_piece(piece, context)) {
    spill->append(std::span(piece).first(count));
    context.advance(count);
  }
  return spill;
}

}  // namespace fstool
