#include "check/cluster_uses.h"

#include <algorithm>
#include <iterator>
#include <limits>

namespace fstool::qcow2 {
namespace {

std::uint64_t saturating_sum(std::uint64_t a, std::uint64_t b) {
  return b > std::numeric_limits<std::uint64_t>::max() - a ? std::numeric_limits<std::uint64_t>::max() : a + b;
}

}  // namespace

std::string_view use_name(Use use) {
  switch (use) {
    case Use::None:
      return "nothing";
    case Use::Header:
      return "the header";
    case Use::RefcountTable:
      return "the refcount table";
    case Use::RefcountBlock:
      return "a refcount block";
    case Use::L1Table:
      return "an L1 table";
    case Use::L2Table:
      return "an L2 table";
    case Use::SnapshotTable:
      return "the snapshot table";
    case Use::BitmapDirectory:
      return "the bitmap directory";
    case Use::BitmapTable:
      return "a bitmap table";
    case Use::Bitmap:
      return "a bitmap";
    case Use::EncryptionHeader:
      return "the encryption header";
    case Use::Data:
      return "guest data";
    case Use::CompressedData:
      return "compressed guest data";
  }
  return "something";
}

Use ClusterUses::add_range(std::uint64_t first, std::uint64_t count, Use use) {
  const std::uint64_t last = first + (count - 1);
  const auto behind = ranges_.upper_bound(last);
  if (behind != ranges_.begin()) {
    const Range& before = std::prev(behind)->second;
    if (before.last >= first) return before.use;
  }
  ranges_.emplace(first, Range{last, use});
  return Use::None;
}

Use ClusterUses::add(std::uint64_t cluster, Use use, std::uint64_t references) {
  Page& page = page_with(cluster);
  const std::uint64_t index = cluster % kPageClusters;
  const std::uint64_t sum = saturating_sum(references_in(page, cluster), references);
  page.references[index] = static_cast<std::uint8_t>(std::min<std::uint64_t>(sum, kManyReferences));
  if (sum >= kManyReferences) many_[cluster] = sum;

  const Use before = page.uses[index];
  page.uses[index] = use;
  if (const Range* range = range_with(cluster)) return range->use;
  const bool shared = before == use && (use == Use::Data || use == Use::CompressedData);
  return shared ? Use::None : before;
}

std::uint64_t ClusterUses::references(std::uint64_t cluster) const {
  const auto page = pages_.find(cluster / kPageClusters);
  const std::uint64_t single = page == pages_.end() ? 0 : references_in(*page->second, cluster);
  return saturating_sum(single, range_with(cluster) != nullptr ? 1 : 0);
}

void ClusterUses::for_each(const std::function<void(std::uint64_t cluster, std::uint64_t references)>& visit) const {
  for (const auto& [first, range] : ranges_) {
    for (std::uint64_t cluster = first; cluster <= range.last; ++cluster) visit(cluster, references(cluster));
  }
  for (const auto& [number, page] : pages_) {
    for (std::uint64_t i = 0; i < kPageClusters; ++i) {
      const std::uint64_t cluster = number * kPageClusters + i;
      if (page->references[i] != 0 && range_with(cluster) == nullptr) visit(cluster, references_in(*page, cluster));
    }
  }
}

const ClusterUses::Range* ClusterUses::range_with(std::uint64_t cluster) const {
  const auto behind = ranges_.upper_bound(cluster);
  if (behind == ranges_.begin()) return nullptr;
  const Range& range = std::prev(behind)->second;
  return cluster <= range.last ? &range : nullptr;
}

ClusterUses::Page& ClusterUses::page_with(std::uint64_t cluster) {
  const std::uint64_t number = cluster / kPageClusters;
  if (last_page_ == nullptr || number != last_page_number_) {
    std::unique_ptr<Page>& page = pages_[number];
    if (page == nullptr) page = std::make_unique<Page>();
    last_page_ = page.get();
    last_page_number_ = number;
  }
  return *last_page_;
}

std::uint64_t ClusterUses::references_in(const Page& page, std::uint64_t cluster) const {
  const std::uint8_t few = page.references[cluster % kPageClusters];
  return few == kManyReferences ? many_.at(cluster) : few;
}

}  // namespace fstool::qcow2
