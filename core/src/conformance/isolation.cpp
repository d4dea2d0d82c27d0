#include "isolation.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <utility>

#include "fstool/error.h"

namespace fstool::conformance {

namespace {

using std::chrono::milliseconds;

constexpr unsigned kMaxEndedChildren = 3;
constexpr int kPollMilliseconds = 100;
constexpr std::size_t kHeaderBytes = 1 + sizeof(std::uint32_t);

milliseconds as_milliseconds(const timespec& time) {
  return std::chrono::seconds(time.tv_sec) + milliseconds(time.tv_nsec / 1'000'000);
}

/// How a child ended that did not say that it was done.
std::string death_text(int status) {
  if (WIFSIGNALED(status)) {
    const char* const description = ::sigdescr_np(WTERMSIG(status));  // none for real-time signals
    return fmt::format("the process was ended by the signal {} ({})", WTERMSIG(status),
                       description == nullptr ? "a real-time signal" : description);
  }
  return fmt::format("the process ended itself with the exit code {}", WEXITSTATUS(status));
}

/// The part of a run that one child does.
class Child {
 public:
  Child(const std::function<void(CheckRun&)>& check, std::uint64_t done_cases, const Settings& settings)
      : settings_(settings) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) throw system_error("making a pipe for a check", errno);
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) {
      const int error = errno;
      ::close(ends[0]);
      ::close(ends[1]);
      throw system_error("starting a process for a check", error);
    }
    if (pid_ == 0) run_child(check, done_cases, ends, parent);
    ::close(ends[1]);
    fd_ = ends[0];
    case_began();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    ::close(fd_);
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    int status = 0;
    wait_for(status);
  }

  /// Waits for more of what the child says. False: there is no more.
  bool read_more(std::string& received) {
    while (true) {
      if (settings_.cancelled != nullptr && *settings_.cancelled) throw Error(ErrorCode::Cancelled, "cancelled");
      pollfd waiting{fd_, POLLIN, 0};
      const int ready = ::poll(&waiting, 1, kPollMilliseconds);
      if (ready < 0 && errno != EINTR) throw system_error("waiting for a check", errno);
      if (ready > 0) return read_some(received);
      if (std::string late = lateness(); !late.empty()) {
        reason_ = std::move(late);
        return false;
      }
    }
  }

  /// The limits of time begin anew.
  void case_began() {
    began_ = std::chrono::steady_clock::now();
    cpu_before_ = cpu_time();
  }

  /// Why it ended. Call it when there is no more to read.
  std::string death() {
    if (!reason_.empty()) return reason_;
    int status = 0;
    wait_for(status);
    pid_ = 0;
    return death_text(status);
  }

 private:
  [[noreturn]] void run_child(const std::function<void(CheckRun&)>& check, std::uint64_t done_cases,
                              const std::array<int, 2>& ends, pid_t parent) const {
    ::close(ends[0]);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) _exit(EXIT_FAILURE);
    const rlimit no_core{0, 0};
    ::setrlimit(RLIMIT_CORE, &no_core);
    CheckRun(ends[1], done_cases, settings_).run(check);
    // Neither destructors of the parent's objects nor its buffers.
    _exit(EXIT_SUCCESS);
  }

  bool read_some(std::string& received) const {
    std::array<char, 64 * 1024> buffer{};
    const ssize_t count = ::read(fd_, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) return true;
    if (count < 0) throw system_error("listening to a check", errno);
    received.append(buffer.data(), static_cast<std::size_t>(count));
    return count > 0;
  }

  milliseconds cpu_time() const {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return {};
    return as_milliseconds(time);
  }

  std::string lateness() const {
    if (cpu_time() - cpu_before_ > settings_.case_cpu) {
      return fmt::format("no end after {} ms of processor time", settings_.case_cpu.count());
    }
    if (std::chrono::steady_clock::now() - began_ > settings_.case_time) {
      return fmt::format("no end after {} ms", settings_.case_time.count());
    }
    return {};
  }

  void wait_for(int& status) const {
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }

  const Settings& settings_;
  pid_t pid_ = 0;
  int fd_ = -1;
  std::chrono::steady_clock::time_point began_;
  milliseconds cpu_before_{};
  std::string reason_;
};

class Supervisor {
 public:
  Supervisor(std::string name, const std::function<void(CheckRun&)>& check, const Settings& settings)
      : check_(check), settings_(settings) {
    result_.name = std::move(name);
  }

  CheckResult run() {
    for (unsigned ended = 0; !run_child(); ++ended) {
      if (ended + 1 < kMaxEndedChildren) continue;
      add_finding("the rest was not tried");
      break;
    }
    if (result_.findings.empty() && skipped_) result_.verdict = Verdict::Skipped;
    if (!result_.findings.empty()) result_.verdict = Verdict::Failed;
    return std::move(result_);
  }

 private:
  /// True if there is nothing left to do.
  bool run_child() {
    const std::uint64_t cases_before = cases_;
    Child child(check_, cases_, settings_);
    label_.clear();
    std::string received;
    bool more = true;
    while (more) {
      more = child.read_more(received);
      while (take_message(received, child)) {
      }
      if (done_) return true;
    }
    const std::string death = child.death();
    add_finding(label_.empty() ? death : fmt::format("{}: {}", label_, death));
    return cases_ == cases_before;
  }

  bool take_message(std::string& received, Child& child) {
    if (received.size() < kHeaderBytes) return false;
    std::uint32_t length = 0;
    std::memcpy(&length, received.data() + 1, sizeof(length));
    if (received.size() - kHeaderBytes < length) return false;
    const auto kind = static_cast<MessageKind>(received.front());
    std::string text = received.substr(kHeaderBytes, length);
    received.erase(0, kHeaderBytes + length);
    switch (kind) {
      case MessageKind::Case:
        ++cases_;
        label_ = std::move(text);
        child.case_began();
        break;
      case MessageKind::Finding:
        add_finding(std::move(text));
        break;
      case MessageKind::Note:
        add_note(std::move(text));
        break;
      case MessageKind::Skipped:
        skipped_ = true;
        result_.notes.insert(result_.notes.begin(), std::move(text));
        break;
      case MessageKind::Done:
        done_ = true;
        break;
    }
    return true;
  }

  void add_finding(std::string text) {
    if (result_.findings.size() < kMaxFindings) {
      result_.findings.push_back(std::move(text));
    } else {
      ++result_.more_findings;
    }
  }

  void add_note(std::string text) {
    if (std::ranges::find(result_.notes, text) == result_.notes.end()) result_.notes.push_back(std::move(text));
  }

  const std::function<void(CheckRun&)>& check_;
  const Settings& settings_;
  CheckResult result_;
  std::uint64_t cases_ = 0;  ///< that were begun, by all children
  std::string label_;        ///< of the case that the child is at
  bool skipped_ = false;
  bool done_ = false;
};

}  // namespace

CheckResult run_isolated(std::string name, const std::function<void(CheckRun&)>& check, const Settings& settings) {
  return Supervisor(std::move(name), check, settings).run();
}

}  // namespace fstool::conformance
