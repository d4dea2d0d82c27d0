/// \file
/// Mapping: makes the L1 table and the L2 tables of an image that is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fstool/output_file.h"
#include "ondisk/geometry.h"
#include "ondisk/mapping_entry.h"
#include "write/allocator.h"

namespace fstool::qcow2 {

/// Where the L1 table is.
struct L1Table {
  std::uint64_t offset = 0;   ///< bytes
  std::uint32_t entries = 0;  ///< at least 1
};

/// Collects entries in guest order and writes each L2 table once, about a MiB of them at a time. Guest clusters without
/// an entry are unallocated, and L2 tables without entries take no room. Keeps the L1 table and the L2 tables not yet
/// written in memory. Not thread-safe.
class Mapping {
 public:
  /// `disk_size` in bytes, at most geometry.max_disk_size(). `allocator` and `output` must outlive the Mapping.
  Mapping(Geometry geometry, std::uint64_t disk_size, ClusterAllocator& allocator, OutputFile& output);

  /// Sets the entry of a guest cluster: its cluster word and, with extended entries, its bitmap of subclusters. The
  /// clusters come in ascending order.
  void set(std::uint64_t guest_cluster, std::uint64_t l2_entry, std::uint64_t subclusters);

  /// Takes kCopied out of the entry of a guest cluster, which was set to `l2_entry`: something else refers to its host
  /// cluster. The entry may have been written already.
  void clear_copied(std::uint64_t guest_cluster, std::uint64_t l2_entry);

  /// Writes what is left. Call it once, last.
  L1Table finish();

 private:
  void write_l2_tables();
  L1Table write_l1_table();
  /// Of an L2 entry.
  std::size_t words() const noexcept { return geometry_.l2_entry_size() / sizeof(L2Entry); }

  Geometry geometry_;
  ClusterAllocator& allocator_;
  OutputFile& output_;
  std::vector<L1Entry> l1_;
  std::vector<L2Entry> l2_tables_;         ///< not yet written, one after the other
  std::vector<std::uint64_t> l1_indices_;  ///< of the tables in l2_tables_, ascending
};

}  // namespace fstool::qcow2
