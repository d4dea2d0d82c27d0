#include "header.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "geometry.h"

namespace fstool::qcow2 {
namespace {

constexpr std::uint32_t kRefcountOrder = 4;  // 16 bits

constexpr std::uint32_t kFeatureNameTable = 0x6803f857;
constexpr std::uint32_t kEndOfExtensions = 0;

struct ExtensionHeader {
  boost::endian::big_uint32_t type;
  boost::endian::big_uint32_t length;  // bytes of data that follow, without the padding to a multiple of 8
};
static_assert(sizeof(ExtensionHeader) == 8);

/// One entry of the feature name table.
struct FeatureName {
  std::uint8_t type;  // the bitmap: 0 incompatible, 1 compatible, 2 autoclear
  std::uint8_t bit;
  std::array<char, 46> name;  // padded with zeros
};
static_assert(sizeof(FeatureName) == 48);

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

/// The whole area of the header.
struct HeaderArea {
  Header header;
  ExtensionHeader feature_name_table;
  std::array<FeatureName, 8> names;
  ExtensionHeader end;
};
static_assert(sizeof(HeaderArea) == std::size_t{1} << kMinClusterBits);

}  // namespace

std::vector<std::byte> make_header(unsigned cluster_bits, std::uint64_t disk_size, CompressionType compression,
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
  area.names = feature_names();
  area.feature_name_table.type = kFeatureNameTable;
  area.feature_name_table.length = sizeof(area.names);
  area.end.type = kEndOfExtensions;
  area.end.length = 0;

  std::vector<std::byte> bytes(sizeof(area));
  std::memcpy(bytes.data(), &area, sizeof(area));
  return bytes;
}

}  // namespace fstool::qcow2
