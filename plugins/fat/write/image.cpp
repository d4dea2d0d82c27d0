#include "write/image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "fstool/error.h"
#include "fstool/size.h"
#include "ondisk/timestamp.h"
#include "ondisk/unicode.h"

namespace fstool::fat {

namespace {

constexpr std::uint16_t kFsInfoSector = 1;

/// `int 18h; 1: hlt; jmp 1b`: lets the BIOS go on with the next device.
constexpr std::array<std::uint8_t, 5> kBootCode = {0xCD, 0x18, 0xF4, 0xEB, 0xFD};

template <class T>
BlobPtr memory_blob_of(const T& object) {
  const auto bytes = std::as_bytes(std::span(&object, 1));
  return make_memory_blob({bytes.begin(), bytes.end()});
}

template <class BootSector>
void add_boot_code(BootSector& sector) {
  constexpr std::size_t kOffset = offsetof(BootSector, boot_code);
  constexpr std::uint8_t kJumpLength = 2;
  sector.head.jump = {0xEB, static_cast<std::uint8_t>(kOffset - kJumpLength), 0x90};  // jmp boot_code; nop
  std::memcpy(sector.boot_code.data(), kBootCode.data(), kBootCode.size());
  sector.signature = kBootSignature;
}

template <std::size_t kSize>
std::array<char, kSize> padded(std::string_view text) {
  std::array<char, kSize> field;
  field.fill(' ');
  std::ranges::copy(text, field.begin());
  return field;
}

LongNameEntry long_name_slot(std::u16string_view name, std::size_t piece, std::size_t pieces, std::uint8_t checksum) {
  std::array<char16_t, kUnitsPerSlot> units;
  units.fill(0xFFFF);
  const std::u16string_view part = name.substr(piece * kUnitsPerSlot, kUnitsPerSlot);
  std::ranges::copy(part, units.begin());
  if (part.size() < kUnitsPerSlot) units[part.size()] = 0;
  LongNameEntry slot{};
  slot.order = static_cast<std::uint8_t>(piece + 1);
  if (piece + 1 == pieces) slot.order |= LongNameEntry::kLastPiece;
  slot.attributes = kAttributeLongName;
  slot.checksum = checksum;
  slot.set_units(units);
  return slot;
}

}  // namespace

Image::Image(std::shared_ptr<const Contents> contents, const Layout& layout, const ImageSettings& settings)
    : contents_(std::move(contents)),
      layout_(layout),
      settings_(settings),
      placement_(*contents_, layout_.geometry),
      geometry_(layout_.geometry) {
  if (geometry_.variant != Variant::Fat32) return;
  const std::uint32_t backup = settings_.backup_boot_sector;
  const std::uint32_t needed = std::max<std::uint32_t>(kFsInfoSector, backup == 0 ? 0 : backup + kFsInfoSector) + 1;
  if (backup == kFsInfoSector || geometry_.reserved_sectors < needed) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("FSInfo is in sector {} and the copies of it and of the boot sector from sector {} on: "
                            "{} reserved sectors don't hold that",
                            kFsInfoSector, backup, geometry_.reserved_sectors));
  }
}

BlobPtr Image::compose(std::uint64_t size) const {
  BlobBuilder builder;
  builder.reserve(contents_->files().size() + contents_->directories().size() + 8);
  add_boot_sectors(builder);
  add_fats(builder);
  add_directories(builder);
  add_files(builder);
  return builder.finish(size);
}

// --- Boot sectors -------------------------------------------------------------------------------------------------

void Image::fill_head(BootSectorHead& head) const {
  head.oem_name = settings_.oem_name;
  head.sector_size = static_cast<std::uint16_t>(geometry_.sector_size);
  head.sectors_per_cluster = static_cast<std::uint8_t>(geometry_.sectors_per_cluster);
  head.reserved_sectors = static_cast<std::uint16_t>(geometry_.reserved_sectors);
  head.fats = static_cast<std::uint8_t>(geometry_.fats);
  head.root_entries = static_cast<std::uint16_t>(geometry_.root_entries);
  head.media = layout_.media;
  head.sectors_per_track = layout_.sectors_per_track;
  head.heads = layout_.heads;
  head.hidden_sectors = settings_.hidden_sectors;
  const bool is_small = geometry_.total_sectors <= std::numeric_limits<std::uint16_t>::max();
  if (is_small && geometry_.variant != Variant::Fat32) {
    head.total_sectors_16 = static_cast<std::uint16_t>(geometry_.total_sectors);
  } else {
    head.total_sectors_32 = geometry_.total_sectors;
  }
  if (geometry_.variant != Variant::Fat32) head.fat_sectors_16 = static_cast<std::uint16_t>(geometry_.fat_sectors);
}

