#include "write/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "fstool/error.h"
#include "fstool/partition_layout.h"
#include "fstool/size.h"
#include "ondisk/boot_sector.h"
#include "write/floppy.h"

namespace fstool::fat {

namespace {

constexpr std::uint64_t kMiB = 1024ULL * 1024;
constexpr std::uint64_t kGiB = 1024 * kMiB;
constexpr std::uint32_t kMinClusterSize = 512;
constexpr std::uint32_t kMaxClusterSize = 65'536;
constexpr std::uint32_t kMaxSectorsPerCluster = 128;
constexpr std::uint32_t kUsualRootEntries = 512;
constexpr std::uint64_t kFat32From = 512 * kMiB;
constexpr std::uint32_t kUsualSectorsPerTrack = 32;
constexpr std::uint32_t kUsualFat32Reserved = 32;
constexpr std::uint32_t kFloppySectorSize = 512;
constexpr std::uint64_t kMaxSectors = std::numeric_limits<std::uint32_t>::max();

/// How many clusters a variant is given. Drivers that count wrongly take those near the limits for the other variant,
/// so fatgen103 advises to stay away from them.
struct ClusterLimits {
  std::uint32_t fewest;
  std::uint32_t most;
};

ClusterLimits limits_of(Variant variant) {
  constexpr std::uint32_t kMargin = 4;
  switch (variant) {
    case Variant::Fat12:
      return {1, kMaxFat12Clusters - kMargin};
    case Variant::Fat16:
      return {kMaxFat12Clusters + 1 + kMargin, kMaxFat16Clusters - kMargin};
    case Variant::Fat32:
      break;
  }
  return {kMaxFat16Clusters + 1 + kMargin, kMaxFat32Clusters - kMargin};
}

/// The cluster size in bytes that fatgen103 recommends for a file system of that size; of FAT12, the smallest.
std::uint32_t usual_cluster_size(Variant variant, std::uint64_t size) {
  struct Row {
    std::uint64_t below;  // bytes
    std::uint32_t cluster_size;
  };
  static constexpr std::array<Row, 5> kFat16 = {
      {{16 * kMiB, 1024}, {128 * kMiB, 2048}, {256 * kMiB, 4096}, {512 * kMiB, 8192}, {kGiB, 16384}}};
  static constexpr std::array<Row, 4> kFat32 = {
      {{260 * kMiB, 512}, {8 * kGiB, 4096}, {16 * kGiB, 8192}, {32 * kGiB, 16384}}};
  constexpr std::uint32_t kLargest = 32768;
  const auto find = [&](const auto& rows) {
    const auto* const row = std::ranges::find_if(rows, [&](const Row& r) { return size < r.below; });
    return row == rows.end() ? kLargest : row->cluster_size;
  };
  switch (variant) {
    case Variant::Fat12:
      return kMinClusterSize;
    case Variant::Fat16:
      return find(kFat16);
    case Variant::Fat32:
      break;
  }
  return find(kFat32);
}

std::uint64_t fat_sectors_for(std::uint64_t clusters, Variant variant, std::uint32_t sector_size) {
  const std::uint64_t bits = (clusters + kFirstCluster) * static_cast<std::uint64_t>(variant);
  return div_ceil(div_ceil(bits, 8), sector_size);
}

/// Heads that let a BIOS with 1024 cylinders reach everything, if there are any.
std::uint16_t usual_heads(std::uint64_t tracks) {
  constexpr std::uint64_t kMaxCylinders = 1024;
  for (std::uint16_t heads = 2; heads <= 128; heads = static_cast<std::uint16_t>(heads * 2)) {
    if (tracks <= kMaxCylinders * heads) return heads;
  }
  return 255;
}

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::InvalidArgument, why); }

