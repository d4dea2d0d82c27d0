#include "options.h"

#include "ondisk/superblock.h"

namespace fstool::ext4 {

const OptionSet<Ext4Options>& ext4_options() {
  static const auto set =
      OptionSet<Ext4Options>()
          .add("block_size", &Ext4Options::block_size, "Block size in bytes.",
               one_of<std::uint32_t>({1024, 2048, 4096}))
          .add("journal_blocks", &Ext4Options::journal_blocks,
               "Blocks of the journal, at least 1024; 0 for none. Left out: by the size of the file system, as mke2fs "
               "does.",
               in_range(0, 10'240'000))
          .add("volume_label", &Ext4Options::volume_label, "Label of the file system.",
               max_bytes(sizeof(Superblock::volume_name)))
          .add("uuid", &Ext4Options::uuid, "UUID of the file system. Left out: derived from the seed.")
          .add("inode_ratio", &Ext4Options::inode_ratio,
               "At least one inode for so many bytes of the file system; the tree's own inodes always fit.",
               in_range(1024, 67'108'864))
          .add("reserved_percent", &Ext4Options::reserved_percent, "Percent of the blocks that only root may use.",
               in_range(0, 50));
  return set;
}

}  // namespace fstool::ext4
