/// \file
/// SHA-256 (FIPS 180-4), for the no-key names of encrypted files.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace fstool::ext4 {

std::array<std::byte, 32> sha256(std::string_view message);

}  // namespace fstool::ext4
