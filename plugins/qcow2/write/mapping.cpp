#include "write/mapping.h"

#include <algorithm>
#include <span>

#include "fstool/size.h"

namespace fstool::qcow2 {
namespace {

/// L2 tables are written together once there are this many bytes of them: they then lie side by side, and a disk of
/// usual size has all of them behind its data.
constexpr std::uint64_t kPendingL2Bytes = 1 << 20U;

}  // namespace

Mapping::Mapping(Geometry geometry, std::uint64_t disk_size, ClusterAllocator& allocator, OutputFile& output)
    : geometry_(geometry), allocator_(allocator), output_(output) {
  l1_.resize(std::max<std::uint64_t>(div_ceil(disk_size, geometry.l2_table_reach()), 1));
}

void Mapping::set(std::uint64_t guest_cluster, std::uint64_t l2_entry) {
  const std::uint64_t l1_index = guest_cluster / geometry_.l2_entries();
  if (l1_indices_.empty() || l1_indices_.back() != l1_index) {
    if (l2_tables_.size() * sizeof(L2Entry) >= kPendingL2Bytes) write_l2_tables();
    l1_indices_.push_back(l1_index);
    l2_tables_.resize(l2_tables_.size() + geometry_.l2_entries());
  }
  const std::uint64_t table = l1_indices_.size() - 1;
  l2_tables_[table * geometry_.l2_entries() + guest_cluster % geometry_.l2_entries()] = l2_entry;
}

L1Table Mapping::finish() {
  write_l2_tables();
  return write_l1_table();
}

void Mapping::write_l2_tables() {
  if (l1_indices_.empty()) return;
  std::uint64_t offset = allocator_.allocate(l1_indices_.size());
  output_.write_at(offset, std::as_bytes(std::span(l2_tables_)));
  for (const std::uint64_t l1_index : l1_indices_) {
    l1_[l1_index] = kCopied | offset;
    offset += geometry_.cluster_size();
  }
  l1_indices_.clear();
  l2_tables_.clear();
}

L1Table Mapping::write_l1_table() {
  const std::uint64_t bytes = l1_.size() * sizeof(L1Entry);
  const std::uint64_t offset = allocator_.allocate(div_ceil(bytes, geometry_.cluster_size()));
  output_.write_at(offset, std::as_bytes(std::span(l1_)));
  return {offset, static_cast<std::uint32_t>(l1_.size())};
}

}  // namespace fstool::qcow2
