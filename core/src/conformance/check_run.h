/// \file
/// A check while it runs: it says which case it is at and what it found.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "conformance.h"

namespace fstool::conformance {

/// Thrown by a case: a promise is broken. It ends the case, not the check.
struct Failure {
  std::string message;
};

/// Thrown by a case: it does not apply, which is noted. Outside of a case: the check doesn't.
struct Skip {
  std::string reason;
};

/// Throws a Failure unless `condition` holds.
inline void require(bool condition, std::string_view message) {
  if (!condition) throw Failure{std::string(message)};
}

/// What a check says to the process that started it, in order.
enum class MessageKind : char { Case = 'C', Finding = 'F', Note = 'N', Skipped = 'S', Done = 'D' };

/// Thread-safe but for attempt().
class CheckRun {
 public:
  /// Messages go to the pipe `fd`. The first `done_cases` cases were run by another process, which the last of them
  /// ended.
  CheckRun(int fd, std::uint64_t done_cases, const Settings& settings)
      : fd_(fd), done_cases_(done_cases), settings_(settings) {}

  const Settings& settings() const noexcept { return settings_; }

  /// Runs a case. Whatever `work` throws is a finding, Errors included, but for a Skip. A check may do things outside
  /// of its cases, but they are done again after a case has ended the process.
  void attempt(std::string_view label, const std::function<void()>& work);

  /// Something that people should know of a check that passes. Told once.
  void note(const std::string& text);

  void fail(const std::string& text) { send(MessageKind::Finding, text); }

  /// From now on, the process may ask for `bytes` more than it has. Nothing happens in programs with sanitizers, which
  /// map far more.
  void limit_memory(std::uint64_t bytes) const;

  /// Runs the whole check and says that it is done.
  void run(const std::function<void(CheckRun&)>& check);

 private:
  /// Calls `work` and tells what it throws, with `label` in front if it is not empty.
  void guard(std::string_view label, const std::function<void()>& work);
  void send(MessageKind kind, std::string_view text);

  const int fd_;
  const std::uint64_t done_cases_;
  const Settings& settings_;
  std::uint64_t cases_ = 0;
  std::set<std::string> notes_;
  std::mutex mutex_;
};

}  // namespace fstool::conformance
