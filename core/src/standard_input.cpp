#include "standard_input.h"

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

/// Returns how many bytes were read; 0 at the end.
std::size_t read_piece(std::vector<std::byte>& piece) {
  for (;;) {
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
  while (const std::size_t count = read_piece(piece)) {
    spill->append(std::span(piece).first(count));
    context.advance(count);
  }
  return spill;
}

}  // namespace fstool
