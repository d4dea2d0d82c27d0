#include "write/floppy.h"

#include <algorithm>
#include <array>

namespace fstool::fat {

const Floppy* find_floppy(std::uint64_t sectors) {
  static constexpr std::array<Floppy, 5> kFloppies = {{
      {720, 2, 112, 0xFD, 9},    // 360 KiB, 5.25"
      {1440, 2, 112, 0xF9, 9},   // 720 KiB, 3.5"
      {2400, 1, 224, 0xF9, 15},  // 1.2 MB, 5.25"
      {2880, 1, 224, 0xF0, 18},  // 1.44 MB, 3.5"
      {5760, 2, 240, 0xF0, 36},  // 2.88 MB, 3.5"
  }};
  const auto* const found = std::ranges::find(kFloppies, sectors, &Floppy::sectors);
  return found == kFloppies.end() ? nullptr : found;
}

}  // namespace fstool::fat
