/// \file
/// Headers whose fields follow from others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "fstool/checksum.h"
#include "places.h"
#include "structures.h"

namespace fstool::gpt {

/// The backup of `primary`, which is not checksummed.
inline Header backup_of(Header primary, const Places& places) {
  primary.my_lba = places.backup_header();
  primary.alternate_lba = kPrimaryLba;
  primary.partition_entry_lba = places.backup_array();
  return primary;
}

/// The sector of a header, with its checksum filled in; everything else must be in place.
inline std::vector<std::byte> header_sector(Header header, std::uint32_t sector_size) {
  header.header_crc32 = 0;
  header.header_crc32 = crc32(0, std::as_bytes(std::span(&header, 1)));
  std::vector<std::byte> sector(sector_size);
  std::memcpy(sector.data(), &header, sizeof(header));
  return sector;
}

}  // namespace fstool::gpt
