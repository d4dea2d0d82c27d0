/// \file
/// What fstool says on standard error.
///
/// Messages name files of images, whose names may hold anything: on a terminal what could command it is escaped. If
/// standard error can't be written to there is nobody left to tell.
#pragma once

#include <string_view>

#include "log_level.h"

namespace fstool {

enum class DiagnosticStyle {
  Text,       ///< `fstool: error: MESSAGE`
  JsonLines,  ///< `{"event":"error","message":"MESSAGE"}`
};

/// How messages look in this process from now on; at first, Text. Call it before there are threads.
void set_diagnostic_style(DiagnosticStyle style) noexcept;

/// True if standard error is a terminal that can do more than print lines.
bool standard_error_is_terminal();

/// `fstool: error: MESSAGE`; the level's name is coloured on a terminal, unless $NO_COLOR is set.
void print_message(LogLevel level, std::string_view message) noexcept;
inline void print_error(std::string_view message) noexcept { print_message(LogLevel::Error, message); }
inline void print_warning(std::string_view message) noexcept { print_message(LogLevel::Warning, message); }

/// That the user asked to stop: no error, but the end.
void print_cancelled() noexcept;

/// Writes `text`, whole lines that are for people alone, and nothing in the style JsonLines.
void print_hint(std::string_view text) noexcept;

/// Writes `text` as it is.
void print_diagnostic(std::string_view text) noexcept;

}  // namespace fstool
