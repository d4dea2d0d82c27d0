#include "read/image_header.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "fstool/error.h"
#include "fstool/size.h"
#include "ondisk/features.h"
#include "ondisk/header_extension.h"

namespace fstool::qcow2 {
namespace {

/// The header as it is on disk, with zeros for the fields that it doesn't have.
Header read_raw_header(const Blob& file) {
  Header header{};
  const auto read = [&](std::size_t bytes) {
    if (file.size() < bytes) throw Error(ErrorCode::Corrupt, "the file ends in the qcow2 header");
    file.read(0, std::as_writable_bytes(std::span(&header, 1)).first(bytes));
  };
  read(kVersion2HeaderBytes);
  if (header.magic != kMagic) throw Error(ErrorCode::Corrupt, "the file doesn't begin like a qcow2 image");
  if (header.version == kVersion2) {
    header.refcount_order = kDefaultRefcountOrder;
    header.header_length = static_cast<std::uint32_t>(kVersion2HeaderBytes);
    return header;
  }
  if (header.version != kVersion3) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("it is qcow2 of version {}; the versions 2 and 3 can be read", header.version.value()));
  }
  read(kMinVersion3HeaderBytes);
  if (header.header_length < kMinVersion3HeaderBytes) {
    throw Error(ErrorCode::Corrupt, fmt::format("the header says that it has {} bytes, and it has {} at least",
                                                header.header_length.value(), kMinVersion3HeaderBytes));
  }
  read(std::min<std::size_t>(header.header_length, sizeof(Header)));
  return header;
}

unsigned checked_cluster_bits(const Header& header) {
  if (header.cluster_bits < kMinClusterBits || header.cluster_bits >= 64) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("the header says that a cluster has 2^{} bytes", header.cluster_bits.value()));
  }
  if (header.cluster_bits > kMaxClusterBits) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("clusters of {} are too large: the largest that can be read have {}",
                            format_size(std::uint64_t{1} << header.cluster_bits),
                            format_size(std::uint64_t{1} << kMaxClusterBits)));
  }
  return header.cluster_bits;
}

Geometry checked_geometry(const Header& header) {
  const unsigned cluster_bits = checked_cluster_bits(header);
  if (header.refcount_order > kMaxRefcountOrder) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("the header says that a refcount has 2^{} bits", header.refcount_order.value()));
  }
  const bool extended = (header.incompatible_features & kExtendedL2.mask()) != 0;
  if (extended && cluster_bits < kMinSubclusterClusterBits) {
    throw Error(ErrorCode::Corrupt, fmt::format("clusters of {} are too small for extended L2 entries",
                                                format_size(std::uint64_t{1} << cluster_bits)));
  }
  return Geometry(cluster_bits, header.refcount_order, extended ? L2Format::Extended : L2Format::Standard);
}

CompressionType checked_compression(const Header& header) {
  const bool marked = (header.incompatible_features & kCompressionType.mask()) != 0;
  if (marked != (header.compression_type != 0)) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("the compression type is {}, and its feature bit is {}", header.compression_type, marked));
  }
  if (header.compression_type > static_cast<std::uint8_t>(CompressionType::Zstd)) {
    throw Error(ErrorCode::Unsupported, fmt::format("its clusters are compressed in a way that is not known (type {})",
                                                    header.compression_type));
  }
  return static_cast<CompressionType>(header.compression_type);
}

Encryption checked_encryption(const Header& header) {
  if (header.crypt_method > static_cast<std::uint32_t>(Encryption::Luks)) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("it is encrypted in a way that is not known (method {})", header.crypt_method.value()));
  }
  return static_cast<Encryption>(header.crypt_method.value());
}

