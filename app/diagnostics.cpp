#include "diagnostics.h"

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>

#include "escape.h"
#include "locale_charset.h"

namespace fstool {

namespace {

void print_message(std::string_view kind, std::string_view message) noexcept {
  try {
    std::string text = "fstool: ";
    text.append(kind).append(": ");
    text += ::isatty(STDERR_FILENO) == 1 ? escape_message(message, locale_charset()) : std::string(message);
    print_diagnostic(text += '\n');
  } catch (const std::exception&) {
    // Without the memory for that, there is none to escape with either.
    print_diagnostic("fstool: out of memory\n");
  }
}

}  // namespace

void print_error(std::string_view message) noexcept { print_message("error", message); }
void print_warning(std::string_view message) noexcept { print_message("warning", message); }

void print_diagnostic(std::string_view text) noexcept {
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

}  // namespace fstool
