/// \file
/// What fstool says on standard error.
///
/// Messages name files of images, whose names may hold anything: on a terminal what could command it is escaped. If
/// standard error can't be written to there is nobody left to tell.
#pragma once

#include <string_view>

namespace fstool {

/// `fstool: error: MESSAGE`
void print_error(std::string_view message) noexcept;
/// `fstool: warning: MESSAGE`
void print_warning(std::string_view message) noexcept;

/// Writes `text` as it is.
void print_diagnostic(std::string_view text) noexcept;

}  // namespace fstool
