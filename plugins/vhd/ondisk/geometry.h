/// \file
/// Sizes of disks: sectors, and the geometry that old guests address them by.
#pragma once

#include <algorithm>
#include <boost/endian/arithmetic.hpp>
#include <cstdint>

namespace fstool::vhd {

inline constexpr std::uint64_t kSectorSize = 512;

/// Sectors of the largest disk: 2040 GiB, where Virtual PC, Hyper-V and QEMU end, so that sectors of the file can be
/// counted in 32 bits.
inline constexpr std::uint64_t kMaxSectors = 0xff000000;

/// The field "Disk Geometry" of the footer.
struct DiskGeometry {
  boost::endian::big_uint16_t cylinders;
  std::uint8_t heads;
  std::uint8_t sectors_per_track;

  std::uint64_t sectors() const { return std::uint64_t{cylinders} * heads * sectors_per_track; }
};
static_assert(sizeof(DiskGeometry) == 4);

/// Sectors of the largest disk that has a geometry.
inline constexpr std::uint64_t kMaxGeometrySectors = 65535ULL * 16 * 255;

/// The geometry of a disk of `sectors` sectors (appendix "CHS Calculation"). It has at most that many sectors, and of
/// those beyond kMaxGeometrySectors none.
inline DiskGeometry geometry_of(std::uint64_t sectors) {
  constexpr std::uint64_t kMaxCylindersOfAtBios = 1024;
  sectors = std::min(sectors, kMaxGeometrySectors);
  std::uint64_t sectors_per_track = 255;
  std::uint64_t heads = 16;
  if (sectors < 65535ULL * 16 * 63) {
    sectors_per_track = 17;
    std::uint64_t tracks = sectors / sectors_per_track;
    heads = std::max<std::uint64_t>((tracks + kMaxCylindersOfAtBios - 1) / kMaxCylindersOfAtBios, 4);
    for (const std::uint64_t more : {31U, 63U}) {
      if (heads <= 16 && tracks < heads * kMaxCylindersOfAtBios) break;
      sectors_per_track = more;
      heads = 16;
      tracks = sectors / sectors_per_track;
    }
  }
  return {static_cast<std::uint16_t>(sectors / sectors_per_track / heads), static_cast<std::uint8_t>(heads),
          static_cast<std::uint8_t>(sectors_per_track)};
}

}  // namespace fstool::vhd
