/// \file
/// Whether a file system was unmounted cleanly.
#pragma once

#include <string>

#include "read/boot_sector_reader.h"
#include "read/fat_table.h"

namespace fstool::fat {

/// The flags stand in two places: Windows NT and Linux keep them in the boot sector, Windows 95 and later in the second
/// entry of the FAT (not of FAT12).
struct VolumeFlags {
  bool is_dirty = false;
  bool has_errors = false;

  /// "clean", "not clean", "clean with errors", "not clean with errors".
  std::string text() const {
    return std::string(is_dirty ? "not clean" : "clean") + (has_errors ? " with errors" : "");
  }
};

/// Throws Error(Corrupt/Io) if the FAT can't be read.
VolumeFlags read_volume_flags(const Boot& boot, const FatTable& fat);

}  // namespace fstool::fat