void Image::fill_extended(ExtendedFields& extended) const {
  extended.drive_number = layout_.drive_number;
  extended.signature = kExtendedSignature;
  extended.volume_id = settings_.volume_id;
  extended.label = settings_.label;
  extended.type = padded<8>(fmt::format("FAT{}", geometry_.bits()));
}

Fat16BootSector Image::boot_sector16() const {
  Fat16BootSector sector{};
  fill_head(sector.head);
  fill_extended(sector.extended);
  add_boot_code(sector);
  return sector;
}

Fat32BootSector Image::boot_sector32() const {
  Fat32BootSector sector{};
  fill_head(sector.head);
  sector.fat32.fat_sectors = geometry_.fat_sectors;
  sector.fat32.root_cluster = geometry_.root_cluster;
  sector.fat32.fsinfo_sector = kFsInfoSector;
  sector.fat32.backup_boot_sector = settings_.backup_boot_sector;
  fill_extended(sector.extended);
  add_boot_code(sector);
  return sector;
}

FsInfo Image::fsinfo() const {
  FsInfo fsinfo{};
  fsinfo.lead_signature = FsInfo::kLeadSignature;
  fsinfo.structure_signature = FsInfo::kStructureSignature;
  fsinfo.free_clusters = static_cast<std::uint32_t>(geometry_.clusters - layout_.used_clusters);
  fsinfo.next_free = placement_.end_of_used() - 1;  // the one allocated last, as drivers keep it
  fsinfo.trail_signature = FsInfo::kTrailSignature;
  return fsinfo;
}

void Image::add_boot_sectors(BlobBuilder& builder) const {
  if (geometry_.variant != Variant::Fat32) return builder.add(0, memory_blob_of(boot_sector16()));
  const BlobPtr boot = memory_blob_of(boot_sector32());
  const BlobPtr info = memory_blob_of(fsinfo());
  const auto offset = [&](std::uint32_t sector) { return std::uint64_t{sector} * geometry_.sector_size; };
  builder.add(0, boot);
  builder.add(offset(kFsInfoSector), info);
  if (settings_.backup_boot_sector == 0) return;
  builder.add(offset(settings_.backup_boot_sector), boot);
  builder.add(offset(settings_.backup_boot_sector + std::uint32_t{kFsInfoSector}), info);
}

// --- File allocation tables ---------------------------------------------------------------------------------------

void Image::add_fats(BlobBuilder& builder) const {
  // Entries behind the last cluster in use are zero.
  const std::uint64_t bytes = div_ceil(std::uint64_t{placement_.end_of_used()} * geometry_.bits(), 8);
  const BlobPtr fat = make_generated_blob(
      bytes,
      [self = shared_from_this()](std::uint64_t offset, std::span<std::byte> out) { self->read_fat(offset, out); });
  for (std::uint32_t copy = 0; copy < geometry_.fats; ++copy) builder.add(geometry_.fat_offset(copy), fat);
}

void Image::read_fat(std::uint64_t offset, std::span<std::byte> out) const {
  constexpr std::size_t kChunkEntries = 1024;
  constexpr std::size_t kMaxEntryBytes = 4;
  // Two entries are whole bytes in every variant.
  const std::uint64_t pair_bytes = geometry_.bits() * 2 / 8;
  std::array<std::uint32_t, kChunkEntries> entries;
  std::array<std::byte, kChunkEntries * kMaxEntryBytes> bytes;
  while (!out.empty()) {
    const auto first = static_cast<std::uint32_t>(offset / pair_bytes * 2);
    placement_.fill_entries(first, entries, geometry_.max_entry());
    if (first == 0) {
      entries[0] = (geometry_.max_entry() & ~0xFFU) | layout_.media;
      entries[1] = geometry_.max_entry();
    }
    std::byte* next = bytes.data();
    const auto put = [&](std::uint32_t value, std::size_t count) {
      for (; count > 0; --count, value >>= 8) *next++ = static_cast<std::byte>(value);
    };
    for (std::size_t i = 0; i < entries.size(); i += 2) {
      if (geometry_.variant == Variant::Fat12) {
        put(entries[i] | entries[i + 1] << 12, 3);
      } else {
        put(entries[i], pair_bytes / 2);
        put(entries[i + 1], pair_bytes / 2);
      }
    }
    const std::size_t skip = offset % pair_bytes;
    const std::size_t take = std::min(kChunkEntries / 2 * pair_bytes - skip, out.size());
    std::memcpy(out.data(), bytes.data() + skip, take);
    out = out.subspan(take);
    offset += take;
  }
}

// --- Directories --------------------------------------------------------------------------------------------------

