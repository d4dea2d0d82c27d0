/// \file
/// Programs that a test runs: without a shell, with their output kept and their peak memory measured.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace fstool::e2e {

/// The program, looked up in PATH if it has no slash, and its arguments.
using Command = std::vector<std::string>;

struct ProcessOptions {
  std::filesystem::path directory = {};                               ///< to run in; empty: the test's own
  std::vector<std::pair<std::string, std::string>> environment = {};  ///< in addition to the test's own and LC_ALL=C
};

struct ProcessResult {
  int exit_code = 0;  ///< 128 + the signal if one ended it
  std::string out;
  std::string err;
  std::uint64_t peak_memory =
      0;  ///< bytes of the largest resident set; never less than the test's own when it started this

  /// What the program said, for messages.
  std::string output() const { return out + err; }
};

/// A program that runs beside the test. Not thread-safe.
class Process {
 public:
  /// Starts `command`. Throws std::system_error if it can't be started.
  explicit Process(const Command& command, const ProcessOptions& options = {});
  /// Kills the program if nobody waited for it.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const noexcept { return pid_; }
  /// True until the program has ended. Does not take its result away.
  bool is_running() const;
  void send_signal(int signal) const;
  /// Waits for the end. Call it once.
  ProcessResult wait();

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  int err_ = -1;
};

/// Runs `command` to its end.
ProcessResult run(const Command& command, const ProcessOptions& options = {});

/// The command line, for messages.
std::string to_string(const Command& command);

}  // namespace fstool::e2e
