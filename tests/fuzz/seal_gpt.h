/// \file
/// The checksums of GUID partition tables.
#pragma once

#include <cstddef>
#include <span>

namespace fstool::fuzz {

/// Gives each GPT header that begins at a sector of `image`, wherever it lies, the right checksums of its partition
/// entries and of itself.
void seal_gpt(std::span<std::byte> image);

}  // namespace fstool::fuzz