/// Reads what lies behind the header in its cluster.
class ExtensionReader {
 public:
  ExtensionReader(const Blob& file, const Header& header, ImageHeader& image, Context& context)
      : header_(header), image_(image), context_(context) {
    const std::uint64_t cluster_size = image.geometry.cluster_size();
    if (header.header_length > cluster_size) {
      throw Error(ErrorCode::Corrupt, fmt::format("the header says that it has {} bytes, more than a cluster",
                                                  header.header_length.value()));
    }
    if (header.header_length % kExtensionAlignment != 0) {
      context.report_damage(
          fmt::format("the length of the header, {}, is not a multiple of 8", header.header_length.value()));
    }
    cluster_.resize(std::min(cluster_size, file.size()));
    file.read(0, cluster_);
  }

  void read() {
    read_backing_file();
    // The name of the backing file lies behind the extensions.
    std::uint64_t end = cluster_.size();
    if (header_.backing_file_offset >= header_.header_length)
      end = std::min<std::uint64_t>(end, header_.backing_file_offset);
    std::uint64_t at = header_.header_length;
    while (at <= end && end - at >= sizeof(HeaderExtension)) {
      HeaderExtension extension;
      std::memcpy(&extension, cluster_.data() + at, sizeof(extension));
      at += sizeof(extension);
      if (extension.type == kEndOfExtensions) return check_features();
      if (extension.length > end - at) {
        throw Error(ErrorCode::Corrupt, fmt::format("the header extension {:#x} of {} bytes reaches beyond its place",
                                                    extension.type.value(), extension.length.value()));
      }
      take(extension.type, std::span(cluster_).subspan(at, extension.length));
      at += round_up(extension.length, kExtensionAlignment);
    }
    check_features();
  }

 private:
  void read_backing_file() {
    if (header_.backing_file_offset == 0 || header_.backing_file_size == 0) return;
    const std::uint64_t offset = header_.backing_file_offset;
    const std::uint32_t size = header_.backing_file_size;
    if (size > kMaxBackingNameBytes || offset > cluster_.size() || size > cluster_.size() - offset) {
      throw Error(
          ErrorCode::Corrupt,
          fmt::format("the name of the backing file, {} bytes at {}, is not in the first cluster", size, offset));
    }
    image_.backing_file = text(std::span(cluster_).subspan(offset, size), "the name of the backing file");
  }

  void take(std::uint32_t type, std::span<const std::byte> data) {
    switch (type) {
      case kBackingFormatExtension:
        image_.backing_format = once(type, image_.backing_format, text(data, "the format of the backing file"));
        break;
      case kDataFileExtension:
        image_.data_file = once(type, image_.data_file, text(data, "the name of the data file"));
        break;
      case kFeatureNameTable:
        feature_names_ = data;
        break;
      case kBitmapsExtension: {
        const auto found = structure<BitmapsExtension>(type, data);
        image_.bitmaps = once(type, image_.bitmaps,
                              BitmapDirectoryPlace{{found.directory_offset, found.directory_size}, found.nb_bitmaps});
        break;
      }
      case kEncryptionExtension: {
        const auto found = structure<EncryptionPointer>(type, data);
        image_.encryption_header = once(type, image_.encryption_header, PointedRange{found.offset, found.length});
        break;
      }
      default:
        break;
    }
  }

  /// The first value that an extension gave; more of them are damage.
  template <class Value>
  Value once(std::uint32_t type, const std::optional<Value>& before, Value now) {
    if (!before) return now;
    context_.report_damage(fmt::format("there are several header extensions {:#x}", type));
    return *before;
  }