void check_options(const FatOptions& options, std::uint32_t sector_size) {
  if (options.cluster_size) {
    const std::uint64_t size = options.cluster_size->value;
    if (!std::has_single_bit(size) || size < sector_size || size > kMaxClusterSize) {
      refuse(fmt::format("cluster_size = {} is not a power of two from the sector size of {} up to {}", size,
                         sector_size, kMaxClusterSize));
    }
  }
  if (options.media && !is_media_descriptor(*options.media)) {
    refuse(fmt::format("media = {} is not 240 or one of 248 to 255", *options.media));
  }
  const bool is_small = options.fat_bits && *options.fat_bits != Variant::Fat32;
  if (is_small && options.backup_boot_sector) refuse("backup_boot_sector is only for FAT32");
  if (options.fat_bits == Variant::Fat32 && options.root_entries) refuse("root_entries is only for FAT12 and FAT16");
}

/// Of a power of two.
std::size_t binary_logarithm(std::uint64_t size) { return static_cast<std::size_t>(std::countr_zero(size)); }

}  // namespace

LayoutPlanner::LayoutPlanner(const Contents& contents, const FatOptions& options, std::uint32_t disk_sector_size)
    : contents_(contents), options_(options), sector_size_(options.sector_size.value_or(disk_sector_size)) {
  check_options(options_, sector_size_);
  for (std::uint64_t size = kMinClusterSize; size <= kMaxClusterSize; size *= 2) {
    clusters_below_root_[binary_logarithm(size)] = contents_.clusters_below_root(size);
  }
}

std::uint32_t LayoutPlanner::root_entries(std::uint32_t usual) const {
  const std::uint32_t per_sector = sector_size_ / kSlotSize;
  const std::uint32_t wanted = std::max(usual, contents_.root_slots());
  return static_cast<std::uint32_t>(round_up(options_.root_entries.value_or(wanted), per_sector));
}

std::uint32_t LayoutPlanner::reserved_sectors(Variant variant) const {
  return options_.reserved_sectors.value_or(variant == Variant::Fat32 ? kUsualFat32Reserved : 1);
}

bool LayoutPlanner::allows(const Choice& choice) const {
  if (options_.fat_bits && *options_.fat_bits != choice.variant) return false;
  const std::uint64_t cluster_size = std::uint64_t{choice.sectors_per_cluster} * sector_size_;
  return !options_.cluster_size || options_.cluster_size->value == cluster_size;
}

std::optional<Geometry> LayoutPlanner::geometry(const Choice& choice, std::uint64_t sectors) const {
  if (sectors > kMaxSectors) return std::nullopt;
  const Floppy* floppy = sector_size_ == kFloppySectorSize ? find_floppy(sectors) : nullptr;
  if (choice.variant != Variant::Fat12) floppy = nullptr;
  Geometry geometry;
  geometry.variant = choice.variant;
  geometry.sector_size = sector_size_;
  geometry.sectors_per_cluster = choice.sectors_per_cluster;
  geometry.reserved_sectors = reserved_sectors(choice.variant);
  geometry.fats = options_.fats;
  geometry.total_sectors = static_cast<std::uint32_t>(sectors);
  if (choice.variant == Variant::Fat32) {
    geometry.root_cluster = kFirstCluster;
  } else {
    geometry.root_entries = root_entries(floppy != nullptr ? floppy->root_entries : kUsualRootEntries);
    if (geometry.root_entries > std::numeric_limits<std::uint16_t>::max()) return std::nullopt;
  }
  // A larger FAT leaves fewer clusters, which need no larger FAT: this ends.
  geometry.fat_sectors = 1;
  while (true) {
    const std::uint64_t data_sector = geometry.data_offset() / sector_size_;
    if (data_sector >= sectors) return std::nullopt;
    const std::uint64_t clusters = (sectors - data_sector) / choice.sectors_per_cluster;
    const std::uint64_t needed = fat_sectors_for(clusters, choice.variant, sector_size_);
    const std::uint64_t misplaced = data_sector % choice.sectors_per_cluster;
    if (needed > geometry.fat_sectors) {
      geometry.fat_sectors = static_cast<std::uint32_t>(needed);
      geometry.reserved_sectors = reserved_sectors(choice.variant);
    } else if (misplaced != 0 && floppy == nullptr && !options_.reserved_sectors) {
      geometry.reserved_sectors += choice.sectors_per_cluster - static_cast<std::uint32_t>(misplaced);
    } else {
      const ClusterLimits limits = limits_of(choice.variant);
      if (clusters < limits.fewest || clusters > limits.most) return std::nullopt;
      geometry.clusters = static_cast<std::uint32_t>(clusters);
      return geometry;
    }
  }
}

