#include "read/cluster_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <string_view>

#include "fstool/error.h"
#include "ondisk/mapping_entry.h"

namespace fstool::qcow2 {

/// One look at the tables. Keeps the L2 table that it is at.
class ClusterMap::Walk {
 public:
  explicit Walk(const ClusterMap& map) : map_(map), l1_cursor_(map.file_), l2_cursor_(map.file_) {}

  /// The piece that begins at `offset` and ends with its entry, or where its subclusters change kind.
  Extent piece_at(std::uint64_t offset) {
    const Geometry geometry = map_.geometry_;
    const std::uint64_t table = l2_table_at(offset);
    const std::uint64_t reach = geometry.l2_table_reach();
    if (table == 0) return {ExtentKind::Unallocated, reach - offset % reach, 0, 0};
    const std::uint64_t place = table + offset % reach / geometry.cluster_size() * geometry.l2_entry_size();
    const std::uint64_t entry = l2_cursor_.number_at(place);
    if ((entry & kCompressed) != 0) return compressed_piece(offset, entry);
    if (geometry.has_subclusters())
      return subcluster_piece(offset, entry, l2_cursor_.number_at(place + sizeof(L2Entry)));
    return standard_piece(offset, entry);
  }

 private:
  [[noreturn]] void fail(std::uint64_t offset, std::string_view what) const {
    throw Error(ErrorCode::Corrupt, fmt::format("guest cluster {}: {}", offset >> map_.geometry_.cluster_bits(), what));
  }

  /// The offset of the L2 table for `offset`, 0 if there is none.
  std::uint64_t l2_table_at(std::uint64_t offset) {
    const std::uint64_t index = offset / map_.geometry_.l2_table_reach();
    if (index == l1_index_) return l2_table_;
    const std::uint64_t table = l1_cursor_.number_at(map_.l1_.offset + index * sizeof(L1Entry)) & kHostOffsetMask;
    const std::uint64_t cluster_size = map_.geometry_.cluster_size();
    const std::uint64_t file_size = map_.file_.file.size();
    if (table % cluster_size != 0) fail(offset, fmt::format("its L2 table begins at {:#x}, not at a cluster", table));
    if (table != 0 && (table > file_size || cluster_size > file_size - table)) {
      fail(offset, fmt::format("its L2 table, at {:#x}, is not in the file, which may be cut off", table));
    }
    l1_index_ = index;
    l2_table_ = table;
    return table;
  }

  std::uint64_t rest_of_cluster(std::uint64_t offset) const {
    return map_.geometry_.cluster_size() - offset % map_.geometry_.cluster_size();
  }

  Extent compressed_piece(std::uint64_t offset, std::uint64_t entry) const {
    if (map_.external_data_) fail(offset, "it is compressed, which can't be with an external data file");
    const CompressedPayload payload = compressed_payload(map_.geometry_, entry);
    if (payload.offset >= map_.file_.file.size()) {
      fail(offset, fmt::format("its data, at {:#x}, is not in the file, which may be cut off", payload.offset));
    }
    return {ExtentKind::Compressed, rest_of_cluster(offset), payload.offset, payload.bytes};
  }

  /// Where in the file the plain cluster with `entry` has the byte `offset`.
  std::uint64_t plain_place(std::uint64_t offset, std::uint64_t entry) const {
    const std::uint64_t cluster_size = map_.geometry_.cluster_size();
    const std::uint64_t host = entry & kHostOffsetMask;
    if (host % cluster_size != 0) fail(offset, fmt::format("its data begins at {:#x}, not at a cluster", host));
    if (host >= map_.data_size_) {
      fail(offset, fmt::format("its data, at {:#x}, is not in the file, which may be cut off", host));
    }
    if (map_.external_data_ && host != offset - offset % cluster_size) {
      fail(offset, fmt::format("its data is at {:#x} of the external data file, not where it is on the disk", host));
    }
    return host + offset % cluster_size;
  }

  /// True if the entry has a place in the file. 0 is one in an external data file only.
  bool has_place(std::uint64_t entry) const {
    return (entry & kHostOffsetMask) != 0 || (map_.external_data_ && (entry & kCopied) != 0);
  }

  Extent standard_piece(std::uint64_t offset, std::uint64_t entry) const {
    const std::uint64_t length = rest_of_cluster(offset);
    if ((entry & kReadsAsZeros) != 0) {
      if (map_.version_ < kVersion3) fail(offset, "it is marked as zeros, which version 2 doesn't know");
      return {ExtentKind::Zero, length, 0, 0};
    }
    if (!has_place(entry)) return {ExtentKind::Unallocated, length, 0, 0};
    return {ExtentKind::Plain, length, plain_place(offset, entry), 0};
  }

  Extent subcluster_piece(std::uint64_t offset, std::uint64_t entry, std::uint64_t subclusters) const {
    const auto allocated = static_cast<std::uint32_t>(subclusters);
    const auto zero = static_cast<std::uint32_t>(subclusters >> kSubclusters);
    if ((allocated & zero) != 0) fail(offset, "a subcluster of it is both allocated and zeros");
    if (allocated != 0 && !has_place(entry)) fail(offset, "a subcluster of it is allocated, and has no place");

    const std::uint64_t size = map_.geometry_.subcluster_size();
    const std::uint64_t first = offset % map_.geometry_.cluster_size() / size;
    const std::uint32_t allocated_here = allocated >> first;
    const std::uint32_t zero_here = zero >> first;
    Extent extent;
    int same = 0;  // subclusters of this kind from here on
    if ((allocated_here & 1U) != 0) {
      extent.kind = ExtentKind::Plain;
      extent.host_offset = plain_place(offset, entry);
      same = std::countr_one(allocated_here);
    } else if ((zero_here & 1U) != 0) {
      extent.kind = ExtentKind::Zero;
      same = std::countr_one(zero_here);
    } else {
      same = std::countr_zero(allocated_here | zero_here);
    }
    const std::uint64_t subcluster_count = std::min<std::uint64_t>(static_cast<unsigned>(same), kSubclusters - first);
    extent.length = subcluster_count * size - offset % size;
    return extent;
  }

  const ClusterMap& map_;
  TableCursor l1_cursor_;
  TableCursor l2_cursor_;
  std::uint64_t l1_index_ = ~std::uint64_t{0};  ///< of l2_table_
  std::uint64_t l2_table_ = 0;
};

ClusterMap::ClusterMap(const ImageHeader& header, const TablePlace& l1, const TableFile& file, std::uint64_t data_size)
    : geometry_(header.geometry),
      version_(header.version),
      external_data_(header.has_data_file()),
      l1_(l1),
      file_(file),
      data_size_(data_size) {}

Extent ClusterMap::extent_at(std::uint64_t offset, std::uint64_t limit, std::uint64_t& pieces) const {
  Walk walk(*this);
  Extent extent = walk.piece_at(offset);
  --pieces;
  while (extent.length < limit && extent.kind != ExtentKind::Compressed && pieces > 0) {
    --pieces;
    Extent next;
    try {
      next = walk.piece_at(offset + extent.length);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::Corrupt) throw;
      break;  // damage there is an error to those who ask for what is there
    }
    if (next.kind != extent.kind) break;
    if (extent.kind == ExtentKind::Plain && next.host_offset != extent.host_offset + extent.length) break;
    extent.length += next.length;
  }
  extent.length = std::min(extent.length, limit);
  return extent;
}

}  // namespace fstool::qcow2
