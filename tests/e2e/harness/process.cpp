#include "process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <malloc.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <system_error>

#include "check.h"

namespace fstool::e2e {

namespace {

/// "NAME=value" for each variable of the program, those of `options` in place of inherited ones.
std::vector<std::string> environment_of(const ProcessOptions& options) {
  std::vector<std::pair<std::string, std::string>> added = options.environment;
  added.emplace_back("LC_ALL", "C");
  std::vector<std::string> all;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text = *variable;
    const bool replaced =
        std::ranges::any_of(added, [&](const auto& pair) { return text.substr(0, text.find('=')) == pair.first; });
    if (!replaced) all.push_back(text);
  }
  for (const auto& [name, value] : added) all.push_back(fmt::format("{}={}", name, value));
  return all;
}

/// The null-terminated array that exec takes; valid as long as `strings`.
std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (std::string& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// posix_spawn and its kin return the error instead of setting errno.
void check_spawn(int error, const Command& command) {
  if (error != 0) throw std::system_error(error, std::generic_category(), "starting " + to_string(command));
}

/// The kernel charges a new program with the peak of the one it comes from. Keeps ours low.
void forget_own_peak_memory() {
  malloc_trim(0);
  const Descriptor file(open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC));
  if (file.get() >= 0) check(write(file.get(), "5", 1), "resetting the peak of the resident set");
}

/// Where an error is expected, a sanitizer's must not pass for it.
void expect_no_sanitizer_report(const std::string& err) {
  if (err.find("Sanitizer: ") != err.npos) ADD_FAILURE() << err;
}

std::string read_from_start(int fd) {
  std::string text;
  std::array<char, 65536> buffer{};
  while (true) {
    const ssize_t count = check(pread(fd, buffer.data(), buffer.size(), static_cast<off_t>(text.size())), "pread");
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
}

}  // namespace

Process::Process(const Command& command, const ProcessOptions& options)
    : out_(check(memfd_create("stdout", MFD_CLOEXEC), "memfd_create")),
      err_(check(memfd_create("stderr", MFD_CLOEXEC), "memfd_create")) {
  std::vector<std::string> arguments = command;
  std::vector<std::string> environment = environment_of(options);

  forget_own_peak_memory();
  posix_spawn_file_actions_t actions{};
  check_spawn(posix_spawn_file_actions_init(&actions), command);
  check_spawn(posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0), command);
  check_spawn(posix_spawn_file_actions_adddup2(&actions, out_, STDOUT_FILENO), command);
  check_spawn(posix_spawn_file_actions_adddup2(&actions, err_, STDERR_FILENO), command);
  if (!options.directory.empty()) {
    check_spawn(posix_spawn_file_actions_addchdir_np(&actions, options.directory.c_str()), command);
  }
  // A test that runs in the background of a shell inherits an ignored SIGINT.
  posix_spawnattr_t attributes{};
  sigset_t defaults{};
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGINT);
  sigaddset(&defaults, SIGPIPE);
  check_spawn(posix_spawnattr_init(&attributes), command);
  check_spawn(posix_spawnattr_setsigdefault(&attributes, &defaults), command);
  check_spawn(posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF), command);

  const int error = posix_spawnp(&pid_, arguments.front().c_str(), &actions, &attributes, pointers(arguments).data(),
                                 pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    close(out_);
    close(err_);
  }
  check_spawn(error, command);
}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close(out_);
  close(err_);
}

bool Process::is_running() const {
  siginfo_t info{};
  check(waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT), "waitid");
  return info.si_pid == 0;
}

void Process::send_signal(int signal) const { check(kill(pid_, signal), "kill"); }

ProcessResult Process::wait() {
  int status = 0;
  rusage usage{};
  check(wait4(pid_, &status, 0, &usage), "wait4");
  pid_ = -1;
  ProcessResult result;
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.out = read_from_start(out_);
  result.err = read_from_start(err_);
  expect_no_sanitizer_report(result.err);
  result.peak_memory = static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
  return result;
}

ProcessResult run(const Command& command, const ProcessOptions& options) { return Process(command, options).wait(); }

std::string to_string(const Command& command) { return fmt::format("{}", fmt::join(command, " ")); }

}  // namespace fstool::e2e
