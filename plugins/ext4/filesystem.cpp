#include "filesystem.h"

#include <fmt/format.h>

#include <cstring>

#include "check/check_volume.h"
#include "fstool/error.h"
#include "fstool/size.h"
#include "read/open_volume.h"
#include "usage/volume_usage.h"
#include "write/contents.h"
#include "write/format_options.h"
#include "write/sizing.h"

namespace fstool::ext4 {

namespace {

HashSeed hash_seed_of(const Uuid& uuid) {
  HashSeed seed{};
  for (std::size_t i = 0; i < seed.size(); ++i) {
    little_uint32_t word;
    std::memcpy(&word, uuid.bytes.data() + i * sizeof(word), sizeof(word));
    seed[i] = word;
  }
  return seed;
}

/// Warns of times that an inode can't hold.
void check_times(const Tree& tree, std::uint32_t inode_size, Context& context) {
  std::uint64_t clamped = 0;
  std::uint64_t rounded = 0;
  for (NodeId id = 0; id < tree.node_count(); ++id) {
    if (tree.links(id) == 0) continue;
    const Timestamp& mtime = tree.node(id).mtime;
    if (mtime.seconds < kMinSeconds || mtime.seconds > max_seconds(inode_size)) {
      ++clamped;
    } else if (mtime.nanoseconds != 0) {
      ++rounded;
    }
  }
  if (clamped > 0) {
    context.warn(
        fmt::format("{} modification times lie outside 1901 to {}, which is what inodes of {} bytes can hold; "
                    "they were set to the nearest time that fits",
                    clamped, inode_size > kOldInodeSize ? 2446 : 2038, inode_size));
  }
  if (rounded > 0 && inode_size <= kOldInodeSize) {
    context.warn(fmt::format("{} modification times lost their nanoseconds: inodes of {} bytes don't hold them",
                             rounded, inode_size));
  }
}

/// Bytes of the blocks that contents take, those of holes left out.
std::uint64_t stored_bytes(const Contents& contents) {
  std::uint64_t blocks = 0;
  std::vector<Extent> extents;
  for (std::uint32_t inode = kFirstInode; inode <= contents.last_inode(); ++inode) {
    contents.data_extents_of(inode, extents);
    for (const Extent& extent : extents) blocks += extent.length;
  }
  return blocks * contents.profile().block_size;
}

[[noreturn]] void throw_too_small(const Contents& contents, const SizingRequest& sizing, std::uint64_t size,
                                  const Context& context) {
  const SizedLayout fitted = lay_out_fitted(contents, sizing, context);
  const Geometry& geometry = fitted.placement->geometry();
  const std::uint64_t needed = geometry.blocks * geometry.block_size;
  const std::uint64_t stored = stored_bytes(contents);
  const std::uint64_t journal = fitted.special.journal_blocks * geometry.block_size;
  throw Error(ErrorCode::NoSpace,
              fmt::format("{} is too small for the tree: it needs {} ({} of files, {} of metadata in {} inodes and a "
                          "journal of {}); set size = \"auto\" or at least {}",
                          format_size(size), format_size(needed), format_size(stored),
                          format_size(needed - stored - journal), contents.last_inode(), format_size(journal), needed));
}

SizedLayout lay_out(const Contents& contents, const SizingRequest& sizing, std::optional<std::uint64_t> fixed,
                    const Context& context) {
  if (!fixed) return lay_out_fitted(contents, sizing, context);
  const std::uint32_t block_size = contents.profile().block_size;
  if (*fixed / block_size > kMaxFilesystemBlocks) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("{} is more than {}, the most that a file system with blocks of {} bytes holds",
                            format_size(*fixed), format_size(kMaxFilesystemBlocks * block_size), block_size));
  }
  auto layout = lay_out_fixed(contents, sizing, *fixed / block_size, context);
  if (!layout) throw_too_small(contents, sizing, *fixed, context);
  return std::move(*layout);
}

}  // namespace

ExtFilesystem::ExtFilesystem(Generation generation, ExtOptions options)
    : generation_(generation),
      options_(std::move(options)),
      profile_(make_profile(generation, options_)),
      settings_(make_image_settings(options_, profile_)) {}

FormattedVolume ExtFilesystem::format(std::shared_ptr<const Tree> tree, const FormatRequest& request,
                                      Context& context) {
  check_times(*tree, options_.inode_size, context);
  Profile profile = profile_;
  profile.uuid = options_.uuid.value_or(request.seed.uuid("file system"));
  profile.hasher.seed = hash_seed_of(options_.hash_seed.value_or(request.seed.uuid("directory hash")));
  profile.disk_offset = request.partition_offset;
  const auto contents = std::make_shared<const Contents>(std::move(tree), profile, context);
  SizedLayout layout =
      lay_out(*contents, make_sizing_request(options_, profile, request.size), request.size.fixed, context);

  const Geometry geometry = layout.placement->geometry();
  ImageSettings settings = settings_;
  // Some features are set where the tree needs them.
  if (contents->uses_value_inodes()) settings.features.incompat |= kIncompatEaInode;
  if (contents->has_large_file() || profile.resize_inode_bytes() > kMaxSmallFile) {
    settings.features.ro_compat |= kRoCompatLargeFile;
  }
  if (profile.has_journal() && layout.special.journal_blocks == 0) {
    settings.features.compat &= ~kCompatHasJournal;
    context.warn(
        fmt::format("{} is too small for a journal; the file system has none", format_size(*request.size.fixed)));
  }
  settings.clock = context.clock(contents->tree());
  settings.reserved_blocks = geometry.blocks * options_.reserved_percent / 100;

  FormattedVolume volume;
  volume.facts.type = generation_name(generation_);
  volume.facts.label = settings.label;
  volume.facts.uuid = profile.uuid.to_string();
  volume.facts.block_size = geometry.block_size;
  volume.facts.blocks = geometry.blocks;
  volume.facts.free_blocks = layout.placement->free_blocks();
  volume.facts.inodes = geometry.inodes();
  volume.facts.free_inodes = geometry.inodes() - contents->last_inode();
  volume.facts.features = feature_names(settings.features);
  volume.facts.size = request.size.fixed.value_or(geometry.blocks * geometry.block_size);

  const auto image = std::make_shared<const Image>(contents, std::move(layout.placement), std::move(settings));
  volume.image = image->compose(volume.facts.size);
  return volume;
}

bool ExtFilesystem::probe(const Blob& image) const {
  if (image.size() < kSuperblockOffset + sizeof(Superblock)) return false;
  Superblock superblock;
  try {
    image.read(kSuperblockOffset, std::as_writable_bytes(std::span(&superblock, 1)));
  } catch (const Error&) {
    return false;  // what can't be read is none of them as far as anybody can tell
  }
  return superblock.magic == kSuperblockMagic && generation_of(features_of(superblock)) == generation_;
}

VolumeFacts ExtFilesystem::inspect(BlobPtr image, Context& context) {
  return inspect_volume(std::move(image), context);
}

Volume ExtFilesystem::open(BlobPtr image, const OpenScope& scope, Context& context) {
  return open_volume(std::move(image), scope, context);
}

std::optional<VolumeUsage> ExtFilesystem::usage(BlobPtr image, std::size_t largest_files, Context& context) {
  return volume_usage(std::move(image), largest_files, context);
}

void ExtFilesystem::check(BlobPtr image, Context& context) { check_volume(std::move(image), context); }

}  // namespace fstool::ext4
