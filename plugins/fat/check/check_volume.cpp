#include "check/check_volume.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "check/cluster_claims.h"
#include "check/directory_checker.h"
#include "fstool/error.h"
#include "fstool/size.h"
#include "read/boot_sector_reader.h"
#include "read/fsinfo_reader.h"
#include "read/volume_flags.h"
#include "read/volume_state.h"

namespace fstool::fat {

namespace {

void check_boot_sector(const Boot& boot, const Blob& image, Context& context) {
  const Geometry& geometry = boot.geometry;
  if (boot.signature != kBootSignature) context.report_damage("the boot sector doesn't end in 0x55 0xaa");
  if (image.size() < geometry.size()) {
    context.report_damage(fmt::format("the image has {} bytes, but its file system has {}: the end is missing",
                                      image.size(), geometry.size()));
  }
  if (boot.clusters_with_room > geometry.clusters) {
    context.report_damage(fmt::format("there is room for {} clusters, but the FAT has entries for {}",
                                      boot.clusters_with_room, geometry.clusters));
  }
  if (boot.fat32 && (boot.fat32->flags & 0x80U) != 0) {
    context.warn(fmt::format("only FAT {} is kept up to date; fstool reads FAT 0, as the kernel does",
                             boot.fat32->flags & 0xFU));
  }
}

void check_backup(const Boot& boot, const Blob& image, Context& context) {
  if (!boot.fat32) return;
  const std::uint32_t backup = boot.fat32->backup_boot_sector;
  if (backup == 0) return context.warn("there is no backup of the boot sector");
  const std::uint64_t offset = std::uint64_t{backup} * boot.geometry.sector_size;
  Fat32BootSector original{};
  Fat32BootSector copy{};
  if (backup >= boot.geometry.reserved_sectors || image.size() < sizeof(copy) || offset > image.size() - sizeof(copy)) {
    return context.report_damage(
        fmt::format("the backup of the boot sector would be sector {}, which is not reserved", backup));
  }
  image.read(0, std::as_writable_bytes(std::span(&original, 1)));
  image.read(offset, std::as_writable_bytes(std::span(&copy, 1)));
  original.extended.state = copy.extended.state;  // is not kept up to date there
  const auto first = std::as_bytes(std::span(&original, 1));
  const auto second = std::as_bytes(std::span(&copy, 1));
  const auto different = std::ranges::mismatch(first, second).in1 - first.begin();
  if (different == std::ssize(first)) return;
  context.report_damage(
      fmt::format("the boot sector and its backup in sector {} differ from byte {} on", backup, different));
}

/// Where the bytes at two places of the image begin to differ; `length` if they don't.
std::uint64_t first_difference(const Blob& image, std::uint64_t a, std::uint64_t b, std::uint64_t length,
                               Context& context) {
  constexpr std::uint64_t kChunk = 65'536;
  std::vector<std::byte> first(kChunk);
  std::vector<std::byte> second(kChunk);
  for (std::uint64_t done = 0; done < length;) {
    context.check_cancelled();
    const Run run_a = image.run_at(a + done);
    const Run run_b = image.run_at(b + done);
    const std::uint64_t same = std::min({run_a.length, run_b.length, length - done});
    if (run_a.hole && run_b.hole) {
      done += same;
      continue;
    }
    const std::uint64_t count = std::min(length - done, kChunk);
    const auto part_a = std::span(first).first(count);
    const auto part_b = std::span(second).first(count);
    image.read(a + done, part_a);
    image.read(b + done, part_b);
    const auto different = std::ranges::mismatch(part_a, part_b).in1 - part_a.begin();
    if (different < std::ssize(part_a)) return done + static_cast<std::uint64_t>(different);
    done += count;
  }
  return length;
}

void check_fats(const Boot& boot, const VolumeState& volume, Context& context) {
  const Geometry& geometry = volume.geometry;
  const std::uint64_t first = geometry.fat_offset(0);
  // Behind the last cluster's entry anything may stand.
  const std::uint64_t used = div_ceil(std::uint64_t{geometry.end_cluster()} * geometry.bits(), 8);
  for (std::uint32_t copy = 1; copy < geometry.fats; ++copy) {
    const std::uint64_t offset = geometry.fat_offset(copy);
    const std::uint64_t size = volume.image->size();
    if (offset > size || used > size - offset) {
      context.report_damage(fmt::format("the end of FAT {} is missing in the image", copy));
      return;
    }
    const std::uint64_t at = first_difference(*volume.image, first, offset, used, context);
    if (at == used) continue;
    context.report_damage(
        fmt::format("FAT {} differs from FAT 0 at the entry of cluster {}", copy, at * 8 / geometry.bits()));
  }
  if ((volume.fat.entry(0) & 0xFFU) != boot.head.media) {
    context.report_damage(fmt::format("the FAT begins with the media descriptor 0x{:02x}, the boot sector has 0x{:02x}",
                                      volume.fat.entry(0) & 0xFFU, boot.head.media));
  }
}

void check_flags(const Boot& boot, const VolumeState& volume, Context& context) {
  const VolumeFlags flags = read_volume_flags(boot, volume.fat);
  if (flags.is_dirty) context.warn("it was not unmounted cleanly: its dirty bit is set");
  if (flags.has_errors) context.warn("it is marked as having had errors when it was read or written");
}

void check_fsinfo(const Boot& boot, const Blob& image, std::uint32_t free_clusters, Context& context) {
  if (!boot.fat32) return;
  const auto fsinfo = read_fsinfo(image, boot);
  if (!fsinfo) {
    return context.report_damage(fmt::format("sector {} is no FSInfo sector", boot.fat32->fsinfo_sector.value()));
  }
  if (fsinfo->trail_signature != FsInfo::kTrailSignature) {
    context.report_damage("the FSInfo sector doesn't end with its signature");
  }
  const std::uint32_t noted = fsinfo->free_clusters;
  if (noted == FsInfo::kUnknown) return context.warn("FSInfo doesn't say how many clusters are free");
  if (noted != free_clusters) {
    context.report_damage(fmt::format("FSInfo says that {} clusters are free, but {} are", noted, free_clusters));
  }
  const std::uint32_t next = fsinfo->next_free;
  if (next != FsInfo::kUnknown && !boot.geometry.has_cluster(next)) {
    context.report_damage(fmt::format("FSInfo says to look for free clusters from {} on, which is no cluster", next));
  }
}

}  // namespace

void check_volume(BlobPtr image, Context& context) {
  const Boot boot = read_boot_sector(*image, 0);
  check_boot_sector(boot, *image, context);
  check_backup(boot, *image, context);
  const VolumeState volume(std::move(image), boot.geometry, context);
  check_fats(boot, volume, context);
  check_flags(boot, volume, context);
  ClusterClaims claims(volume);
  DirectoryChecker directories(volume, claims);
  directories.check();
  if (directories.label() && boot.has_label() && *directories.label() != decode_label(boot.extended.label)) {
    context.warn(fmt::format("the label is \"{}\" in the root directory, but \"{}\" in the boot sector",
                             *directories.label(), label_of(boot)));
  }
  const ClusterClaims::Rest rest = claims.count_rest();
  if (rest.lost > 0) {
    context.report_damage(fmt::format("{} clusters are marked as used but belong to nothing, the first of them is {}",
                                      rest.lost, rest.first_lost));
  }
  check_fsinfo(boot, *volume.image, rest.free, context);
}

}  // namespace fstool::fat
