/// \file
/// Which part of a FAT file system lies where.
#pragma once

#include <cstdint>

namespace fstool::fat {

/// The bits of an entry of the file allocation table. fatgen103 tells the variants apart by the number of clusters
/// alone; see parse_geometry() for what is read all the same.
enum class Variant : std::uint8_t { Fat12 = 12, Fat16 = 16, Fat32 = 32 };

/// Clusters are counted from here: the first two entries of the FAT belong to no cluster.
inline constexpr std::uint32_t kFirstCluster = 2;

/// The most clusters that the variants have (fatgen103, "FAT type determination").
inline constexpr std::uint32_t kMaxFat12Clusters = 4084;
inline constexpr std::uint32_t kMaxFat16Clusters = 65524;
inline constexpr std::uint32_t kMaxFat32Clusters = 0x0FFFFFF5;

inline constexpr std::uint32_t kSlotSize = 32;  ///< bytes of a directory's slot

/// Numbers that fit together: what they describe has no overflow in 64 bits.
struct Geometry {
  Variant variant = Variant::Fat16;
  std::uint32_t sector_size = 512;  ///< bytes
  std::uint32_t sectors_per_cluster = 1;
  std::uint32_t reserved_sectors = 1;
  std::uint32_t fats = 2;          ///< copies
  std::uint32_t fat_sectors = 1;   ///< of one copy
  std::uint32_t root_entries = 0;  ///< FAT12 and FAT16: slots of the root directory
  std::uint32_t root_cluster = 0;  ///< FAT32: where the root directory begins
  std::uint32_t total_sectors = 0;
  std::uint32_t clusters = 0;

  std::uint32_t bits() const { return static_cast<std::uint32_t>(variant); }
  std::uint64_t size() const { return std::uint64_t{total_sectors} * sector_size; }
  std::uint64_t cluster_size() const { return std::uint64_t{sectors_per_cluster} * sector_size; }
  /// One more than the last cluster's number.
  std::uint32_t end_cluster() const { return kFirstCluster + clusters; }
  bool has_cluster(std::uint32_t cluster) const { return cluster >= kFirstCluster && cluster < end_cluster(); }
  std::uint64_t fat_bytes() const { return std::uint64_t{fat_sectors} * sector_size; }
  /// Where copy number `copy` of the FAT begins, in bytes.
  std::uint64_t fat_offset(std::uint32_t copy) const {
    return std::uint64_t{reserved_sectors} * sector_size + copy * fat_bytes();
  }
  /// Of FAT12 and FAT16.
  std::uint64_t root_offset() const { return fat_offset(fats); }
  std::uint64_t root_bytes() const { return std::uint64_t{root_entries} * kSlotSize; }
  std::uint64_t root_sectors() const { return (root_bytes() + sector_size - 1) / sector_size; }
  std::uint64_t data_offset() const { return root_offset() + root_sectors() * sector_size; }
  /// `cluster` must be at least kFirstCluster.
  std::uint64_t cluster_offset(std::uint32_t cluster) const {
    return data_offset() + std::uint64_t{cluster - kFirstCluster} * cluster_size();
  }

  /// What the FAT has in place of a next cluster.
  std::uint32_t max_entry() const { return variant == Variant::Fat32 ? 0x0FFFFFFF : (1U << bits()) - 1; }
  std::uint32_t bad_mark() const { return max_entry() - 8; }
  std::uint32_t first_end_mark() const { return max_entry() - 7; }
};

/// "fat12", "fat16", "fat32".
constexpr const char* variant_name(Variant variant) {
  switch (variant) {
    case Variant::Fat12:
      return "fat12";
    case Variant::Fat16:
      return "fat16";
    case Variant::Fat32:
      break;
  }
  return "fat32";
}

}  // namespace fstool::fat
