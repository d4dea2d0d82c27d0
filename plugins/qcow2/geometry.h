/// \file
/// Geometry: the sizes that follow from the cluster size.
///
/// Section names in this folder are those of QEMU's docs/interop/qcow2.txt. Every number on disk is big-endian, which
/// the structures say with Boost.Endian's big_* types.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fstool::qcow2 {

inline constexpr unsigned kMinClusterBits = 9;   ///< 512 bytes
inline constexpr unsigned kMaxClusterBits = 21;  ///< 2 MiB; QEMU opens no larger ones

/// Sizes of virtual disks are counted in sectors.
inline constexpr std::uint64_t kSectorSize = 512;

/// Limits that QEMU sets on the tables.
inline constexpr std::uint64_t kMaxL1Bytes = 32ULL << 20U;
inline constexpr std::uint64_t kMaxRefcountTableBytes = 8ULL << 20U;

class Geometry {
 public:
  /// `cluster_bits` in [kMinClusterBits, kMaxClusterBits].
  constexpr explicit Geometry(unsigned cluster_bits) : cluster_bits_(cluster_bits) {}

  constexpr unsigned cluster_bits() const noexcept { return cluster_bits_; }
  constexpr std::uint64_t cluster_size() const noexcept { return std::uint64_t{1} << cluster_bits_; }

  /// Entries of an L2 table, which is one cluster of 8-byte entries.
  constexpr std::uint64_t l2_entries() const noexcept { return cluster_size() / sizeof(std::uint64_t); }
  /// Entries of a refcount block, which is one cluster of 16-bit refcounts.
  constexpr std::uint64_t refcounts_per_block() const noexcept { return cluster_size() / sizeof(std::uint16_t); }

  /// Bytes of the largest virtual disk whose L1 table QEMU accepts.
  constexpr std::uint64_t max_disk_size() const noexcept {
    return kMaxL1Bytes / sizeof(std::uint64_t) * l2_entries() * cluster_size();
  }

  /// Bits of the host offset in the L2 entry of a compressed cluster ("x" in the section "Cluster mapping").
  constexpr unsigned compressed_offset_bits() const noexcept { return 62 - (cluster_bits_ - 8); }

 private:
  unsigned cluster_bits_;
};

}  // namespace fstool::qcow2
