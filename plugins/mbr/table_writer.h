/// \file
/// The bytes of the boot records. They are those that fdisk writes.
///
/// A record's place counts from what it lies in: on the disk for the MBR; in an extended boot record, from that record
/// for its partition, and from the extended partition for the next boot record, whose size reaches from there to the
/// end of the next partition. CHS addresses always count from the start of the disk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "fstool/partition_table.h"
#include "structures.h"

namespace fstool::mbr {

struct PlacedBootRecord {
  std::uint64_t offset = 0;  ///< bytes from the start of the disk
  MasterBootRecord record{};
};

/// The MBR of `layout` and the chain of its extended partition, by offset. `boot_code` is at most as large as its place
/// in the MBR. Throws Error(InvalidArgument) for a layout that plan() can't have made.
std::vector<PlacedBootRecord> encode_boot_records(const Layout& layout, std::span<const std::byte> boot_code);

}  // namespace fstool::mbr
