/// \file
/// Mapping: the L1 table and the L2 tables, which say where each guest cluster is (section "Cluster mapping").
#pragma once

#include <boost/endian/arithmetic.hpp>
#include <cstdint>
#include <vector>

#include "allocator.h"
#include "fstool/output_file.h"
#include "geometry.h"

namespace fstool::qcow2 {

using L1Entry = boost::endian::big_uint64_t;
using L2Entry = boost::endian::big_uint64_t;
static_assert(sizeof(L1Entry) == 8 && sizeof(L2Entry) == 8);

/// The L2 entry of a cluster that is stored as it is, at `host_offset`, and referred to by nothing else.
std::uint64_t standard_cluster(std::uint64_t host_offset);

/// The L2 entry of a cluster whose `bytes` compressed bytes (at least 1) are at `host_offset`.
std::uint64_t compressed_cluster(Geometry geometry, std::uint64_t host_offset, std::uint64_t bytes);

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

  /// Sets the entry of a guest cluster. The clusters come in ascending order.
  void set(std::uint64_t guest_cluster, std::uint64_t l2_entry);

  /// Writes what is left. Call it once, last.
  L1Table finish();

 private:
  void write_l2_tables();
  L1Table write_l1_table();

  Geometry geometry_;
  ClusterAllocator& allocator_;
  OutputFile& output_;
  std::vector<L1Entry> l1_;
  std::vector<L2Entry> l2_tables_;         ///< not yet written, one after the other
  std::vector<std::uint64_t> l1_indices_;  ///< of the tables in l2_tables_
};

}  // namespace fstool::qcow2
