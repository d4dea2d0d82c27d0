/// \file
/// The sentences of maps, which all renderers use. Names from images are in
/// them as they are: whoever shows them escapes them.
#pragma once

#include <string>

#include "disk_map.h"

namespace fstool {

/// `disk.img: gpt disk, 512 MiB`, or what of it is shown.
std::string map_title(const DiskMap& map);

/// `partition 2 ("root")`, `GPT header`, `not in a partition`; what a disk without a table has: `file system`.
std::string region_title(const MapRegion& region);

/// `ext4 "ROOT", 120 MiB of 192 MiB in use, 72 MiB free`; or why nothing is known.
std::string region_summary(const MapRegion& region);

/// `1234 files, 12 of them in pieces (1.0 %); largest run of free space: 55 MiB`; empty if nobody knows.
std::string files_summary(const VolumeMap& volume);

/// `192 MiB from 1 MiB on`
std::string place_text(const ByteRange& range);

/// `1 piece`, `12 pieces`
std::string pieces_text(std::uint64_t fragments);

}  // namespace fstool
