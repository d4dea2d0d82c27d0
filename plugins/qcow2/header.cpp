#include "header.h"

#include <algorithm>
#include <string_view>

namespace fstool::qcow2 {
namespace {

constexpr std::uint32_t kRefcountOrder = 4;  // 16 bits

constexpr std::uint32_t kFeatureNameTable = 0x6803f857;
constexpr std::uint32_t kEndOfExtensions = 0;

FeatureName feature_name(std::uint8_t type, std::uint8_t bit, std::string_view name) {
  FeatureName entry{type, bit, {}};
  std::ranges::copy(name, entry.name.begin());
  return entry;
}

/// All features that the specification names, as QEMU writes them: a program that doesn't know a feature that is
/// switched on later can still say its name.
std::array<FeatureName, 8> feature_names() {
  return {feature_name(0, 0, "dirty bit"),
          feature_name(0, 1, "corrupt bit"),
          feature_name(0, 2, "external data file"),
          feature_name(0, 3, "compression type"),
          feature_name(0, 4, "extended L2 entries"),
          feature_name(1, 0, "lazy refcounts"),
          feature_name(2, 0, "bitmaps"),
          feature_name(2, 1, "raw external data")};
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
  header.incompatible_features = compression == CompressionType::Zlib ? 0 : kIncompatibleCompressionType;
  header.refcount_order = kRefcountOrder;
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
