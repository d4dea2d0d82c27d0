/// \file
/// What an image says about itself.
#pragma once

#include <cstdint>
#include <optional>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "ondisk/footer.h"

namespace fstool::vhd {

/// Where the blocks of a dynamic disk are.
struct Blocks {
  std::uint64_t header_offset = 0;  ///< of the dynamic disk header, in bytes
  std::uint64_t table_offset = 0;   ///< of the block allocation table, in bytes; the table lies inside the file
  std::uint64_t table_entries = 0;  ///< at least the blocks of the disk
  std::uint64_t block_size = 0;     ///< bytes, a power of two, at least a sector
};

struct Image {
  Footer footer;
  std::uint64_t disk_size = 0;   ///< bytes, a multiple of the sector size; a fixed disk lies inside the file
  std::uint64_t footer_at = 0;   ///< where the footer at the end begins; the size of the file if there is none
  std::optional<Blocks> blocks;  ///< nothing for a fixed disk
};

/// Reads the footers and the dynamic disk header. The disk has the size that QEMU gives it: the current size, where the
/// creator is one that goes by it or the geometry says nothing, else that of the geometry. A footer that is damaged or
/// missing is reported as damage if there is a copy, and so are copies that differ and a header with a wrong checksum.
/// Throws Error(Corrupt), and Error(Unsupported) for differencing disks, disks above 2040 GiB and tables above 64 MiB.
Image read_image(const Blob& file, Context& context);

/// True for a file that begins with the cookie of a footer, or ends with a footer whose checksum is right.
bool probe(const Blob& file);

}  // namespace fstool::vhd
