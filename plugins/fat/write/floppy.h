/// \file
/// The floppy disks that DOS knew.
#pragma once

#include <cstdint>

namespace fstool::fat {

struct Floppy {
  std::uint32_t sectors;  // of 512 bytes
  std::uint8_t sectors_per_cluster;
  std::uint16_t root_entries;
  std::uint8_t media;
  std::uint16_t sectors_per_track;
};

/// The floppy disk, of two heads, with so many sectors; null if there was none.
const Floppy* find_floppy(std::uint64_t sectors);

}  // namespace fstool::fat