  static std::string text(std::span<const std::byte> bytes, const char* what) {
    std::string result(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (result.find('\0') != std::string::npos) throw Error(ErrorCode::Corrupt, fmt::format("{} has a NUL", what));
    return result;
  }

  template <class Structure>
  static Structure structure(std::uint32_t type, std::span<const std::byte> data) {
    Structure result{};
    if (data.size() < sizeof(result)) {
      throw Error(ErrorCode::Corrupt, fmt::format("the header extension {:#x} has {} bytes, and {} are needed", type,
                                                  data.size(), sizeof(result)));
    }
    std::memcpy(&result, data.data(), sizeof(result));
    return result;
  }

  /// Only now the names of the features are known.
  void check_features() const {
    const std::uint64_t unknown = header_.incompatible_features & ~kKnownIncompatible;
    if (unknown == 0) return;
    std::vector<std::string> names;
    for (std::uint8_t bit = 0; bit < 64; ++bit) {
      if ((unknown >> bit & 1U) != 0) names.push_back(incompatible_name(bit));
    }
    throw Error(ErrorCode::Unsupported, fmt::format("it has features that can't be read: {}", fmt::join(names, ", ")));
  }

  std::string incompatible_name(std::uint8_t bit) const {
    for (auto rest = feature_names_; rest.size() >= sizeof(FeatureName); rest = rest.subspan(sizeof(FeatureName))) {
      FeatureName name;
      std::memcpy(&name, rest.data(), sizeof(name));
      if (name.type != static_cast<std::uint8_t>(FeatureType::Incompatible) || name.bit != bit) continue;
      const auto end = std::find(name.name.begin(), name.name.end(), '\0');
      return fmt::format("\"{}\" (bit {})", printable({name.name.begin(), end}), bit);
    }
    return fmt::format("one without a name (bit {})", bit);
  }

  const Header& header_;
  ImageHeader& image_;
  Context& context_;
  std::vector<std::byte> cluster_;
  std::span<const std::byte> feature_names_;
};

}  // namespace

bool ImageHeader::has_data_file() const noexcept { return (incompatible_features & kExternalDataFile.mask()) != 0; }

std::vector<std::string> ImageHeader::feature_names() const {
  std::vector<std::string> names;
  for (const Feature& feature : kFeatures) {
    const std::uint64_t set = feature.type == FeatureType::Incompatible ? incompatible_features
                              : feature.type == FeatureType::Compatible ? compatible_features
                                                                        : autoclear_features;
    if ((set & feature.mask()) != 0) names.emplace_back(feature.name);
  }
  return names;
}

ImageHeader read_header(const Blob& file, Context& context) {
  const Header header = read_raw_header(file);
  ImageHeader image;
  image.version = header.version;
  image.geometry = checked_geometry(header);
  ExtensionReader(file, header, image, context).read();
  image.disk_size = header.size;
  image.encryption = checked_encryption(header);
  image.compression = checked_compression(header);
  image.incompatible_features = header.incompatible_features;
  image.compatible_features = header.compatible_features;
  image.autoclear_features = header.autoclear_features;
  image.l1 = {header.l1_table_offset, header.l1_size};
  check_l1_table(image.l1, image.disk_size, image.geometry, file, "the L1 table");
  const std::uint64_t refcount_table_bytes = std::uint64_t{header.refcount_table_clusters}
                                             << image.geometry.cluster_bits();
  image.refcount_table = {header.refcount_table_offset, refcount_table_bytes / sizeof(std::uint64_t)};
  image.snapshots_offset = header.snapshots_offset;
  image.snapshots = header.nb_snapshots;
  return image;
}

void check_l1_table(const TablePlace& l1, std::uint64_t disk_size, Geometry geometry, const Blob& file,
                    const std::string& what) {
  if (l1.bytes() > kMaxL1Bytes) {
    throw Error(ErrorCode::Unsupported, fmt::format("{} has {}: more than {} can't be read", what,
                                                    format_size(l1.bytes()), format_size(kMaxL1Bytes)));
  }
  if (l1.entries < div_ceil(disk_size, geometry.l2_table_reach())) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("{} has {} entries, too few for a disk of {}", what, l1.entries, format_size(disk_size)));
  }
  if (l1.entries == 0) return;
  if (l1.offset % geometry.cluster_size() != 0) {
    throw Error(ErrorCode::Corrupt, fmt::format("{} begins at {:#x}, not at a cluster", what, l1.offset));
  }
  if (l1.offset > file.size() || l1.bytes() > file.size() - l1.offset) {
    throw Error(ErrorCode::Corrupt, fmt::format("{} reaches beyond the end of the file: it may be cut off", what));
  }
}

std::string printable(std::string text) {
  std::ranges::replace_if(
      text, [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; }, '?');
  return text;
}

}  // namespace fstool::qcow2
