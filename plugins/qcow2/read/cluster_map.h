/// \file
/// ClusterMap: where the bytes of the disk are, as the L1 table and the L2 tables say.
#pragma once

#include <cstdint>

#include "read/image_header.h"
#include "read/table_cursor.h"

namespace fstool::qcow2 {

enum class ExtentKind : std::uint8_t {
  Unallocated,  ///< as the backing file says
  Zero,
  Plain,       ///< stored as it is
  Compressed,  ///< a part of one compressed cluster
};

/// A stretch of the disk that lies in one place.
struct Extent {
  ExtentKind kind = ExtentKind::Unallocated;
  std::uint64_t length = 0;         ///< bytes of the disk, at least 1
  std::uint64_t host_offset = 0;    ///< bytes into the file: Plain, of the first byte; Compressed, of the payload
  std::uint64_t payload_bytes = 0;  ///< Compressed: what the payload takes at most
};

/// Immutable, thread-safe.
class ClusterMap {
 public:
  /// `l1` as check_l1_table() wants it; `data_size` is the size of the file that has the plain clusters, in bytes.
  ClusterMap(const ImageHeader& header, const TablePlace& l1, const TableFile& file, std::uint64_t data_size);

  Geometry geometry() const noexcept { return geometry_; }

  /// What is at `offset` of the disk, up to `limit` bytes (at least 1) of one kind, those of Plain in one row. The
  /// extent may end before the next change of kind: at most `pieces` entries are looked at, which is at least 1 and
  /// goes down by each. Throws Error(Corrupt) that names the guest cluster, and Error(Io/Changed).
  Extent extent_at(std::uint64_t offset, std::uint64_t limit, std::uint64_t& pieces) const;

 private:
  class Walk;

  Geometry geometry_;
  std::uint32_t version_;
  bool external_data_;
  TablePlace l1_;
  TableFile file_;
  std::uint64_t data_size_;
};

}  // namespace fstool::qcow2
