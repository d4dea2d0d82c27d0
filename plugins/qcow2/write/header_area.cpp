#include "write/header_area.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "fstool/error.h"
#include "fstool/size.h"
#include "ondisk/features.h"
#include "ondisk/header.h"
#include "ondisk/header_extension.h"

namespace fstool::qcow2 {
namespace {

using FeatureNameTable = std::array<FeatureName, kFeatures.size()>;

/// All features that the specification names, as QEMU writes them: a program that doesn't know a feature that is
/// switched on later can still say its name.
FeatureNameTable feature_names() {
  FeatureNameTable names{};
  for (std::size_t i = 0; i < kFeatures.size(); ++i) {
    names[i].type = static_cast<std::uint8_t>(kFeatures[i].type);
    names[i].bit = kFeatures[i].bit;
    std::ranges::copy(kFeatures[i].name, names[i].name.begin());
  }
  return names;
}

std::uint64_t incompatible_features(const ImageSettings& settings) {
  std::uint64_t features = 0;
  if (!settings.data_file.name.empty()) features |= kExternalDataFile.mask();
  if (settings.compression != CompressionType::Zlib) features |= kCompressionType.mask();
  if (settings.geometry.has_subclusters()) features |= kExtendedL2.mask();
  return features;
}

Header make_header(const ImageSettings& settings, std::uint64_t disk_size, const ImageTables& tables) {
  Header header{};
  header.magic = kMagic;
  header.version = settings.version;
  header.cluster_bits = settings.geometry.cluster_bits();
  header.size = disk_size;
  header.l1_size = tables.l1_size;
  header.l1_table_offset = tables.l1_table_offset;
  header.refcount_table_offset = tables.refcount_table_offset;
  header.refcount_table_clusters = tables.refcount_table_clusters;
  header.incompatible_features = incompatible_features(settings);
  header.compatible_features = settings.lazy_refcounts ? kLazyRefcounts.mask() : 0;
  header.autoclear_features = settings.data_file.raw ? kRawExternalData.mask() : 0;
  header.refcount_order = settings.geometry.refcount_order();
  header.header_length = sizeof(Header);
  header.compression_type = static_cast<std::uint8_t>(settings.compression);
  return header;
}

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

/// Puts bytes one behind the other.
class Area {
 public:
  explicit Area(std::uint64_t capacity) : capacity_(capacity) {}

  void add(std::span<const std::byte> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }

  void add_extension(std::uint32_t type, std::span<const std::byte> data) {
    HeaderExtension extension;
    extension.type = type;
    extension.length = static_cast<std::uint32_t>(data.size());
    add(std::as_bytes(std::span(&extension, 1)));
    add(data);
    bytes_.resize(round_up(bytes_.size(), kExtensionAlignment));
  }

  std::uint64_t size() const noexcept { return bytes_.size(); }
  std::uint64_t room() const noexcept { return capacity_ - std::min<std::uint64_t>(capacity_, bytes_.size()); }
  std::vector<std::byte> take() {
    if (bytes_.size() > capacity_) {
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("the names of other files don't fit the header of a qcow2 image with clusters of {}: "
                              "choose a larger cluster_size or shorter names",
                              format_size(capacity_)));
    }
    return std::move(bytes_);
  }

 private:
  std::uint64_t capacity_;
  std::vector<std::byte> bytes_;
};

}  // namespace

std::vector<std::byte> make_header_area(const ImageSettings& settings, std::uint64_t disk_size,
                                        const ImageTables& tables) {
  Header header = make_header(settings, disk_size, tables);
  const bool has_features = settings.version >= kVersion3;
  const auto header_bytes =
      std::as_bytes(std::span(&header, 1)).first(has_features ? sizeof(Header) : kVersion2HeaderBytes);
  Area area(settings.geometry.cluster_size());
  area.add(header_bytes);
  if (!settings.backing.name.empty()) area.add_extension(kBackingFormatExtension, bytes_of(settings.backing.format));
  if (!settings.data_file.name.empty()) area.add_extension(kDataFileExtension, bytes_of(settings.data_file.name));
  // The table only serves messages: it goes where there is room, which small clusters lack beside names.
  const FeatureNameTable names = feature_names();
  const std::uint64_t still_to_come = sizeof(HeaderExtension) + settings.backing.name.size();
  if (has_features && area.room() >= sizeof(HeaderExtension) + sizeof(names) + still_to_come) {
    area.add_extension(kFeatureNameTable, std::as_bytes(std::span(names)));
  }
  area.add_extension(kEndOfExtensions, {});
  if (!settings.backing.name.empty()) {
    header.backing_file_offset = area.size();
    header.backing_file_size = static_cast<std::uint32_t>(settings.backing.name.size());
    area.add(bytes_of(settings.backing.name));
  }
  std::vector<std::byte> bytes = area.take();
  std::ranges::copy(header_bytes, bytes.begin());
  return bytes;
}

}  // namespace fstool::qcow2
