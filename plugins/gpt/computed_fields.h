/// \file
/// Fields of a table that follow from others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fstool/checksum.h"
#include "fstool/chs.h"
#include "structures.h"

namespace fstool::gpt {

/// `header` with its checksum filled in; everything else must be in place.
inline Header checksummed(Header header) {
  header.header_crc32 = 0;
  header.header_crc32 = crc32(0, std::as_bytes(std::span(&header, 1)));
  return header;
}

/// The end of the protective record on a disk of `disk_sectors` sectors (UEFI 2.10, table 5.4).
inline ChsField protective_end(std::uint64_t disk_sectors) {
  return chs_field(disk_sectors - 1).value_or(ChsField{0xff, 0xff, 0xff});
}

}  // namespace fstool::gpt
