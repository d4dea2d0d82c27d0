/// \file
/// Bytes as hexadecimal text.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fstool::verity {

/// Lower case.
std::string hex_text(std::span<const std::byte> bytes);

/// Upper or lower case; nothing if it is not pairs of hexadecimal digits.
std::optional<std::vector<std::byte>> parse_hex(std::string_view text);

}  // namespace fstool::verity
