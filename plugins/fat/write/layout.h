/// \file
/// Chooses the variant, the size of clusters, and the sizes of all areas.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "fstool/filesystem.h"
#include "ondisk/geometry.h"
#include "options.h"
#include "write/contents.h"

namespace fstool::fat {

/// A geometry, and what only BIOSes and DOS ask for.
struct Layout {
  Geometry geometry;
  std::uint64_t used_clusters = 0;
  std::uint8_t media = 0xF8;
  std::uint8_t drive_number = 0x80;
  std::uint16_t sectors_per_track = 32;
  std::uint16_t heads = 2;
};

/// Lays out file systems for given contents. The variant goes by the size as with mkfs.vfat (FAT32 from 512 MiB on),
/// the cluster size as fatgen103 recommends; the standard floppy disks have the parameters that DOS gave them.
class LayoutPlanner {
 public:
  /// Throws Error(InvalidArgument) for options that can't go together. The arguments must outlive this.
  LayoutPlanner(const Contents& contents, const FatOptions& options, std::uint32_t disk_sector_size);

  /// As request.size says. Throws Error(NoSpace) if the size is too small, saying what is needed; Error(Unsupported) if
  /// it is too large.
  Layout plan(const SizeRequest& size) const;

 private:
  struct Choice {
    Variant variant;
    std::uint32_t sectors_per_cluster;
  };

  std::uint32_t root_entries(std::uint32_t usual) const;
  std::uint32_t reserved_sectors(Variant variant) const;
  bool allows(const Choice& choice) const;
  /// The geometry with these sectors; nothing if the variant can't have so many clusters, or so few.
  std::optional<Geometry> geometry(const Choice& choice, std::uint64_t sectors) const;
  /// The sectors of the smallest file system that has so many clusters.
  std::optional<std::uint64_t> fewest_sectors(const Choice& choice, std::uint64_t clusters) const;
  /// What suits a file system of so many sectors, best first.
  std::vector<Choice> preferences(std::uint64_t sectors) const;
  /// The geometry that suits a number of sectors; nothing if there is none, or, with `must_fit`, none in which the
  /// contents fit.
  std::optional<Geometry> choose(std::uint64_t sectors, bool must_fit) const;
  std::uint64_t used_clusters(const Geometry& geometry) const;
  /// True if the contents leave at least `headroom` clusters free.
  bool fits(const Geometry& geometry, std::uint64_t headroom) const;
  Geometry fit(const SizeRequest& size) const;
  Geometry fixed(std::uint64_t size) const;
  /// The options that limit the size, for messages: "FAT16 with clusters of 4 KiB".
  std::string describe_limits() const;

  const Contents& contents_;
  const FatOptions& options_;
  std::uint32_t sector_size_;
  std::array<std::uint64_t, 17> clusters_below_root_{};  // by the binary logarithm of the cluster size
};

}  // namespace fstool::fat
