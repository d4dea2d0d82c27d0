/// \file
/// Base64 (RFC 4648, section 4).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fstool {

/// With padding, in one line.
std::string base64(std::string_view bytes);

/// The bytes; nothing if it is no base64. Padding may be missing.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace fstool
