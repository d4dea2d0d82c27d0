/// \file
/// Labels, serial numbers and other short texts of the boot sector.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "fstool/uuid.h"

namespace fstool::fat {

using LabelField = std::array<std::uint8_t, 11>;

/// The label, which is ASCII, padded with blanks. Throws Error(InvalidArgument) for what can't be a label.
LabelField encode_label(std::string_view label);

/// "1234-ABCD" or "1234abcd". Throws Error(InvalidArgument) for what is neither.
std::uint32_t parse_volume_id(std::string_view text);

/// Padded with blanks. Throws Error(InvalidArgument) for what is not ASCII; at most eight characters.
std::array<char, 8> encode_oem_name(std::string_view name);

}  // namespace fstool::fat
