/// \file
/// Reads the boot sector of an image.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "fstool/blob.h"
#include "ondisk/boot_sector.h"
#include "ondisk/geometry.h"

namespace fstool::fat {

/// A boot sector whose numbers make sense.
struct Boot {
  BootSectorHead head;
  ExtendedFields extended;
  std::optional<Fat32Fields> fat32;
  std::uint16_t signature = 0;
  Geometry geometry;
  std::uint64_t clusters_with_room = 0;  ///< those that the FAT has no entry for among them

  bool has_label() const { return extended.signature == kExtendedSignature; }
  bool has_volume_id() const { return has_label() || extended.signature == kShortExtendedSignature; }
};

/// The boot sector at `offset`. What makes sense is what the kernel's driver accepts: FAT32 is what has no 16-bit size
/// of its FAT, and the number of clusters tells FAT12 from FAT16. (fatgen103 goes by the number of clusters alone.
/// Small file systems that were made as FAT32 all the same are common, and can't be read in another way.) Throws
/// Error(Corrupt), and Error(Unsupported) for versions of FAT32 that don't exist yet.
Boot read_boot_sector(const Blob& image, std::uint64_t offset);

/// True if `boot` was read from a FAT file system rather than from a boot sector that resembles one: its FAT begins as
/// a FAT does, or it says in words what it is. Throws Error(Io).
bool is_fat(const Boot& boot, const Blob& image);

/// "1234-ABCD"; empty if there is none.
std::string volume_id_of(const Boot& boot);

/// Without the padding; empty if there is none.
std::string label_of(const Boot& boot);

/// Text in a label's field: code page 437, padded with blanks.
std::string decode_label(std::span<const std::uint8_t, 11> field);

}  // namespace fstool::fat
