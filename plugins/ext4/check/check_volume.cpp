#include "check/check_volume.h"

#include <fmt/format.h>

#include <utility>

#include "check/bitmap_pass.h"
#include "check/check_state.h"
#include "check/group_check.h"
#include "check/inode_pass.h"
#include "check/name_pass.h"
#include "check/shared_blocks.h"
#include "check/special_files.h"
#include "check/superblock_check.h"
#include "check/xattr_pass.h"
#include "fstool/error.h"
#include "read/recovery.h"

namespace fstool::ext4 {

namespace {

/// The image with its journal replayed, or as it is if the journal is damaged or can't be replayed.
BlobPtr recover_if_possible(BlobPtr image, FoundSuperblock& found, Context& context) {
  const bool needs_recovery = found.layout.features.has_incompat(kIncompatNeedsRecovery);
  try {
    BlobPtr recovered = recover(image, found, context);
    if (needs_recovery) context.warn("it was not unmounted: this is how it is after its journal was replayed");
    return recovered;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Corrupt && error.code() != ErrorCode::Unsupported) throw;
    context.report_damage(error.what());
    return image;
  }
}

}  // namespace

void check_volume(BlobPtr image, Context& context) {
  FoundSuperblock found = find_superblock(*image, context);
  const bool needs_recovery = found.layout.features.has_incompat(kIncompatNeedsRecovery);
  const std::uint64_t image_size = image->size();
  image = recover_if_possible(std::move(image), found, context);

  const std::uint64_t size = found.layout.blocks * found.layout.block_size;
  if (image_size < size) {
    context.report_damage(
        fmt::format("the image has {} bytes, but its file system has {}: the end is missing", image_size, size));
  }
  const VolumeState volume(found.layout, std::move(image), context);
  CheckState state(volume, found.superblock);
  state.copy_group = found.group;
  state.recovered = needs_recovery;

  check_descriptors(state, found.group);
  check_superblock(state, found);
  check_descriptor_copies(state);
  claim_metadata(state);
  check_journal(state);
  find_orphans(state);
  Inventory inventory = check_inodes(state);
  report_shared_blocks(state, inventory);
  check_xattrs(state, inventory);
  check_names(state, inventory);
  check_block_bitmaps(state);
}

}  // namespace fstool::ext4
