// Loading libraries in a child process. The child writes a line for each library that it is done with; what is missing
// when it ends is the doing of the next one.

#include <dlfcn.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <string>

#include "file_descriptor.h"
#include "fstool/error.h"
#include "plugin_file.h"

namespace fstool {

namespace fs = std::filesystem;

namespace {

constexpr char kDone = '+';   // begins the line of a library that was loaded, or that the linker refused
constexpr char kThrew = '!';  // of one that threw what the line says; it is the last line

void write_line(int fd, char kind, std::string text = {}) {
  std::ranges::replace(text, '\n', ' ');
  const std::string line = kind + text + '\n';
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t count = ::write(fd, rest.data(), rest.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) ::_exit(EXIT_FAILURE);
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
}

/// What libraries print while they are loaded is heard once, from the parent.
void be_silent() {
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) return;
  ::dup2(null, STDOUT_FILENO);
  ::dup2(null, STDERR_FILENO);
}

[[noreturn]] void load_and_tell(std::span<const fs::path> files, int fd) {
  be_silent();
  for (const fs::path& file : files) {
    std::string threw;
    try {
      ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
      write_line(fd, kDone);
      continue;
    } catch (const std::exception& error) {
      threw = error.what();
    } catch (...) {
      threw = "what is not a std::exception";
    }
    write_line(fd, kThrew, std::move(threw));
    break;
  }
  ::_exit(EXIT_SUCCESS);
}

std::string read_to_end(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  while (true) {
    const ssize_t count = ::read(fd, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error("trying to load plugins", errno);
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

/// "SIGSEGV", "exit code 3"
std::string ending_text(int status) {
  if (!WIFSIGNALED(status)) return fmt::format("exit code {}", WEXITSTATUS(status));
  const char* const name = ::sigabbrev_np(WTERMSIG(status));
  return name != nullptr ? fmt::format("SIG{}", name) : fmt::format("signal {}", WTERMSIG(status));
}

struct Trial {
  std::vector<std::string> lines;  ///< without their ends
  int status = 0;                  ///< of the child, as waitpid() gives it
};

Trial run_trial(std::span<const fs::path> files) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw system_error("trying to load plugins", errno);
  const FileDescriptor reading(ends[0]);
  FileDescriptor writing(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) throw system_error("trying to load plugins", errno);
  if (child == 0) load_and_tell(files, writing.get());
  writing = FileDescriptor();  // so that reading ends when the child does
  const std::string text = read_to_end(reading.get());
  Trial trial;
  while (::waitpid(child, &trial.status, 0) < 0) {
    if (errno != EINTR) throw system_error("trying to load plugins", errno);
  }
  for (std::size_t begin = 0, end = 0; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    trial.lines.push_back(text.substr(begin, end - begin));
  }
  return trial;
}

}  // namespace

std::vector<std::optional<std::string>> try_loading(std::span<const fs::path> files) {
  std::vector<std::optional<std::string>> reasons;
  while (reasons.size() < files.size()) {
    const Trial trial = run_trial(files.subspan(reasons.size()));
    bool threw = false;
    for (const std::string& line : trial.lines) {
      threw = line.starts_with(kThrew);
      reasons.push_back(threw ? std::optional("it threw while it was loaded: " + line.substr(1)) : std::nullopt);
    }
    if (!threw && reasons.size() < files.size()) {
      reasons.emplace_back("it ended the process that loaded it: " + ending_text(trial.status));
    }
  }
  return reasons;
}

}  // namespace fstool
