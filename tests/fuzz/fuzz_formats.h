/// \file
/// The body of the libFuzzer targets whose inputs are packed images for the formats of several plugins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fuzzed_plugins.h"
#include "packed_image.h"
#include "walk_formats.h"

namespace fstool::fuzz {

inline void fuzz_formats(const FuzzedPlugins& fuzzed, std::span<const std::uint8_t> input) {
  static const Registry registry = load_formats(fuzzed, FSTOOL_FUZZED_PLUGINS);
  walk_formats(unpack_image(std::as_bytes(input)), registry);
}

}  // namespace fstool::fuzz
