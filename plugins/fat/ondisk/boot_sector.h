/// \file
/// The boot sector with the BIOS parameter block, and the FSInfo sector: Microsoft's "FAT32 File System Specification"
/// 1.03 (fatgen103), the sections on the boot sector and on FSInfo. All numbers are little-endian.
#pragma once

#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>

namespace fstool::fat {

using boost::endian::little_uint16_t;
using boost::endian::little_uint32_t;

/// What all variants have at the same place.
struct BootSectorHead {
  std::array<std::uint8_t, 3> jump;
  std::array<char, 8> oem_name;
  little_uint16_t sector_size;        // bytes: 512, 1024, 2048 or 4096
  std::uint8_t sectors_per_cluster;   // a power of two
  little_uint16_t reserved_sectors;   // before the first FAT, the boot sector among them
  std::uint8_t fats;                  // number of copies of the FAT
  little_uint16_t root_entries;       // slots of the root directory; 0 in FAT32
  little_uint16_t total_sectors_16;   // 0: see total_sectors_32
  std::uint8_t media;                 // repeated in the low byte of the FAT's first entry
  little_uint16_t fat_sectors_16;     // of one FAT; 0 in FAT32
  little_uint16_t sectors_per_track;  // for BIOS
  little_uint16_t heads;              // for BIOS
  little_uint32_t hidden_sectors;     // before this partition on the disk
  little_uint32_t total_sectors_32;
};
static_assert(sizeof(BootSectorHead) == 36);

/// What only FAT32 has.
struct Fat32Fields {
  little_uint32_t fat_sectors;
  little_uint16_t flags;  // bit 7: only the FAT of the number in bits 0-3 is kept up to date
  little_uint16_t version;
  little_uint32_t root_cluster;
  little_uint16_t fsinfo_sector;
  little_uint16_t backup_boot_sector;  // 0: none
  std::array<std::byte, 12> reserved;
};
static_assert(sizeof(Fat32Fields) == 28);

/// What DOS 4.0 added. It lies behind the rest of the variant's parameters.
struct ExtendedFields {
  std::uint8_t drive_number;  // 0x80: hard disk, 0x00: floppy disk
  std::uint8_t state;         // bit 0: mounted, bit 1: has seen errors
  std::uint8_t signature;     // kExtendedSignature: the next three fields are there
  little_uint32_t volume_id;
  std::array<std::uint8_t, 11> label;  // padded with blanks; "NO NAME    " if there is none
  std::array<char, 8> type;            // "FAT12   ", "FAT16   ", "FAT32   ": only for people
};
static_assert(sizeof(ExtendedFields) == 26);

/// Boot sector of FAT12 and FAT16. Larger sectors go on with zeros.
struct Fat16BootSector {
  BootSectorHead head;
  ExtendedFields extended;
  std::array<std::byte, 448> boot_code;
  little_uint16_t signature;
};
static_assert(sizeof(Fat16BootSector) == 512);

struct Fat32BootSector {
  BootSectorHead head;
  Fat32Fields fat32;
  ExtendedFields extended;
  std::array<std::byte, 420> boot_code;
  little_uint16_t signature;
};
static_assert(sizeof(Fat32BootSector) == 512);

inline constexpr std::uint16_t kBootSignature = 0xAA55;
inline constexpr std::uint8_t kExtendedSignature = 0x29;
inline constexpr std::uint8_t kShortExtendedSignature = 0x28;  // only volume_id is there
inline constexpr std::uint8_t kStateMounted = 0x01;
inline constexpr std::uint8_t kStateErrors = 0x02;
inline constexpr std::array<std::uint8_t, 11> kNoLabel = {'N', 'O', ' ', 'N', 'A', 'M', 'E', ' ', ' ', ' ', ' '};

/// True for the media descriptors that exist.
constexpr bool is_media_descriptor(std::uint8_t media) { return media == 0xF0 || media >= 0xF8; }

/// The FSInfo sector of FAT32: a hint for who looks for free clusters.
struct FsInfo {
  little_uint32_t lead_signature;
  std::array<std::byte, 480> reserved1;
  little_uint32_t structure_signature;
  little_uint32_t free_clusters;  // kUnknown: not known
  little_uint32_t next_free;      // where to begin to look; kUnknown: not known
  std::array<std::byte, 12> reserved2;
  little_uint32_t trail_signature;

  static constexpr std::uint32_t kLeadSignature = 0x41615252;
  static constexpr std::uint32_t kStructureSignature = 0x61417272;
  static constexpr std::uint32_t kTrailSignature = 0xAA550000;
  static constexpr std::uint32_t kUnknown = 0xFFFFFFFF;

  bool is_valid() const noexcept {
    return lead_signature == kLeadSignature && structure_signature == kStructureSignature;
  }
};
static_assert(sizeof(FsInfo) == 512);

}  // namespace fstool::fat
