#include "options.h"

#include "ondisk/superblock.h"

namespace fstool::ext4 {

const OptionSet<ExtOptions>& ext_options() {
  constexpr std::uint64_t kMaxWord = 0xFFFFFFFF;
  static const auto set =
      OptionSet<ExtOptions>()
          .add("features", &ExtOptions::features,
               "Features to add to those of the format, or with ^ to take away, as with mke2fs -O: "
               "\"^has_journal,metadata_csum_seed\". \"none\" takes all away.")
          .add("block_size", &ExtOptions::block_size, "Block size in bytes.",
               one_of<std::uint32_t>({1024, 2048, 4096, 8192, 16384, 32768, 65536}))
          .add("inode_size", &ExtOptions::inode_size,
               "Inode size in bytes, at most a block. Those of 128 have no nanoseconds and end in 2038.",
               one_of<std::uint32_t>({128, 256, 512, 1024, 2048, 4096}))
          .add("inode_ratio", &ExtOptions::inode_ratio,
               "At least one inode for so many bytes of the file system; the tree's own inodes always fit.",
               in_range(1024, 67'108'864))
          .add("inode_count", &ExtOptions::inode_count,
               "At least so many inodes, in place of inode_ratio; the tree's own inodes always fit.",
               in_range(1, kMaxWord))
          .add("blocks_per_group", &ExtOptions::blocks_per_group,
               "Blocks in a group, a multiple of 8. Left out: eight times the block size, or fewer where many small "
               "files would leave such groups half empty.",
               in_range(256, 65528))
          .add("flex_bg_size", &ExtOptions::flex_bg_size,
               "Number of groups whose bitmaps and inode tables lie together, a power of two. Left out: 16.",
               in_range(1, 65536))
          .add("journal_size", &ExtOptions::journal_size,
               "Size of the journal, at least 1024 blocks; 0 for none. Left out: by the size of the file system, as "
               "mke2fs does.")
          .add("journal_blocks", &ExtOptions::journal_blocks, "The same in blocks.", in_range(0, 10'240'000))
          .add("resize_limit", &ExtOptions::resize_limit,
               "Size up to which a mounted file system can grow. Left out: 1024 times its size.")
          .add("reserved_percent", &ExtOptions::reserved_percent, "Percent of the blocks that only root may use.",
               in_range(0, 50))
          .add("reserved_uid", &ExtOptions::reserved_uid, "User who may use the reserved blocks too.")
          .add("reserved_gid", &ExtOptions::reserved_gid, "Group that may use the reserved blocks too.")
          .add("volume_label", &ExtOptions::volume_label, "Label of the file system.",
               max_bytes(sizeof(Superblock::volume_name)))
          .add("uuid", &ExtOptions::uuid, "UUID of the file system. Left out: derived from the seed.")
          .add("hash_seed", &ExtOptions::hash_seed,
               "Seed of the directories' hashes, as a UUID. Left out: derived from the seed.")
          .add("hash_algorithm", &ExtOptions::hash_algorithm, "Hash of the directories.",
               choices<HashAlgorithm>({{"legacy", HashAlgorithm::Legacy},
                                       {"half_md4", HashAlgorithm::HalfMd4},
                                       {"tea", HashAlgorithm::Tea}}))
          .add("last_mounted", &ExtOptions::last_mounted, "Directory that it says it was last mounted on.",
               max_bytes(sizeof(Superblock::last_mounted)))
          .add("errors", &ExtOptions::errors, "What the kernel does when it finds an error.",
               choices<OnError>({{"continue", OnError::Continue},
                                 {"remount-ro", OnError::RemountReadOnly},
                                 {"panic", OnError::Panic}}))
          .add("default_mount_options", &ExtOptions::default_mount_options,
               "Mount options that hold unless mount says otherwise, as with tune2fs -o: any of debug, bsdgroups, "
               "user_xattr, acl, uid16, journal_data, journal_data_ordered, journal_data_writeback, nobarrier, "
               "block_validity, discard, nodelalloc; or none.")
          .add("stride", &ExtOptions::stride, "Blocks that a disk of the RAID holds one after the other.",
               in_range(0, 65535))
          .add("stripe_width", &ExtOptions::stripe_width, "Blocks of data in a stripe of the RAID.",
               in_range(0, kMaxWord))
          .add("root_owner", &ExtOptions::root_owner,
               "Owner of the root directory as \"uid:gid\". Left out: the source's.")
          .add("root_mode", &ExtOptions::root_mode,
               "Permissions of the root directory in octal: \"0755\". Left out: the source's.")
          .add("lost_found", &ExtOptions::lost_found, "Make /lost+found if the source has none.")
          .add("sparse", &ExtOptions::sparse,
               "Don't store blocks of zeros: they become holes. Reads every file once more beforehand.")
          .add("inline_data", &ExtOptions::inline_data,
               "Keep small files and directories in their inodes: the feature inline_data.")
          .add("sparse_super2", &ExtOptions::sparse_super2,
               "Keep two backups of the superblock only: the feature sparse_super2.");
  return set;
}

}  // namespace fstool::ext4
