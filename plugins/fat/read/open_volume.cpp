#include "read/open_volume.h"

#include <fmt/format.h>

#include <utility>

#include "fstool/error.h"
#include "read/boot_sector_reader.h"
#include "read/fsinfo_reader.h"
#include "read/tree_reader.h"
#include "read/volume_flags.h"

namespace fstool::fat {

namespace {

/// A file system whose boot sector was read.
struct OpenedVolume {
  Boot boot;
  std::shared_ptr<const VolumeState> state;
  VolumeFacts facts;
};

OpenedVolume open_boot_sector(BlobPtr image, Context& context) {
  OpenedVolume opened;
  opened.boot = read_boot_sector(*image, 0);
  const Geometry& geometry = opened.boot.geometry;
  if (image->size() < geometry.size()) {
    context.report_damage(fmt::format("the image has {} bytes, but its file system has {}: the end is missing",
                                      image->size(), geometry.size()));
  }
  opened.state = std::make_shared<const VolumeState>(std::move(image), geometry, context);
  VolumeFacts& facts = opened.facts;
  facts.type = "fat";
  facts.label = label_of(opened.boot);
  facts.uuid = volume_id_of(opened.boot);
  facts.size = geometry.size();
  facts.block_size = static_cast<std::uint32_t>(geometry.cluster_size());
  facts.blocks = geometry.clusters;
  facts.features = {variant_name(geometry.variant)};
  facts.state = read_volume_flags(opened.boot, opened.state->fat).text();
  return opened;
}

std::optional<std::uint32_t> noted_free_clusters(const OpenedVolume& opened) {
  const auto fsinfo = read_fsinfo(*opened.state->image, opened.boot);
  if (!fsinfo || fsinfo->free_clusters > opened.boot.geometry.clusters) return std::nullopt;
  return fsinfo->free_clusters;
}

}  // namespace

bool probe_volume(const Blob& image) {
  try {
    return is_fat(read_boot_sector(image, 0), image);
  } catch (const Error&) {
    return false;  // what can't be read is none as far as anybody can tell
  }
}

VolumeFacts inspect_volume(BlobPtr image, Context& context) {
  OpenedVolume opened = open_boot_sector(std::move(image), context);
  const auto noted = noted_free_clusters(opened);
  opened.facts.free_blocks = noted ? *noted : opened.state->fat.count_free();
  TreeReader tree(opened.state);
  tree.read({.path = "", .depth = OpenScope::Depth::Node});
  if (tree.label()) opened.facts.label = *tree.label();
  return std::move(opened.facts);
}

OpenedTree open_tree(BlobPtr image, const OpenScope& scope, Context& context) {
  OpenedVolume opened = open_boot_sector(std::move(image), context);
  TreeReader reader(opened.state);
  OpenedTree result;
  result.volume.tree = reader.read(scope);
  result.first_clusters = reader.first_clusters();
  if (reader.label()) opened.facts.label = *reader.label();
  const auto noted = noted_free_clusters(opened);
  if (noted && scope.depth != OpenScope::Depth::Everything) {
    opened.facts.free_blocks = *noted;
  } else {
    opened.facts.free_blocks = opened.state->fat.count_free();
    if (noted && *noted != opened.facts.free_blocks) {
      context.report_damage(
          fmt::format("FSInfo says that {} clusters are free, but {} are", *noted, opened.facts.free_blocks));
    }
  }
  result.volume.facts = std::move(opened.facts);
  result.state = std::move(opened.state);
  return result;
}

Volume open_volume(BlobPtr image, const OpenScope& scope, Context& context) {
  return open_tree(std::move(image), scope, context).volume;
}

}  // namespace fstool::fat
