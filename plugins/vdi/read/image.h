/// \file
/// What an image says about itself.
#pragma once

#include <cstdint>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "ondisk/header.h"

namespace fstool::vdi {

struct Image {
  ImageType type = ImageType::Dynamic;  ///< or Static
  std::uint64_t disk_size = 0;          ///< bytes, a multiple of the sector size
  std::uint64_t block_size = 0;         ///< bytes, a power of two, at least a sector
  std::uint64_t map_offset = 0;         ///< of the block map, in bytes; the map lies inside the file
  std::uint64_t data_offset = 0;        ///< of the blocks, in bytes
  std::uint32_t blocks = 0;             ///< entries of the block map, at least the blocks of the disk
  std::uint32_t blocks_allocated = 0;   ///< as the header says
};

/// Reads the header. A disk that is not a multiple of 512 bytes ends with the sector that it ends in, as with QEMU:
/// VBoxManage makes such images. Damage that can be read around is reported. Throws Error(Corrupt), and
/// Error(Unsupported) for differencing and undo images, other versions and disks of 512 TiB or more.
Image read_image(const Blob& file, Context& context);

/// True for a file with the signature.
bool probe(const Blob& file);

}  // namespace fstool::vdi