std::optional<std::uint64_t> LayoutPlanner::fewest_sectors(const Choice& choice, std::uint64_t clusters) const {
  const ClusterLimits limits = limits_of(choice.variant);
  if (clusters > limits.most) return std::nullopt;
  clusters = std::max<std::uint64_t>(clusters, limits.fewest);
  std::uint64_t sectors = reserved_sectors(choice.variant) + clusters * choice.sectors_per_cluster +
                          options_.fats * fat_sectors_for(clusters, choice.variant, sector_size_);
  if (choice.variant != Variant::Fat32) {
    sectors += std::uint64_t{root_entries(kUsualRootEntries)} * kSlotSize / sector_size_;
  }
  // Whole tracks: some programs take others amiss. Alignment takes less than a cluster more.
  sectors = round_up(sectors, kUsualSectorsPerTrack);
  const std::uint64_t enough = sectors + choice.sectors_per_cluster + kUsualSectorsPerTrack;
  for (; sectors <= enough; sectors += kUsualSectorsPerTrack) {
    const auto found = geometry(choice, sectors);
    if (found && found->clusters >= clusters) return sectors;
  }
  return std::nullopt;
}

std::vector<LayoutPlanner::Choice> LayoutPlanner::preferences(std::uint64_t sectors) const {
  const std::uint64_t size = sectors * sector_size_;
  std::vector<Choice> choices;
  const auto add = [&](Variant variant, std::uint64_t cluster_size) {
    const Choice choice{variant, static_cast<std::uint32_t>(cluster_size / sector_size_)};
    if (choice.sectors_per_cluster <= kMaxSectorsPerCluster && allows(choice)) choices.push_back(choice);
  };
  if (const Floppy* floppy = find_floppy(sectors); floppy != nullptr && sector_size_ == kFloppySectorSize) {
    add(Variant::Fat12, std::uint64_t{floppy->sectors_per_cluster} * sector_size_);
  }
  const auto order = size >= kFat32From ? std::array{Variant::Fat32, Variant::Fat16, Variant::Fat12}
                                        : std::array{Variant::Fat16, Variant::Fat12, Variant::Fat32};
  for (const Variant variant : order) {
    const std::uint64_t usual = std::max(usual_cluster_size(variant, size), sector_size_);
    for (std::uint64_t cluster_size = usual; cluster_size <= kMaxClusterSize; cluster_size *= 2) {
      add(variant, cluster_size);
    }
  }
  for (const Variant variant : order) {
    const std::uint64_t usual = std::max(usual_cluster_size(variant, size), sector_size_);
    for (std::uint64_t cluster_size = usual / 2; cluster_size >= sector_size_; cluster_size /= 2) {
      add(variant, cluster_size);
    }
  }
  return choices;
}

std::optional<Geometry> LayoutPlanner::choose(std::uint64_t sectors, bool must_fit) const {
  for (const Choice& choice : preferences(sectors)) {
    const auto found = geometry(choice, sectors);
    if (found && (!must_fit || fits(*found, 0))) return found;
  }
  return std::nullopt;
}

std::uint64_t LayoutPlanner::used_clusters(const Geometry& geometry) const {
  const std::uint64_t below_root = clusters_below_root_[binary_logarithm(geometry.cluster_size())];
  if (geometry.variant != Variant::Fat32) return below_root;
  const std::uint64_t root_bytes = std::uint64_t{contents_.root_slots()} * kSlotSize;
  return below_root + std::max<std::uint64_t>(1, div_ceil(root_bytes, geometry.cluster_size()));
}

bool LayoutPlanner::fits(const Geometry& geometry, std::uint64_t headroom) const {
  if (geometry.variant != Variant::Fat32 && contents_.root_slots() > geometry.root_entries) return false;
  return used_clusters(geometry) + headroom <= geometry.clusters;
}

