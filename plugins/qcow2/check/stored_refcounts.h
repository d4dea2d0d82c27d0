/// \file
/// The refcounts that an image has stored.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "check/cluster_uses.h"
#include "fstool/context.h"
#include "read/image_header.h"
#include "read/table_cursor.h"

namespace fstool::qcow2 {

/// Not thread-safe.
class StoredRefcounts {
 public:
  /// What `header` and `file` refer to must outlive this.
  StoredRefcounts(const ImageHeader& header, const TableFile& file) : header_(header), file_(file), cursor_(file) {}

  /// Checks where the refcount table is, and adds it to `uses`. Damage of it goes to context.report_damage(): then
  /// there are no refcounts.
  void find_table(ClusterUses& uses, Context& context);
  /// Reads the table and adds the refcount blocks to `uses`. Damaged entries are reported, and count as empty blocks.
  void load_table(ClusterUses& uses, Context& context);

  /// The refcount of a host cluster.
  std::uint64_t of(std::uint64_t cluster);

  /// Calls visit(cluster, refcount) for all refcounts that aren't zero, in ascending order. `visit` must not
  /// call this object.
  void for_each(const std::function<void(std::uint64_t cluster, std::uint64_t refcount)>& visit, Context& context);

 private:
  const ImageHeader& header_;
  TableFile file_;
  TableCursor cursor_;
  bool table_found_ = false;
  std::vector<std::uint64_t> blocks_;  ///< their offsets; 0: none
};

}  // namespace fstool::qcow2
