#include "write/header_area.h"

#include <algorithm>

#include "ondisk/geometry.h"

namespace fstool::qcow2 {
namespace {

/// All features that the specification names, as QEMU writes them: a program that doesn't know a feature that is
/// switched on later can still say its name.
std::array<FeatureName, kFeatures.size()> feature_names() {
  std::array<FeatureName, kFeatures.size()> names{};
  for (std::size_t i = 0; i < kFeatures.size(); ++i) {
    names[i].type = static_cast<std::uint8_t>(kFeatures[i].type);
    names[i].bit = kFeatures[i].bit;
    std::ranges::copy(kFeatures[i].name, names[i].name.begin());
  }
  return names;
}

}  // namespace

HeaderArea make_header(unsigned cluster_bits, std::uint64_t disk_size, CompressionType compression,
                       const ImageTables& tables) {
  HeaderArea area{};
  Header& header = area.header;
  header.magic = kMagic;
  header.version = kVersion3;
  header.cluster_bits = cluster_bits;
  header.size = disk_size;
  header.l1_size = tables.l1_size;
  header.l1_table_offset = tables.l1_table_offset;
  header.refcount_table_offset = tables.refcount_table_offset;
  header.refcount_table_clusters = tables.refcount_table_clusters;
  header.incompatible_features = compression == CompressionType::Zlib ? 0 : kCompressionType.mask();
  header.refcount_order = kDefaultRefcountOrder;
  header.header_length = sizeof(Header);
  header.compression_type = static_cast<std::uint8_t>(compression);
  area.feature_names = feature_names();
  area.feature_name_table.type = kFeatureNameTable;
  area.feature_name_table.length = sizeof(area.feature_names);
  area.end.type = kEndOfExtensions;
  area.end.length = 0;
  return area;
}

}  // namespace fstool::qcow2
