/// \file
/// Writes a disk as a VMDK file, once. The disk is read front to back; what the file consists of is in this order:
///
///     monolithicSparse                             streamOptimized
///     header                                       header, which leaves all else to the footer
///     descriptor                                   descriptor
///     redundant grain directory, its tables        for each grain table that isn't empty:
///     grain directory, its tables                      its grains, each compressed behind a marker
///     grains                                           the marker of a table, the table
///                                                  the marker of the directory, the grain directory
///                                                  the footer between markers
///
/// Of monolithicSparse, all tables have a place, as VMware's programs want it, but those without grains are holes in
/// the file. Which grains exist depends on their bytes alone: data that is all zeros is left out like a hole. The
/// content ID, which other programs draw at random, derives from the content, so the header and the descriptor are
/// written last.
#pragma once

#include <cstdint>
#include <string>

#include "fstool/blob.h"
#include "fstool/codec.h"
#include "fstool/context.h"
#include "fstool/output_file.h"

namespace fstool::vmdk {

struct ImageParameters {
  std::uint64_t grain_sectors = 0;  ///< a power of two
  std::string adapter_type;         ///< as the descriptor has it
  std::uint32_t hardware_version = 0;
};

/// Writes all of `disk`, which is not empty and for which a grain directory of kMaxDirectoryEntries is enough. Its end
/// is padded with zeros to a whole sector. With a codec, which must make streams of zlib, the image is streamOptimized,
/// else monolithicSparse. Errors are those of the disk, the output and the codec, Error(Unsupported) for more data than
/// a file can hold, and Error(Cancelled).
void write_image(const Blob& disk, OutputFile& output, const Codec* codec, const ImageParameters& parameters,
                 Context& context);

}  // namespace fstool::vmdk
