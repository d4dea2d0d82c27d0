#include "filesystem.h"

#include <fmt/format.h>

#include <cstring>

#include "fstool/error.h"
#include "fstool/size.h"
#include "read/open_volume.h"
#include "write/contents.h"
#include "write/image.h"
#include "write/journal.h"
#include "write/sizing.h"

namespace fstool::ext4 {

namespace {

constexpr std::uint32_t kInodeSize = 256;

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
void check_times(const Tree& tree, Context& context) {
  std::uint64_t clamped = 0;
  for (NodeId id = 0; id < tree.node_count(); ++id) {
    const std::int64_t seconds = tree.node(id).mtime.seconds;
    if (tree.links(id) > 0 && (seconds < kMinSeconds || seconds > kMaxSeconds)) ++clamped;
  }
  if (clamped > 0) {
    context.warn(
        fmt::format("{} modification times lie outside 1901 to 2446, which is what ext4 can hold; they were set "
                    "to the nearest time it can",
                    clamped));
  }
}

[[noreturn]] void throw_too_small(const Contents& contents, const SizingRequest& sizing, std::uint64_t size) {
  const SizedLayout fitted = lay_out_fitted(contents, sizing);
  const Geometry& geometry = fitted.placement->geometry();
  const std::uint64_t needed = geometry.blocks * geometry.block_size;
  throw Error(ErrorCode::NoSpace,
              fmt::format("{} is too small for the tree: it needs {} ({} of files, {} of metadata in {} inodes and a "
                          "journal of {}); set size = \"auto\" or at least {}",
                          format_size(size), format_size(needed), format_size(contents.file_bytes()),
                          format_size(needed > contents.file_bytes() ? needed - contents.file_bytes() : 0),
                          contents.last_inode(), format_size(fitted.journal_blocks * geometry.block_size), needed));
}

}  // namespace

Ext4Filesystem::Ext4Filesystem(Ext4Options options) : options_(std::move(options)) {
  if (options_.journal_blocks && *options_.journal_blocks > 0 && *options_.journal_blocks < kMinJournalBlocks) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("journal_blocks = {} is too few: a journal has at least {} blocks; "
                            "set 0 for none",
                            *options_.journal_blocks, kMinJournalBlocks));
  }
}

FormattedVolume Ext4Filesystem::format(std::shared_ptr<const Tree> tree, const FormatRequest& request,
                                       Context& context) {
  check_times(*tree, context);
  ContentsSettings contents_settings;
  contents_settings.block_size = options_.block_size;
  contents_settings.inode_size = kInodeSize;
  contents_settings.hash_seed = hash_seed_of(request.seed.uuid("directory hash"));
  const auto contents = std::make_shared<const Contents>(std::move(tree), contents_settings, context);

  SizingRequest sizing;
  sizing.inode_ratio = options_.inode_ratio;
  sizing.free_bytes = request.size.free_bytes;
  sizing.free_percent = request.size.free_percent;
  if (options_.journal_blocks) sizing.journal_blocks = *options_.journal_blocks;

  SizedLayout layout;
  if (request.size.fixed) {
    const std::uint64_t size = *request.size.fixed;
    if (size / options_.block_size > kMaxFilesystemBlocks) {
      throw Error(ErrorCode::Unsupported,
                  fmt::format("{} is more than {}, the most that ext4 with blocks of {} bytes holds", format_size(size),
                              format_size(kMaxFilesystemBlocks * options_.block_size), options_.block_size));
    }
    auto fixed = lay_out_fixed(*contents, sizing, size / options_.block_size);
    if (!fixed) throw_too_small(*contents, sizing, size);
    layout = std::move(*fixed);
    if (layout.journal_blocks == 0 && !options_.journal_blocks) {
      context.warn(fmt::format("{} is too small for a journal; the file system has none", format_size(size)));
    }
  } else {
    layout = lay_out_fitted(*contents, sizing);
  }

  const Geometry geometry = layout.placement->geometry();
  ImageSettings settings;
  settings.features.compat =
      kCompatExtAttr | kCompatResizeInode | kCompatDirIndex | (layout.journal_blocks > 0 ? kCompatHasJournal : 0);
  settings.features.incompat = kIncompatFiletype | kIncompatExtents | kIncompat64bit | kIncompatFlexBg |
                               (contents->uses_value_inodes() ? kIncompatEaInode : 0);
  settings.features.ro_compat = kRoCompatSparseSuper | kRoCompatLargeFile | kRoCompatHugeFile | kRoCompatDirNlink |
                                kRoCompatExtraIsize | kRoCompatMetadataCsum;
  settings.uuid = options_.uuid.value_or(request.seed.uuid("file system"));
  settings.label = options_.volume_label;
  settings.clock = context.clock(contents->tree());
  settings.reserved_blocks = geometry.blocks * options_.reserved_percent / 100;

  FormattedVolume volume;
  volume.facts.type = "ext4";
  volume.facts.label = settings.label;
  volume.facts.uuid = settings.uuid.to_string();
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

bool Ext4Filesystem::probe(const Blob& image) const {
  if (image.size() < kSuperblockOffset + sizeof(Superblock)) return false;
  Superblock superblock;
  try {
    image.read(kSuperblockOffset, std::as_writable_bytes(std::span(&superblock, 1)));
  } catch (const Error&) {
    return false;  // what can't be read is not ext4 as far as anybody can tell
  }
  return superblock.magic == kSuperblockMagic;
}

Volume Ext4Filesystem::open(BlobPtr image, Context& context) { return open_volume(std::move(image), context); }

}  // namespace fstool::ext4
