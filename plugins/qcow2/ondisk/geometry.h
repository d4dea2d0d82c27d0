/// \file
/// Geometry: the sizes that follow from the cluster size and the kinds of tables.
///
/// Section names in this folder are those of QEMU's docs/interop/qcow2.txt. Every number on disk is big-endian, which
/// the structures say with Boost.Endian's big_* types.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fstool::qcow2 {

inline constexpr unsigned kMinClusterBits = 9;   ///< 512 bytes
inline constexpr unsigned kMaxClusterBits = 21;  ///< 2 MiB; QEMU opens no larger ones

/// Clusters are divided into subclusters from this size on.
inline constexpr unsigned kMinSubclusterClusterBits = 14;
inline constexpr unsigned kSubclusters = 32;  ///< of a cluster

/// Refcounts have 1 << refcount_order bits.
inline constexpr unsigned kDefaultRefcountOrder = 4;
inline constexpr unsigned kMaxRefcountOrder = 6;

/// Sizes of virtual disks are counted in sectors.
inline constexpr std::uint64_t kSectorSize = 512;

/// Limits that QEMU sets on the tables.
inline constexpr std::uint64_t kMaxL1Bytes = 32ULL << 20U;
inline constexpr std::uint64_t kMaxRefcountTableBytes = 8ULL << 20U;

/// Whether L2 entries have a bitmap of subclusters (section "Extended L2 Entries").
enum class L2Format : std::uint8_t { Standard, Extended };

class Geometry {
 public:
  /// `cluster_bits` in [kMinClusterBits, kMaxClusterBits], and at least kMinSubclusterClusterBits for extended entries;
  /// `refcount_order` at most kMaxRefcountOrder.
  constexpr explicit Geometry(unsigned cluster_bits, unsigned refcount_order = kDefaultRefcountOrder,
                              L2Format l2_format = L2Format::Standard)
      : cluster_bits_(cluster_bits), refcount_order_(refcount_order), l2_format_(l2_format) {}

  constexpr unsigned cluster_bits() const noexcept { return cluster_bits_; }
  constexpr std::uint64_t cluster_size() const noexcept { return std::uint64_t{1} << cluster_bits_; }

  constexpr bool has_subclusters() const noexcept { return l2_format_ == L2Format::Extended; }
  /// Bytes; a cluster that isn't divided is one subcluster.
  constexpr std::uint64_t subcluster_size() const noexcept {
    return has_subclusters() ? cluster_size() / kSubclusters : cluster_size();
  }

  /// Bytes of an L2 entry.
  constexpr std::uint64_t l2_entry_size() const noexcept { return has_subclusters() ? 16 : 8; }
  /// Entries of an L2 table, which is one cluster.
  constexpr std::uint64_t l2_entries() const noexcept { return cluster_size() / l2_entry_size(); }
  /// Bytes of the disk that an L2 table maps.
  constexpr std::uint64_t l2_table_reach() const noexcept { return l2_entries() << cluster_bits_; }

  constexpr unsigned refcount_order() const noexcept { return refcount_order_; }
  /// Entries of a refcount block, which is one cluster.
  constexpr std::uint64_t refcounts_per_block() const noexcept { return cluster_size() * 8 >> refcount_order_; }

  /// Bytes of the largest virtual disk whose L1 table QEMU accepts.
  constexpr std::uint64_t max_disk_size() const noexcept {
    return kMaxL1Bytes / sizeof(std::uint64_t) * l2_table_reach();
  }

  /// Bits of the host offset in the L2 entry of a compressed cluster ("x" in the section "Cluster mapping").
  constexpr unsigned compressed_offset_bits() const noexcept { return 62 - (cluster_bits_ - 8); }

 private:
  unsigned cluster_bits_;
  unsigned refcount_order_;
  L2Format l2_format_;
};

}  // namespace fstool::qcow2
