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

void Mapping::set(std::uint64_t guest_cluster, std::uint64_t l2_entry, std::uint64_t subclusters) {
  const std::uint64_t l1_index = guest_cluster / geometry_.l2_entries();
  const std::uint64_t table_words = geometry_.l2_entries() * words();
  if (l1_indices_.empty() || l1_indices_.back() != l1_index) {
    if (l2_tables_.size() * sizeof(L2Entry) >= kPendingL2Bytes) write_l2_tables();
    l1_indices_.push_back(l1_index);
    l2_tables_.resize(l2_tables_.size() + table_words);
  }
  const std::uint64_t place = (l1_indices_.size() - 1) * table_words + guest_cluster % geometry_.l2_entries() * words();
  l2_tables_[place] = l2_entry;
  if (geometry_.has_subclusters()) l2_tables_[place + 1] = subclusters;
}

void Mapping::clear_copied(std::uint64_t guest_cluster, std::uint64_t l2_entry) {
  const std::uint64_t l1_index = guest_cluster / geometry_.l2_entries();
  const std::uint64_t word = guest_cluster % geometry_.l2_entries() * words();
  const L2Entry entry(l2_entry & ~kCopied);
  const auto pending = std::ranges::lower_bound(l1_indices_, l1_index);
  if (pending != l1_indices_.end() && *pending == l1_index) {
    const auto table = static_cast<std::uint64_t>(pending - l1_indices_.begin());
    l2_tables_[table * geometry_.l2_entries() * words() + word] = entry;
  } else {
    const std::uint64_t table = l1_[l1_index] & ~kCopied;
    output_.write_at(table + word * sizeof(L2Entry), std::as_bytes(std::span(&entry, 1)));
  }
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
