/// \file
/// The entries of the snapshot table (section "Snapshots").
#pragma once

#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>

namespace fstool::qcow2 {

/// Followed by the extra data, the id, the name, and padding to a multiple of kSnapshotAlignment.
struct SnapshotEntry {
  boost::endian::big_uint64_t l1_table_offset;
  boost::endian::big_uint32_t l1_size;  // entries
  boost::endian::big_uint16_t id_size;  // bytes
  boost::endian::big_uint16_t name_size;
  boost::endian::big_uint32_t date_seconds;
  boost::endian::big_uint32_t date_nanoseconds;
  boost::endian::big_uint64_t guest_clock;        // nanoseconds
  boost::endian::big_uint32_t vm_state_size_low;  // bytes; counts if there is no extra data
  boost::endian::big_uint32_t extra_data_size;    // bytes
};
static_assert(sizeof(SnapshotEntry) == 40);

/// The extra data that has a meaning for the disk; it may be shorter and longer.
struct SnapshotExtraData {
  boost::endian::big_uint64_t vm_state_size;  // bytes
  boost::endian::big_uint64_t disk_size;      // bytes
};
static_assert(sizeof(SnapshotExtraData) == 16);

inline constexpr std::uint64_t kSnapshotAlignment = 8;

/// Limits that QEMU sets.
inline constexpr std::uint32_t kMaxSnapshots = 65536;
inline constexpr std::uint64_t kMaxSnapshotTableBytes = 64ULL << 20U;
inline constexpr std::uint32_t kMaxSnapshotExtraBytes = 1024;

}  // namespace fstool::qcow2
