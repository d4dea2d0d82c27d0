#include "terminal_listener.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "diagnostics.h"
#include "environment.h"
#include "fstool/size.h"

namespace fstool {

namespace {

constexpr std::chrono::milliseconds kRedrawInterval{100};

/// Rates and remaining times of the first moments would jump about.
constexpr double kSettledSeconds = 1.0;

bool is_terminal() { return ::isatty(STDERR_FILENO) == 1 && environment_variable("TERM").value_or("dumb") != "dumb"; }

std::size_t terminal_columns() {
  winsize size{};
  constexpr std::size_t kUsualColumns = 80;
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsualColumns;
}

std::string amount(std::uint64_t count, std::string_view unit) {
  return unit == "bytes" ? format_size(count) : fmt::format("{} {}", count, unit);
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<std::uint64_t>(seconds);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

std::string bar_text(double share) {
  constexpr std::size_t kCells = 20;
  const auto full = static_cast<std::size_t>(share * kCells);
  return "[" + std::string(full, '#') + std::string(kCells - full, ' ') + "]";
}

/// The step stands last: it is what may be cut off on a narrow terminal.
std::string progress_text(std::string_view step, std::uint64_t done, std::uint64_t total, std::string_view unit,
                          double seconds) {
  const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
  std::string text;
  if (total > 0) {
    done = std::min(done, total);
    const double share = static_cast<double>(done) / static_cast<double>(total);
    text = fmt::format("{} {:3.0f}% {} of {}", bar_text(share), share * 100, amount(done, unit), amount(total, unit));
  } else {
    text = amount(done, unit);
  }
  if (seconds >= kSettledSeconds) text += fmt::format(", {}/s", amount(static_cast<std::uint64_t>(rate), unit));
  if (seconds >= kSettledSeconds && total > 0 && rate > 0) {
    text += fmt::format(", {} left", clock_text(static_cast<double>(total - done) / rate));
  }
  return fmt::format("{} {}", text, step);
}

/// Makes `text` fit for a terminal line: no control characters, at most `columns` bytes, no half UTF-8 character.
std::string one_line(std::string text, std::size_t columns) {
  std::ranges::replace_if(
      text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  if (text.size() <= columns) return text;
  while (columns > 0 && (static_cast<unsigned char>(text[columns]) & 0xc0) == 0x80) --columns;
  text.resize(columns);
  return text;
}

}  // namespace

TerminalListener::TerminalListener(bool quiet) : quiet_(quiet), draws_(!quiet && is_terminal()) {}

TerminalListener::~TerminalListener() { erase(); }

void TerminalListener::begin(std::string_view step, std::uint64_t total, std::string_view unit) {
  const std::lock_guard lock(mutex_);
  step_ = step;
  unit_ = unit;
  total_ = total;
  start_ = Clock::now();
  done_ = 0;
  // Steps that are over at once leave the screen alone.
  next_draw_ = (start_ + kRedrawInterval).time_since_epoch().count();
}

void TerminalListener::advance(std::uint64_t done) {
  done_ += done;
  if (!draws_) return;
  const Clock::time_point now = Clock::now();
  Clock::rep due = next_draw_;
  const Clock::rep next = (now + kRedrawInterval).time_since_epoch().count();
  // Of several threads that find it is time, one draws.
  if (now.time_since_epoch().count() < due || !next_draw_.compare_exchange_strong(due, next)) return;
  const std::lock_guard lock(mutex_);
  draw();
}

void TerminalListener::warn(std::string_view message) {
  if (quiet_) return;
  const std::lock_guard lock(mutex_);
  erase();
  print_warning(message);
}

void TerminalListener::draw() {
  const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  const std::string text = progress_text(step_, done_, total_, unit_, seconds);
  print_diagnostic(fmt::format("\r{}\033[K", one_line(text, terminal_columns() - 1)));
  drawn_ = true;
}

void TerminalListener::erase() {
  if (!drawn_) return;
  print_diagnostic("\r\033[K");
  drawn_ = false;
}

}  // namespace fstool