void Image::add_directories(BlobBuilder& builder) const {
  for (const PlannedDirectory& directory : contents_->directories()) {
    if (directory.slots == 0) continue;
    const std::uint32_t first_cluster = placement_.first_cluster(directory.node);
    const std::uint64_t offset = first_cluster == 0 ? geometry_.root_offset() : geometry_.cluster_offset(first_cluster);
    builder.add(offset, make_generated_blob(
                            std::uint64_t{directory.slots} * kSlotSize,
                            [self = shared_from_this(), &directory](std::uint64_t at, std::span<std::byte> out) {
                              self->read_directory(directory, at, out);
                            }));
  }
}

void Image::read_directory(const PlannedDirectory& directory, std::uint64_t offset, std::span<std::byte> out) const {
  constexpr std::size_t kChunkSlots = 512;
  std::array<DirectoryEntry, kChunkSlots> slots;
  while (!out.empty()) {
    const auto first = static_cast<std::uint32_t>(offset / kSlotSize);
    const std::size_t skip = offset % kSlotSize;
    const auto count = std::min<std::size_t>(div_ceil(skip + out.size(), kSlotSize), kChunkSlots);
    const std::size_t take = std::min(count * kSlotSize - skip, out.size());
    fill_slots(directory, first, std::span(slots).first(count));
    std::memcpy(out.data(), std::as_bytes(std::span(slots)).data() + skip, take);
    out = out.subspan(take);
    offset += take;
  }
}

void Image::fill_slots(const PlannedDirectory& directory, std::uint32_t first, std::span<DirectoryEntry> slots) const {
  const std::vector<PlannedEntry>& entries = directory.entries;
  const std::uint32_t leading = entries.empty() ? directory.slots : entries.front().first_slot;
  const auto end = static_cast<std::uint32_t>(first + slots.size());
  std::uint32_t slot = first;
  for (; slot < std::min(leading, end); ++slot) slots[slot - first] = leading_slot(directory, slot);
  auto entry =
      std::ranges::partition_point(entries, [&](const PlannedEntry& e) { return e.first_slot + e.slots <= slot; });
  for (; slot < end; ++entry) {
    const std::size_t pieces = entry->slots - std::size_t{1};
    const std::u16string name = pieces > 0 ? *to_utf16(entry->name) : std::u16string();
    for (; slot < std::min(entry->first_slot + entry->slots, end); ++slot) {
      const std::size_t behind = entry->first_slot + pieces - slot;  // slots up to the file's own
      if (behind == 0) {
        slots[slot - first] = file_slot(*entry);
      } else {
        const LongNameEntry piece = long_name_slot(name, behind - 1, pieces, short_name_checksum(entry->short_name));
        std::memcpy(&slots[slot - first], &piece, sizeof(piece));
      }
    }
  }
}

DirectoryEntry Image::make_slot(const ShortName& name, std::uint8_t attributes, Timestamp time,
                                std::uint32_t first_cluster) const {
  DirectoryEntry slot{};
  slot.name = name;
  slot.attributes = attributes;
  const FatTime stamp = to_fat_time(time);
  slot.created_hundredths = stamp.hundredths;
  slot.created_time = slot.modified_time = stamp.time;
  slot.created_date = slot.modified_date = slot.accessed_date = stamp.date;
  slot.first_cluster_low = static_cast<std::uint16_t>(first_cluster);
  slot.first_cluster_high = static_cast<std::uint16_t>(first_cluster >> 16);
  return slot;
}

DirectoryEntry Image::leading_slot(const PlannedDirectory& directory, std::uint32_t slot) const {
  if (directory.is_root()) return make_slot(settings_.label, kAttributeVolumeLabel, settings_.clock, 0);
  const Timestamp time = contents_->tree().node(directory.node).mtime;
  if (slot == 0) {
    return make_slot(kDotName, kAttributeDirectory, time, placement_.first_cluster(directory.node));
  }
  // The root is 0 here, in FAT32 too.
  const std::uint32_t parent = directory.parent == Tree::kRoot ? 0 : placement_.first_cluster(directory.parent);
  return make_slot(kDotDotName, kAttributeDirectory, time, parent);
}

DirectoryEntry Image::file_slot(const PlannedEntry& entry) const {
  const Node& node = contents_->tree().node(entry.node);
  DirectoryEntry slot = make_slot(entry.short_name, entry.attributes, node.mtime, placement_.first_cluster(entry.node));
  slot.name_case = entry.name_case;
  if (node.content) slot.size = static_cast<std::uint32_t>(node.content->size());
  return slot;
}

// --- Files --------------------------------------------------------------------------------------------------------

void Image::add_files(BlobBuilder& builder) const {
  for (const NodeId file : contents_->files()) {
    builder.add(geometry_.cluster_offset(placement_.first_cluster(file)), contents_->tree().node(file).content);
  }
}

}  // namespace fstool::fat
