/// \file
/// The entries of L1 and L2 tables, which say where each guest cluster is (sections "Cluster mapping" and "Extended L2
/// Entries").
#pragma once

#include <boost/endian/arithmetic.hpp>
#include <cstdint>

#include "ondisk/geometry.h"

namespace fstool::qcow2 {

using L1Entry = boost::endian::big_uint64_t;
using L2Entry = boost::endian::big_uint64_t;
static_assert(sizeof(L1Entry) == 8 && sizeof(L2Entry) == 8);

/// An L2 entry with subclusters.
struct ExtendedL2Entry {
  L2Entry cluster;
  boost::endian::big_uint64_t subclusters;  // low half: is allocated; high half: reads as zeros; bit 0 is the first
};
static_assert(sizeof(ExtendedL2Entry) == 16);

/// Bit 63 of L1 and standard L2 entries: the refcount is exactly one.
inline constexpr std::uint64_t kCopied = 1ULL << 63U;
/// Bit 62 of L2 entries.
inline constexpr std::uint64_t kCompressed = 1ULL << 62U;
/// Bit 0 of standard L2 entries of version 3 without subclusters: the cluster reads as zeros.
inline constexpr std::uint64_t kReadsAsZeros = 1;

/// Bits 9 to 55 of L1 and standard L2 entries, and of the entries of bitmap tables: an offset into the file.
inline constexpr std::uint64_t kHostOffsetMask = 0x00ff'ffff'ffff'fe00;

inline constexpr std::uint64_t kReservedL1Bits = ~(kCopied | kHostOffsetMask);
inline constexpr std::uint64_t kReservedL2Bits = ~(kCopied | kCompressed | kHostOffsetMask | kReadsAsZeros);

/// The L2 entry of a cluster that is stored as it is, at `host_offset`, and referred to by nothing else.
constexpr std::uint64_t standard_cluster(std::uint64_t host_offset) { return kCopied | host_offset; }

/// Where the bytes of a compressed cluster are.
struct CompressedPayload {
  std::uint64_t offset = 0;  ///< bytes into the file, of any alignment
  std::uint64_t bytes = 0;  ///< up to the end of its last sector; the stream ends in that sector or, damaged, elsewhere
};

/// The L2 entry of a cluster whose `bytes` compressed bytes (at least 1) are at `host_offset`.
constexpr std::uint64_t compressed_cluster(Geometry geometry, std::uint64_t host_offset, std::uint64_t bytes) {
  const std::uint64_t first_sector = host_offset / kSectorSize;
  const std::uint64_t last_sector = (host_offset + bytes - 1) / kSectorSize;
  return kCompressed | (last_sector - first_sector) << geometry.compressed_offset_bits() | host_offset;
}

/// The other direction; `entry` has kCompressed set.
constexpr CompressedPayload compressed_payload(Geometry geometry, std::uint64_t entry) {
  const unsigned bits = geometry.compressed_offset_bits();
  const std::uint64_t offset = entry & ((std::uint64_t{1} << bits) - 1);
  const std::uint64_t further_sectors = (entry & ~(kCopied | kCompressed)) >> bits;
  return {offset, (further_sectors + 1) * kSectorSize - offset % kSectorSize};
}

}  // namespace fstool::qcow2
