#include "damaged.h"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace fstool::fat {

namespace {

std::vector<std::byte> make_bytes(Variant variant, std::uint64_t size) {
  Tree tree;
  tree.add(Tree::kRoot, "a", file_node(std::uint64_t{3} * 512));
  tree.add(Tree::kRoot, "b", file_node(std::uint64_t{3} * 512));
  tree.add(Tree::kRoot, "long name.text", file_node(100));
  tree.add(Tree::kRoot, "empty", file_node(0));
  const NodeId directory = tree.add(Tree::kRoot, "dir", directory_node());
  tree.add(directory, "c", file_node(10));
  FatOptions options;
  options.fat_bits = variant;
  options.cluster_size = Bytes{512};
  options.volume_label = "LABEL";
  return bytes_of(*format_tree(std::move(tree), options, size).image);
}

/// Formatting takes longer than copying.
const std::vector<std::byte>& smallest_bytes(Variant variant) {
  static std::map<Variant, std::vector<std::byte>> known;
  const auto found = known.find(variant);
  return found != known.end() ? found->second : known.emplace(variant, make_bytes(variant, 0)).first->second;
}

}  // namespace

BlobPtr view_of(const std::vector<std::byte>& bytes) {
  return make_generated_blob(bytes.size(), [&bytes](std::uint64_t offset, std::span<std::byte> out) {
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
  });
}

Damaged::Damaged(Variant variant, std::uint64_t size)
    : bytes(size == 0 ? smallest_bytes(variant) : make_bytes(variant, size)), boot(read_boot_sector(*blob(), 0)) {}

void Damaged::set_entry(std::uint32_t cluster, std::uint32_t value) {
  for (std::uint32_t copy = 0; copy < geometry().fats; ++copy) {
    const std::uint64_t bit = std::uint64_t{cluster} * geometry().bits();
    const std::uint64_t offset = geometry().fat_offset(copy) + bit / 8;
    if (geometry().variant == Variant::Fat32) {
      at<little_uint32_t>(offset) = value;
    } else {
      const std::uint32_t mask = geometry().max_entry() << bit % 8;
      auto& word = at<little_uint16_t>(offset);
      word = static_cast<std::uint16_t>((word & ~mask) | value << bit % 8);
    }
  }
}

DirectoryEntry& Damaged::slot(std::string_view short_name) {
  for (std::uint64_t offset = geometry().fat_offset(geometry().fats); offset < bytes.size(); offset += kSlotSize) {
    auto& slot = at<DirectoryEntry>(offset);
    if (!slot.is_long_name() && std::ranges::equal(slot.name, short_name)) return slot;
  }
  throw std::runtime_error("there is no such slot");
}

}  // namespace fstool::fat
