#include "write/format_volume.h"

#include <fmt/format.h>

#include <limits>
#include <utility>

#include "write/contents.h"
#include "write/image.h"
#include "write/label.h"
#include "write/layout.h"

namespace fstool::fat {

namespace {

ImageSettings make_settings(const FatOptions& options, const FormatRequest& request, const Geometry& geometry) {
  ImageSettings settings;
  settings.volume_id = options.volume_id.empty() ? static_cast<std::uint32_t>(request.seed.number("volume id"))
                                                 : parse_volume_id(options.volume_id);
  if (!options.volume_label.empty()) settings.label = encode_label(options.volume_label);
  settings.oem_name = encode_oem_name(options.oem_name);
  // A disk may be larger than the field can say; nobody boots from there.
  const std::uint64_t hidden = request.partition_offset / geometry.sector_size;
  const bool is_known = hidden <= std::numeric_limits<std::uint32_t>::max();
  settings.hidden_sectors = options.hidden_sectors.value_or(is_known ? static_cast<std::uint32_t>(hidden) : 0);
  settings.backup_boot_sector = options.backup_boot_sector.value_or(settings.backup_boot_sector);
  return settings;
}

}  // namespace

void check_options(const FatOptions& options) {
  encode_label(options.volume_label);
  encode_oem_name(options.oem_name);
  if (!options.volume_id.empty()) parse_volume_id(options.volume_id);
}

FormattedVolume format_volume(std::shared_ptr<const Tree> tree, const FatOptions& options, const FormatRequest& request,
                              Context& context) {
  const auto contents =
      std::make_shared<const Contents>(std::move(tree), !options.volume_label.empty(), options.on_unsupported, context);
  const Layout layout = LayoutPlanner(*contents, options, request.sector_size).plan(request.size);
  const Geometry& geometry = layout.geometry;
  ImageSettings settings = make_settings(options, request, geometry);
  settings.clock = context.clock(contents->tree());

  FormattedVolume volume;
  volume.facts.type = "fat";
  volume.facts.label = options.volume_label;
  volume.facts.uuid = fmt::format("{:04X}-{:04X}", settings.volume_id >> 16, settings.volume_id & 0xFFFF);
  volume.facts.size = request.size.fixed.value_or(geometry.size());
  volume.facts.block_size = static_cast<std::uint32_t>(geometry.cluster_size());
  volume.facts.blocks = geometry.clusters;
  volume.facts.free_blocks = geometry.clusters - layout.used_clusters;
  volume.facts.features = {variant_name(geometry.variant)};
  const auto image = std::make_shared<const Image>(contents, layout, settings);
  volume.image = image->compose(volume.facts.size);
  return volume;
}

}  // namespace fstool::fat
