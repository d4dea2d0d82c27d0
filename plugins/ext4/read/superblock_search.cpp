#include "read/superblock_search.h"

#include <fmt/format.h>

#include <optional>
#include <span>
#include <string>
#include <tuple>

#include "fstool/error.h"

namespace fstool::ext4 {

namespace {

/// What a backup has in common with the primary superblock all the time.
auto lasting_fields(const Layout& layout) {
  constexpr std::uint32_t kVolatileIncompat = kIncompatNeedsRecovery;
  constexpr std::uint32_t kLastingCompat = kCompatSparseSuper2;
  return std::make_tuple(layout.block_size, layout.blocks, layout.cluster_ratio, layout.first_data_block,
                         layout.blocks_per_group, layout.inodes, layout.inodes_per_group, layout.first_inode,
                         layout.inode_size, layout.descriptor_size, layout.first_meta_bg, layout.uuid,
                         layout.checksum_seed, layout.features.incompat & ~kVolatileIncompat,
                         layout.features.compat & kLastingCompat);
}

/// The copy of the superblock in block group `group`, if `block_size` and `blocks_per_group` are right and it is sound.
std::optional<FoundSuperblock> backup_at(const Blob& image, std::uint64_t group, std::uint32_t block_size,
                                         std::uint64_t blocks_per_group) {
  const std::uint64_t first_data_block = block_size == kSuperblockOffset && blocks_per_group == 8 * block_size ? 1 : 0;
  const std::uint64_t offset = (first_data_block + group * blocks_per_group) * block_size;
  if (image.size() < sizeof(Superblock) || offset > image.size() - sizeof(Superblock)) return std::nullopt;
  const Superblock superblock = read_superblock(image, offset);
  if (superblock.magic != kSuperblockMagic || superblock.block_group_number != group) return std::nullopt;
  if (!has_valid_checksum(superblock)) return std::nullopt;
  try {
    const Layout layout = parse_layout(superblock);
    if (layout.block_size != block_size || layout.blocks_per_group != blocks_per_group) return std::nullopt;
    return FoundSuperblock{superblock, layout, group};
  } catch (const Error&) {
    return std::nullopt;  // no help, then
  }
}

std::optional<FoundSuperblock> find_backup(const Blob& image) {
  constexpr std::uint32_t kClusterRatios[] = {1, 16};  // without bigalloc, and what mke2fs takes with it
  constexpr std::uint64_t kGroups[] = {1, 3, 5, 7, 9, 25, 27, 49, 81, 125, 243, 343};
  for (std::uint32_t block_size = 1024; block_size <= 65536; block_size *= 2) {
    for (const std::uint32_t ratio : kClusterRatios) {
      for (const std::uint64_t group : kGroups) {
        auto found = backup_at(image, group, block_size, std::uint64_t{block_size} * 8 * ratio);
        if (found) return found;
      }
    }
  }
  return std::nullopt;
}

void report_use_of_backup(const FoundSuperblock& backup, const std::string& reason, Context& context) {
  context.report_damage(fmt::format("{}; its copy in block group {} is used instead", reason, backup.group));
}

}  // namespace

bool describe_same_volume(const Layout& a, const Layout& b) { return lasting_fields(a) == lasting_fields(b); }

Superblock read_superblock(const Blob& image, std::uint64_t offset) {
  if (image.size() < sizeof(Superblock) || offset > image.size() - sizeof(Superblock)) {
    throw Error(ErrorCode::Corrupt,
                fmt::format("an image of {} bytes is too small to hold an ext4 file system", image.size()));
  }
  Superblock superblock;
  image.read(offset, std::as_writable_bytes(std::span(&superblock, 1)));
  return superblock;
}

FoundSuperblock find_superblock(const Blob& image, Context& context) {
  FoundSuperblock primary{};
  primary.superblock = read_superblock(image, kSuperblockOffset);
  const bool sound = has_valid_checksum(primary.superblock);
  try {
    primary.layout = parse_layout(primary.superblock);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::Unsupported && sound) throw;
    auto backup = find_backup(image);
    if (!backup) throw;
    report_use_of_backup(*backup, error.what(), context);
    return *backup;
  }
  if (sound) return primary;
  // The backups are not kept up to date in all fields, so that the primary one is the better if they agree.
  const auto backup = find_backup(image);
  if (backup && !describe_same_volume(backup->layout, primary.layout)) {
    report_use_of_backup(*backup, "the checksum of the superblock is wrong", context);
    return *backup;
  }
  context.report_damage("the checksum of the superblock is wrong");
  return primary;
}

}  // namespace fstool::ext4
