#include "read/boot_sector_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <string_view>

#include "fstool/error.h"
#include "ondisk/codepage.h"
#include "ondisk/unicode.h"

namespace fstool::fat {

namespace {

constexpr std::size_t kBootSectorSize = sizeof(Fat16BootSector);

[[noreturn]] void refuse(const std::string& why) { throw Error(ErrorCode::Corrupt, "the boot sector " + why); }

Geometry parse_geometry(const BootSectorHead& head, const Fat32Fields& fat32, std::uint64_t& clusters) {
  Geometry geometry;
  geometry.sector_size = head.sector_size;
  geometry.sectors_per_cluster = head.sectors_per_cluster;
  geometry.reserved_sectors = head.reserved_sectors;
  geometry.fats = head.fats;
  geometry.fat_sectors = head.fat_sectors_16;
  geometry.root_entries = head.root_entries;
  geometry.total_sectors = head.total_sectors_16;
  if (geometry.total_sectors == 0) geometry.total_sectors = head.total_sectors_32;
  if (!std::has_single_bit(geometry.sector_size) || geometry.sector_size < 512 || geometry.sector_size > 4096) {
    refuse(fmt::format("says that sectors have {} bytes", geometry.sector_size));
  }
  if (!std::has_single_bit(geometry.sectors_per_cluster)) {
    refuse(fmt::format("says that clusters have {} sectors", geometry.sectors_per_cluster));
  }
  if (geometry.reserved_sectors == 0) refuse("says that there are no reserved sectors");
  if (geometry.fats == 0) refuse("says that there is no FAT");
  if (!is_media_descriptor(head.media)) refuse(fmt::format("has no media descriptor, but 0x{:02x}", head.media));
  const bool is_fat32 = geometry.fat_sectors == 0;
  if (is_fat32) {
    geometry.fat_sectors = fat32.fat_sectors;
    geometry.root_cluster = fat32.root_cluster;
  }
  if (geometry.fat_sectors == 0) refuse("says that the FAT has no sectors");
  if (geometry.root_bytes() % geometry.sector_size != 0) {
    refuse(fmt::format("gives the root directory {} entries, which are not whole sectors", geometry.root_entries));
  }
  if (geometry.data_offset() >= geometry.size()) {
    refuse(fmt::format("leaves no room for clusters: it says that there are {} sectors", geometry.total_sectors));
  }
  clusters = (geometry.size() - geometry.data_offset()) / geometry.cluster_size();
  geometry.variant = is_fat32 ? Variant::Fat32 : clusters > kMaxFat12Clusters ? Variant::Fat16 : Variant::Fat12;
  // As many as the FAT has entries for.
  const std::uint64_t entries = geometry.fat_bytes() * 8 / geometry.bits();
  const std::uint64_t usable = std::min(clusters, entries < kFirstCluster ? 0 : entries - kFirstCluster);
  const std::uint32_t limit = is_fat32                             ? kMaxFat32Clusters
                              : geometry.variant == Variant::Fat16 ? kMaxFat16Clusters
                                                                   : kMaxFat12Clusters;
  if (usable == 0 || usable > limit)
    refuse(fmt::format("gives {} {} clusters", variant_name(geometry.variant), usable));
  geometry.clusters = static_cast<std::uint32_t>(usable);
  return geometry;
}

}  // namespace

Boot read_boot_sector(const Blob& image, std::uint64_t offset) {
  if (image.size() < kBootSectorSize || offset > image.size() - kBootSectorSize) {
    throw Error(ErrorCode::Corrupt, fmt::format("{} bytes are too few for a boot sector", image.size()));
  }
  Fat16BootSector sector{};
  image.read(offset, std::as_writable_bytes(std::span(&sector, 1)));
  Fat32BootSector sector32{};
  std::memcpy(&sector32, &sector, sizeof(sector));

  Boot boot{};
  boot.head = sector.head;
  boot.signature = sector.signature;
  boot.geometry = parse_geometry(sector32.head, sector32.fat32, boot.clusters_with_room);
  boot.extended = sector.extended;
  if (boot.geometry.variant == Variant::Fat32) {
    boot.fat32 = sector32.fat32;
    boot.extended = sector32.extended;
    if (sector32.fat32.version != 0) {
      throw Error(ErrorCode::Unsupported, fmt::format("version {:x} of FAT32", sector32.fat32.version.value()));
    }
  }
  return boot;
}

bool is_fat(const Boot& boot, const Blob& image) {
  const auto is_named = [&](std::string_view name) {
    return boot.extended.signature == kExtendedSignature && std::ranges::equal(boot.extended.type, name);
  };
  if (is_named("FAT12   ") || is_named("FAT16   ") || is_named("FAT32   ") || is_named("FAT     ")) return true;
  // The first entry is all ones but for the media descriptor, the second all ones but for two flags.
  const std::uint64_t offset = boot.geometry.fat_offset(0);
  std::array<std::uint8_t, 3> first{};
  if (image.size() < first.size() || offset > image.size() - first.size()) return false;
  image.read(offset, std::as_writable_bytes(std::span(first)));
  return first[0] == boot.head.media && first[1] == 0xFF && first[2] == 0xFF;
}

std::string volume_id_of(const Boot& boot) {
  if (!boot.has_volume_id()) return {};
  const std::uint32_t id = boot.extended.volume_id;
  return fmt::format("{:04X}-{:04X}", id >> 16, id & 0xFFFF);
}

std::string label_of(const Boot& boot) {
  if (!boot.has_label() || boot.extended.label == kNoLabel) return {};
  return decode_label(boot.extended.label);
}

std::string decode_label(std::span<const std::uint8_t, 11> field) {
  std::u16string units;
  for (const std::uint8_t character : field) {
    if (character == 0) break;
    units += from_code_page(character);
  }
  units.erase(units.find_last_not_of(u' ') + 1);
  bool is_valid = true;
  return to_utf8(units, is_valid);
}

}  // namespace fstool::fat
