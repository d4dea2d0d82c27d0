#include "check_run.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <new>

#include "fstool/error.h"

namespace fstool::conformance {

namespace {

/// Writes all of it; if nobody reads any more there is nothing left to do.
void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) _exit(EXIT_FAILURE);
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

std::string with_label(std::string_view label, std::string_view text) {
  return label.empty() ? std::string(text) : fmt::format("{}: {}", label, text);
}

}  // namespace

void CheckRun::send(MessageKind kind, std::string_view text) {
  const auto length = static_cast<std::uint32_t>(text.size());
  std::string message(1, static_cast<char>(kind));
  message.append(reinterpret_cast<const char*>(&length), sizeof(length));
  message.append(text);
  const std::lock_guard lock(mutex_);
  write_all(fd_, message);
}

void CheckRun::guard(std::string_view label, const std::function<void()>& work) {
  try {
    work();
  } catch (const Failure& failure) {
    fail(with_label(label, failure.message));
  } catch (const Error& error) {
    fail(with_label(label, fmt::format("an Error where none should be: {}", error.what())));
  } catch (const std::bad_alloc&) {
    fail(with_label(label, "it asks for more memory than it may have"));
  } catch (const std::exception& error) {
    fail(with_label(label, fmt::format("an exception that is no Error: {}", error.what())));
  } catch (const Skip&) {
    throw;
  } catch (...) {
    fail(with_label(label, "an exception that is no Error"));
  }
}

void CheckRun::attempt(std::string_view label, const std::function<void()>& work) {
  if (++cases_ <= done_cases_) return;
  send(MessageKind::Case, label);
  try {
    guard(label, work);
  } catch (const Skip& skip) {
    note(with_label(label, skip.reason));
  }
}

void CheckRun::note(const std::string& text) {
  if (notes_.insert(text).second) send(MessageKind::Note, text);
}

void CheckRun::limit_memory(std::uint64_t bytes) const {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  (void)bytes;
#else
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  if (!(statm >> pages)) return;
  const rlim_t limit = pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) + bytes;
  const rlimit limits{limit, limit};
  if (setrlimit(RLIMIT_AS, &limits) != 0) throw system_error("limiting the memory of a check", errno);
#endif
}

void CheckRun::run(const std::function<void(CheckRun&)>& check) {
  try {
    guard("", [&] { check(*this); });
  } catch (const Skip& skip) {
    send(MessageKind::Skipped, skip.reason);
  }
  send(MessageKind::Done, "");
}

}  // namespace fstool::conformance