Geometry LayoutPlanner::fit(const SizeRequest& size) const {
  const auto headroom = [&](const Geometry& geometry) {
    const std::uint64_t share = div_ceil(geometry.size() * size.free_percent, 100);
    return div_ceil(std::max(size.free_bytes, share), geometry.cluster_size());
  };
  // Begin with what any choice needs, and go on with what the one that suits that size needs, until it has it.
  std::optional<std::uint64_t> sectors;
  for (const Choice& choice : preferences(0)) {
    Geometry geometry;
    geometry.variant = choice.variant;
    geometry.sector_size = sector_size_;
    geometry.sectors_per_cluster = choice.sectors_per_cluster;
    const auto fewest = fewest_sectors(choice, used_clusters(geometry) + headroom(geometry));
    if (fewest && (!sectors || *fewest < *sectors)) sectors = fewest;
  }
  while (sectors && *sectors <= kMaxSectors) {
    std::uint64_t next = *sectors + round_up(*sectors / 64, kUsualSectorsPerTrack) + kUsualSectorsPerTrack;
    if (const auto found = choose(*sectors, false)) {
      const std::uint64_t spare = headroom(*found);
      if (fits(*found, spare)) return *found;
      const Choice choice{found->variant, found->sectors_per_cluster};
      const auto fewest = fewest_sectors(choice, used_clusters(*found) + spare);
      if (fewest && *fewest > *sectors) next = *fewest;
    }
    sectors = next;
  }
  throw Error(ErrorCode::NoSpace, fmt::format("the tree ({} of files) needs more than {} has",
                                              format_size(contents_.file_bytes()), describe_limits()));
}

std::string LayoutPlanner::describe_limits() const {
  std::string text = options_.fat_bits ? fmt::format("FAT{}", static_cast<unsigned>(*options_.fat_bits)) : "FAT";
  if (options_.cluster_size) text += fmt::format(" with clusters of {}", format_size(options_.cluster_size->value));
  if (options_.root_entries) text += fmt::format(" with {} entries in the root directory", *options_.root_entries);
  return text;
}

Geometry LayoutPlanner::fixed(std::uint64_t size) const {
  const std::uint64_t sectors = size / sector_size_;
  if (sectors > kMaxSectors) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("{} is more than the {} that FAT with sectors of {} bytes holds", exact_size(size),
                            exact_size(kMaxSectors * sector_size_), sector_size_));
  }
  if (auto found = choose(sectors, true)) return *found;
  const Geometry fitted = fit({});
  if (fitted.total_sectors > sectors) {
    throw Error(ErrorCode::NoSpace,
                fmt::format("{} is too small for the tree: {} needs {} for it ({} of files, {} clusters of {}); set "
                            "size = \"auto\" or at least {}",
                            format_size(size), describe_limits(), format_size(fitted.size()),
                            format_size(contents_.file_bytes()), fitted.clusters, format_size(fitted.cluster_size()),
                            fitted.size()));
  }
  throw Error(ErrorCode::Unsupported,
              fmt::format("{} can't have a size of {}; leave fat_bits and cluster_size to fstool, or use other ones",
                          describe_limits(), format_size(size)));
}

Layout LayoutPlanner::plan(const SizeRequest& size) const {
  Layout layout;
  layout.geometry = size.fixed ? fixed(*size.fixed) : fit(size);
  const Geometry& geometry = layout.geometry;
  layout.used_clusters = used_clusters(geometry);
  const Floppy* floppy = sector_size_ == kFloppySectorSize ? find_floppy(geometry.total_sectors) : nullptr;
  if (geometry.variant != Variant::Fat12) floppy = nullptr;
  if (floppy != nullptr) {
    layout.media = floppy->media;
    layout.drive_number = 0x00;
    layout.sectors_per_track = floppy->sectors_per_track;
  } else {
    std::uint32_t track = kUsualSectorsPerTrack;
    while (geometry.total_sectors % track != 0) track /= 2;
    layout.sectors_per_track = static_cast<std::uint16_t>(track);
    layout.heads = usual_heads(geometry.total_sectors / track);
  }
  layout.media = options_.media.value_or(layout.media);
  layout.drive_number = options_.drive_number.value_or(layout.drive_number);
  layout.sectors_per_track = options_.sectors_per_track.value_or(layout.sectors_per_track);
  layout.heads = options_.heads.value_or(layout.heads);
  return layout;
}

}  // namespace fstool::fat
