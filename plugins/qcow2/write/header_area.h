/// \file
/// The first cluster of an image that is written: the header and its extensions.
#pragma once

#include <array>
#include <cstdint>

#include "ondisk/features.h"
#include "ondisk/header.h"
#include "ondisk/header_extension.h"

namespace fstool::qcow2 {

/// The header and its extensions. They fill the smallest cluster there is.
struct HeaderArea {
  Header header;
  HeaderExtension feature_name_table;
  std::array<FeatureName, kFeatures.size()> feature_names;
  HeaderExtension end;
};
static_assert(sizeof(HeaderArea) == 512);

/// What differs from image to image. Offsets in bytes, from the start of the file.
struct ImageTables {
  std::uint64_t l1_table_offset = 0;
  std::uint32_t l1_size = 0;  ///< entries
  std::uint64_t refcount_table_offset = 0;
  std::uint32_t refcount_table_clusters = 0;
};

/// The header and its extensions, to be written at offset 0. `disk_size` in bytes, a multiple of kSectorSize.
HeaderArea make_header(unsigned cluster_bits, std::uint64_t disk_size, CompressionType compression,
                       const ImageTables& tables);

}  // namespace fstool::qcow2
