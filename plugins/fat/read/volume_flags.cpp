#include "read/volume_flags.h"

namespace fstool::fat {

VolumeFlags read_volume_flags(const Boot& boot, const FatTable& fat) {
  VolumeFlags flags;
  if (boot.has_volume_id()) {
    flags.is_dirty = (boot.extended.state & kStateMounted) != 0;
    flags.has_errors = (boot.extended.state & kStateErrors) != 0;
  }
  if (boot.geometry.variant == Variant::Fat12) return flags;
  // The highest bit that an entry has, and the next one: set if all is well.
  const std::uint32_t clean = (boot.geometry.max_entry() >> 1) + 1;
  const std::uint32_t entry = fat.entry(1);
  flags.is_dirty = flags.is_dirty || (entry & clean) == 0;
  flags.has_errors = flags.has_errors || (entry & clean >> 1) == 0;
  return flags;
}

}  // namespace fstool::fat
