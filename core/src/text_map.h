/// \file
/// Maps of disks as text, for terminals and pipes.
#pragma once

#include <cstddef>
#include <string>

#include "disk_map.h"
#include "escape.h"

namespace fstool {

struct TextMapStyle {
  std::size_t columns = 80;          ///< the width of a line, at least kMinMapColumns
  bool colours = false;              ///< blocks in the 256 colours of terminals, else letters
  Charset charset = Charset::Ascii;  ///< of names
};

inline constexpr std::size_t kMinMapColumns = 40;

/// Several lines, each ended.
std::string text_map(const DiskMap& map, const TextMapStyle& style);

}  // namespace fstool
