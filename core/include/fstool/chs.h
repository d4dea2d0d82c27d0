/// \file
/// Cylinder/head/sector addresses, as the partition records of an MBR carry them beside the LBA.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace fstool {

/// The three bytes of a partition record's CHS field: head; sector (from 1) in the low six bits, with bits 8 and 9 of
/// the cylinder above it; bits 0 to 7 of the cylinder.
using ChsField = std::array<std::uint8_t, 3>;

/// The CHS field of sector `lba` on the translated geometry of 255 heads and 63 sectors a track, which every
/// partitioning tool assumes for disks that have no other. Nothing if the cylinder exceeds 1023: what to write then
/// differs between tables.
constexpr std::optional<ChsField> chs_field(std::uint64_t lba) {
  constexpr std::uint64_t kHeads = 255;
  constexpr std::uint64_t kSectors = 63;
  const std::uint64_t cylinder = lba / (kHeads * kSectors);
  if (cylinder > 1023) return std::nullopt;
  const std::uint64_t head = lba / kSectors % kHeads;
  const std::uint64_t sector = lba % kSectors + 1;
  return ChsField{static_cast<std::uint8_t>(head), static_cast<std::uint8_t>(sector | (cylinder >> 8U << 6U)),
                  static_cast<std::uint8_t>(cylinder & 0xffU)};
}

}  // namespace fstool
