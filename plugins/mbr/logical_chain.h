/// \file
/// The logical partitions in an extended one.
///
/// An extended partition begins with a boot record of its own, which has at most one partition, whose place counts from
/// the record, and the next record, whose place counts from the extended partition: a chain (Linux block/partitions/
/// msdos.c, parse_extended()).
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "fstool/blob.h"
#include "fstool/context.h"
#include "structures.h"

namespace fstool::mbr {

/// Places are in sectors of the disk.
struct LogicalPartition {
  std::uint32_t number = 0;  ///< as the kernel counts: from 5
  PartitionRecord record{};  ///< as stored
  std::uint64_t first = 0;
  std::uint64_t end = 0;  ///< behind the last sector; may lie behind the extended partition, and behind the disk
};

struct LogicalChain {
  std::vector<std::uint64_t> boot_records;  ///< their sectors, at most kMaxLogical
  std::vector<LogicalPartition> partitions;
};

using DamageListener = std::function<void(const std::string& what)>;

/// Follows the chain as far as it leads, on a disk of sectors of `sector_size` bytes. Reads each boot record once.
/// `damage` hears, a sentence each, where it breaks and which partitions lie wrong.
LogicalChain read_logical_chain(const Blob& disk, const PartitionRecord& extended, std::uint32_t sector_size,
                                const DamageListener& damage, const Context& context);

}  // namespace fstool::mbr
