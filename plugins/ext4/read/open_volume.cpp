#include "read/open_volume.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "fstool/error.h"
#include "fstool/uuid.h"
#include "ondisk/generation.h"
#include "read/recovery.h"
#include "read/superblock_search.h"
#include "read/tree_reader.h"

namespace fstool::ext4 {

namespace {

std::string state_of(const Superblock& superblock) {
  std::string state = (superblock.state & kStateClean) != 0 ? "clean" : "not clean";
  if (features_of(superblock).has_incompat(kIncompatNeedsRecovery)) state = "needs recovery";
  if ((superblock.state & kStateErrors) != 0) state += " with errors";
  return state;
}

std::string label_of(const Superblock& superblock) {
  const auto& name = superblock.volume_name;
  return {name.begin(), std::find(name.begin(), name.end(), '\0')};
}

std::string uuid_of(const Superblock& superblock) {
  Uuid uuid;
  std::copy(superblock.uuid.begin(), superblock.uuid.end(), uuid.bytes.begin());
  return uuid.to_string();
}

std::uint64_t free_blocks_of(const Superblock& superblock) {
  std::uint64_t blocks = superblock.free_blocks_count_lo;
  if (features_of(superblock).has_incompat(kIncompat64bit)) {
    blocks |= std::uint64_t{superblock.free_blocks_count_hi} << 32;
  }
  return blocks;
}

}  // namespace

OpenedVolume open_groups(BlobPtr image, Context& context) {
  const std::uint64_t image_size = image->size();
  FoundSuperblock found = find_superblock(*image, context);
  VolumeFacts facts;
  facts.state = state_of(found.superblock);
  image = recover(std::move(image), found, context);
  const Layout& layout = found.layout;
  facts.size = layout.blocks * layout.block_size;
  if (image_size < facts.size) {
    context.report_damage(
        fmt::format("the image has {} bytes, but its file system has {}: the end is missing", image_size, facts.size));
  }
  auto state = std::make_shared<const VolumeState>(layout, std::move(image), context);
  GroupTable groups(state->blocks, state->layout, found.group);
  const auto free_space = groups.check(context);
  facts.type = generation_name(generation_of(layout.features));
  facts.label = label_of(found.superblock);
  facts.uuid = uuid_of(found.superblock);
  facts.block_size = layout.block_size;
  facts.blocks = layout.blocks;
  facts.free_blocks = free_space ? free_space->blocks : std::min(free_blocks_of(found.superblock), layout.blocks);
  facts.inodes = layout.inodes;
  facts.free_inodes =
      std::min(free_space ? free_space->inodes : std::uint64_t{found.superblock.free_inodes_count}, facts.inodes);
  facts.features = feature_names(layout.features);
  return {std::move(state), std::move(groups), found.superblock, std::move(facts)};
}

VolumeFacts inspect_volume(BlobPtr image, Context& context) { return open_groups(std::move(image), context).facts; }

Volume open_volume(BlobPtr image, const OpenScope& scope, Context& context) {
  OpenedVolume opened = open_groups(std::move(image), context);
  Volume volume;
  volume.tree = TreeReader(opened.state, opened.groups).read(scope);
  volume.facts = std::move(opened.facts);
  return volume;
}

}  // namespace fstool::ext4
