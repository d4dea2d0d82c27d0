#include "check/stored_refcounts.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>

#include "ondisk/refcount.h"

namespace fstool::qcow2 {

void StoredRefcounts::find_table(ClusterUses& uses, Context& context) {
  const TablePlace& table = header_.refcount_table;
  const std::uint64_t cluster_size = header_.geometry.cluster_size();
  const std::uint64_t file_size = file_.file.size();
  if (table.entries == 0) {
    context.report_damage("there is no refcount table");
  } else if (table.bytes() > kMaxRefcountTableBytes) {
    context.report_damage(fmt::format("the refcount table is said to have {} bytes", table.bytes()));
  } else if (table.offset % cluster_size != 0) {
    context.report_damage(fmt::format("the refcount table begins at {:#x}, not at a cluster", table.offset));
  } else if (table.offset > file_size || table.bytes() > file_size - table.offset) {
    context.report_damage("the refcount table reaches beyond the end of the file");
  } else if (const Use other =
                 uses.add_range(table.offset / cluster_size, table.bytes() / cluster_size, Use::RefcountTable);
             other != Use::None) {
    context.report_damage(fmt::format("the refcount table overlaps {}", use_name(other)));
  } else {
    table_found_ = true;
  }
}

void StoredRefcounts::load_table(ClusterUses& uses, Context& context) {
  if (!table_found_) return;
  const std::uint64_t cluster_size = header_.geometry.cluster_size();
  const std::uint64_t file_size = file_.file.size();
  blocks_.resize(header_.refcount_table.entries);
  for (std::uint64_t i = 0; i < blocks_.size(); ++i) {
    const std::uint64_t entry = cursor_.number_at(header_.refcount_table.offset + i * sizeof(RefcountTableEntry));
    if (entry == 0) continue;
    const auto report = [&](const std::string& what) {
      context.report_damage(fmt::format("refcount block {}: {}", i, what));
    };
    if ((entry & kReservedRefcountTableBits) != 0) report(fmt::format("its entry {:#x} has reserved bits", entry));
    const std::uint64_t offset = entry & ~kReservedRefcountTableBits;
    if (offset % cluster_size != 0) {
      report(fmt::format("it begins at {:#x}, not at a cluster", offset));
    } else if (offset > file_size || cluster_size > file_size - offset) {
      report(fmt::format("it is at {:#x}, which is not in the file", offset));
    } else if (const Use other = uses.add(offset / cluster_size, Use::RefcountBlock, 1); other != Use::None) {
      report(fmt::format("it is at {:#x}, where {} is, too", offset, use_name(other)));
    } else {
      blocks_[i] = offset;
    }
  }
}

std::uint64_t StoredRefcounts::of(std::uint64_t cluster) {
  const std::uint64_t block = cluster / header_.geometry.refcounts_per_block();
  if (block >= blocks_.size() || blocks_[block] == 0) return 0;
  const unsigned order = header_.geometry.refcount_order();
  const std::uint64_t per_number = 64U >> order;
  const std::uint64_t index = cluster % header_.geometry.refcounts_per_block();
  const auto number =
      cursor_.bytes_at(blocks_[block] + index / per_number * sizeof(std::uint64_t), sizeof(std::uint64_t));
  return load_refcount(number, index % per_number, order);
}

void StoredRefcounts::for_each(const std::function<void(std::uint64_t cluster, std::uint64_t refcount)>& visit,
                               Context& context) {
  const std::uint64_t cluster_size = header_.geometry.cluster_size();
  const unsigned order = header_.geometry.refcount_order();
  const std::uint64_t step = std::min(cluster_size, TableCursor::kPageBytes);
  const std::uint64_t refcounts_per_step = step * 8 >> order;
  for (std::uint64_t block = 0; block < blocks_.size(); ++block) {
    if (blocks_[block] == 0) continue;
    context.check_cancelled();
    const Run run = file_.file.run_at(blocks_[block]);
    if (run.hole && run.length >= cluster_size) continue;
    std::uint64_t cluster = block * header_.geometry.refcounts_per_block();
    for (std::uint64_t at = 0; at < cluster_size; at += step, cluster += refcounts_per_step) {
      const auto bytes = cursor_.bytes_at(blocks_[block] + at, step);
      if (is_zero(bytes)) continue;
      for (std::uint64_t i = 0; i < refcounts_per_step; ++i) {
        if (const std::uint64_t refcount = load_refcount(bytes, i, order); refcount != 0) visit(cluster + i, refcount);
      }
    }
  }
}

}  // namespace fstool::qcow2
