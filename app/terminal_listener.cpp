#include "terminal_listener.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "diagnostics.h"
#include "fstool/size.h"

namespace fstool {

namespace {

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

std::string rate_text(const StepState& step) {
  const std::optional<double> rate = step.rate();
  return rate ? fmt::format(", {}/s", amount(static_cast<std::uint64_t>(*rate), step.unit)) : "";
}

/// The step stands last: it is what may be cut off on a narrow terminal.
std::string progress_text(const StepState& step) {
  std::string text;
  if (step.total > 0) {
    const std::uint64_t done = std::min(step.done, step.total);
    const double share = static_cast<double>(done) / static_cast<double>(step.total);
    text = fmt::format("{} {:3.0f}% {} of {}", bar_text(share), share * 100, amount(done, step.unit),
                       amount(step.total, step.unit));
  } else {
    text = amount(step.done, step.unit);
  }
  text += rate_text(step);
  if (const std::optional<double> left = step.seconds_left()) text += fmt::format(", {} left", clock_text(*left));
  return fmt::format("{} {}", text, step.name);
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

TerminalListener::~TerminalListener() {
  finish();
  erase();
}

void TerminalListener::began(const StepState& step) {
  if (level_ < LogLevel::Debug) return;
  erase();
  print_message(LogLevel::Debug, fmt::format("{} …", step.name));
}

void TerminalListener::progressed(const StepState& step) {
  if (!draws_) return;
  print_diagnostic(fmt::format("\r{}\033[K", one_line(progress_text(step), terminal_columns() - 1)));
  drawn_ = true;
}

void TerminalListener::ended(const StepState& step) {
  if (level_ < LogLevel::Info) return;
  erase();
  print_message(LogLevel::Info, fmt::format("{}: {} in {:.1f} s{}", step.name, amount(step.done, step.unit),
                                            step.seconds, rate_text(step)));
}

void TerminalListener::warned(std::string_view message) {
  if (level_ < LogLevel::Warning) return;
  erase();
  print_warning(message);
}

void TerminalListener::erase() {
  if (!drawn_) return;
  print_diagnostic("\r\033[K");
  drawn_ = false;
}

}  // namespace fstool
