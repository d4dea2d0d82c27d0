#include "diagnostics.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>

#include "environment.h"
#include "escape.h"
#include "json_text.h"
#include "locale_charset.h"

namespace fstool {

namespace {

/// Standard error is one for the whole process, and so is how it looks.
DiagnosticStyle diagnostic_style = DiagnosticStyle::Text;

std::string_view level_name(LogLevel level) {
  switch (level) {
    case LogLevel::Error:
      return "error";
    case LogLevel::Warning:
      return "warning";
    case LogLevel::Info:
      return "info";
    case LogLevel::Debug:
      return "debug";
  }
  return "";
}

/// Bold, and red or yellow for what asks for attention (ECMA-48, select graphic rendition).
std::string_view level_colour(LogLevel level) {
  switch (level) {
    case LogLevel::Error:
      return "\033[1;31m";
    case LogLevel::Warning:
      return "\033[1;33m";
    case LogLevel::Info:
    case LogLevel::Debug:
      return "\033[1m";
  }
  return "";
}

bool has_colours() { return standard_error_is_terminal() && environment_variable("NO_COLOR").value_or("").empty(); }

std::string message_text(LogLevel level, std::string_view message) {
  if (diagnostic_style == DiagnosticStyle::JsonLines) {
    return json_line({{"event", level_name(level)}, {"message", message}});
  }
  const std::string kind = has_colours() ? fmt::format("{}{}:\033[0m", level_colour(level), level_name(level))
                                         : fmt::format("{}:", level_name(level));
  const bool is_terminal = ::isatty(STDERR_FILENO) == 1;
  return fmt::format("fstool: {} {}\n", kind,
                     is_terminal ? escape_message(message, locale_charset()) : std::string(message));
}

}  // namespace

void set_diagnostic_style(DiagnosticStyle style) noexcept { diagnostic_style = style; }

bool standard_error_is_terminal() {
  return ::isatty(STDERR_FILENO) == 1 && environment_variable("TERM").value_or("dumb") != "dumb";
}

void print_message(LogLevel level, std::string_view message) noexcept {
  try {
    print_diagnostic(message_text(level, message));
  } catch (const std::exception&) {
    // Without the memory for that, there is none to escape with either.
    print_diagnostic("fstool: out of memory\n");
  }
}

void print_cancelled() noexcept {
  if (diagnostic_style == DiagnosticStyle::JsonLines) return print_error("cancelled");
  print_diagnostic("fstool: cancelled\n");
}

void print_hint(std::string_view text) noexcept {
  if (diagnostic_style == DiagnosticStyle::Text) print_diagnostic(text);
}

void print_diagnostic(std::string_view text) noexcept {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace fstool
