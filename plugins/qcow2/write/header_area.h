/// \file
/// The first cluster of an image that is written: the header, its extensions, and the name of the backing file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "write/image_settings.h"

namespace fstool::qcow2 {

/// Where the tables are. Offsets in bytes, from the start of the file.
struct ImageTables {
  std::uint64_t l1_table_offset = 0;
  std::uint32_t l1_size = 0;  ///< entries
  std::uint64_t refcount_table_offset = 0;
  std::uint32_t refcount_table_clusters = 0;
};

/// The bytes to be written at offset 0. `disk_size` in bytes, a multiple of kSectorSize. Throws Error(InvalidArgument)
/// if the names in `settings` don't fit a cluster.
std::vector<std::byte> make_header_area(const ImageSettings& settings, std::uint64_t disk_size,
                                        const ImageTables& tables);

}  // namespace fstool::qcow2
