#include "usage/volume_usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "read/open_volume.h"
#include "read/tree_reader.h"
#include "usage/block_usage.h"
#include "usage/group_usage.h"
#include "usage/inode_usage.h"

namespace fstool::ext4 {

namespace {

/// By the number of the inode, which is the order in which they lie.
std::vector<NamedInode> named_inodes(const Tree& tree) {
  std::vector<NamedInode> inodes;
  for (NodeId id = 0; id < tree.node_count(); ++id) {
    const Node& node = tree.node(id);
    if (node.recorded && node.recorded->number) {
      inodes.push_back({static_cast<std::uint32_t>(*node.recorded->number), id});
    }
  }
  std::sort(inodes.begin(), inodes.end(), [](const NamedInode& a, const NamedInode& b) { return a.inode < b.inode; });
  return inodes;
}

bool has(const std::vector<NamedInode>& inodes, std::uint32_t inode) {
  const auto found =
      std::lower_bound(inodes.begin(), inodes.end(), inode,
                       [](const NamedInode& named, std::uint32_t number) { return named.inode < number; });
  return found != inodes.end() && found->inode == inode;
}

}  // namespace

VolumeUsage volume_usage(BlobPtr image, std::size_t largest_files, Context& context) {
  OpenedVolume opened = open_groups(std::move(image), context);
  const Layout& layout = opened.state->layout;
  VolumeUsage usage;
  usage.volume.tree = TreeReader(opened.state, opened.groups).read({});
  usage.volume.facts = opened.facts;
  const std::vector<NamedInode> named = named_inodes(usage.volume.tree);

  BlockUsage blocks(layout, largest_files);
  InodeUsage inodes(opened, blocks);
  inodes.add_special();
  for (const NamedInode& inode : named) inodes.add_named(usage.volume.tree, inode);
  std::vector<std::uint32_t> unnamed;
  GroupUsage(opened, blocks)
      .add_all(layout.features.has_incompat(kIncompatEaInode) ? [&](std::uint32_t inode) {
        if (!has(named, inode)) unnamed.push_back(inode);
      } : std::function<void(std::uint32_t)>());
  for (const std::uint32_t inode : unnamed) inodes.add_unnamed(inode);
  inodes.add_block_maps();

  const std::uint64_t doubly_used = blocks.finish(usage);
  if (doubly_used > 0 && !layout.features.has_ro_compat(kRoCompatSharedBlocks)) {
    context.report_damage(fmt::format("{} blocks are used more than once", doubly_used / layout.block_size));
  }
  if (layout.cluster_ratio > 1) {
    give_clusters_to_their_users(usage.ranges, std::uint64_t{layout.block_size} * layout.cluster_ratio);
  }
  return usage;
}

}  // namespace fstool::ext4
