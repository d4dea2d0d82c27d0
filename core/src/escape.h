/// \file
/// Names of files as a terminal may see them.
#pragma once

#include <string>
#include <string_view>

namespace fstool {

/// Whether what shows the text understands UTF-8.
enum class Charset { Ascii, Utf8 };

/// `text` with what could command a terminal, and what is no text at all, as the escapes of C: control characters as
/// \n, \033 and the like, bytes that are no valid character as \303, and the backslash twice. Can be read back.
std::string escape(std::string_view text, Charset charset);

/// A message for people, of which names of files are a part: as escape(), but its lines and backslashes stay as they
/// are.
std::string escape_message(std::string_view text, Charset charset);

/// True if `text` is UTF-8 (RFC 3629).
bool is_utf8(std::string_view text);

}  // namespace fstool
