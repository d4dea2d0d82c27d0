/// \file
/// The header of an image that is read, checked, and what its extensions say.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "ondisk/geometry.h"
#include "ondisk/header.h"

namespace fstool::qcow2 {

/// A run of 8-byte entries in the file.
struct TablePlace {
  std::uint64_t offset = 0;   ///< bytes, a multiple of the cluster size
  std::uint64_t entries = 0;  ///< 8 bytes each

  std::uint64_t bytes() const noexcept { return entries * sizeof(std::uint64_t); }
};

/// Bytes of the file that an extension points at; not checked.
struct PointedRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

struct BitmapDirectoryPlace {
  PointedRange directory;
  std::uint32_t bitmaps = 0;
};

struct ImageHeader {
  std::uint32_t version = kVersion3;
  Geometry geometry{kMinClusterBits};
  std::uint64_t disk_size = 0;  ///< bytes
  Encryption encryption = Encryption::None;
  CompressionType compression = CompressionType::Zlib;
  std::uint64_t incompatible_features = 0;  ///< known ones only
  std::uint64_t compatible_features = 0;
  std::uint64_t autoclear_features = 0;

  TablePlace l1;              ///< inside the file, and long enough for the disk
  TablePlace refcount_table;  ///< not checked, except that it is not larger than QEMU allows
  std::uint64_t snapshots_offset = 0;
  std::uint32_t snapshots = 0;

  std::string backing_file;                   ///< as it is written; empty: none
  std::optional<std::string> backing_format;  ///< "raw"
  std::optional<std::string> data_file;       ///< as it is written
  std::optional<BitmapDirectoryPlace> bitmaps;
  std::optional<PointedRange> encryption_header;

  bool has_data_file() const noexcept;
  /// The names of the features that are switched on, as the specification has them.
  std::vector<std::string> feature_names() const;
};

/// Reads the header of `file` and its extensions. What is wrong but doesn't matter goes to context.report_damage().
/// Throws Error(Corrupt), and Error(Unsupported) for incompatible features that nobody here knows, by their names in
/// the feature name table, and for what exceeds QEMU's limits. Encrypted images are read.
ImageHeader read_header(const Blob& file, Context& context);

/// Throws Error(Corrupt) unless `l1`, of the file or of a snapshot, lies in the file at a multiple of the cluster size
/// and maps a disk of `disk_size` bytes; Error(Unsupported) if it is larger than QEMU allows. `what` names it.
void check_l1_table(const TablePlace& l1, std::uint64_t disk_size, Geometry geometry, const Blob& file,
                    const std::string& what);

/// `text`, which comes from an image, with control characters replaced: for messages.
std::string printable(std::string text);

}  // namespace fstool::qcow2
