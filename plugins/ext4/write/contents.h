/// \file
/// Contents: what a file system will hold, independent of where it will lie. Gives every node its inode number, every
/// directory its shape, and every set of extended attributes its form.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "fstool/context.h"
#include "fstool/tree.h"
#include "write/directory.h"
#include "write/extent.h"
#include "write/profile.h"
#include "write/xattr.h"

namespace fstool::ext4 {

/// A directory and its place among the blocks of all directories.
struct Directory {
  NodeId node = 0;  ///< meaningless for a lost+found that the tree lacks
  DirectoryOwner owner;
  std::uint64_t first_block = 0;  ///< index among the blocks of all directories
  DirectoryLayout layout;
};

/// One block of extended attributes, shared by the inodes from `first_inode` up to the next block's.
struct XattrBlock {
  std::uint32_t first_inode = 0;
  std::uint32_t references = 0;
  std::vector<std::uint32_t> value_inodes;  ///< inodes of the values in placement.in_own_inodes
  std::uint32_t index = 0;                  ///< among all such blocks
};

/// A distinct set of extended attributes.
struct XattrSet {
  XattrPlacement placement;
  std::vector<XattrBlock> blocks;  ///< empty if all fits into the inode
};

class Contents {
 public:
  /// Numbers and measures everything in `tree`. Throws Error(Unsupported) for what ext4 can't hold, naming the path.
  Contents(std::shared_ptr<const Tree> tree, const Profile& profile, Context& context);

  const Tree& tree() const { return *tree_; }
  const std::shared_ptr<const Tree>& tree_ptr() const { return tree_; }
  const Profile& profile() const { return profile_; }

  /// The highest inode in use. All from kFirstInode on are in use up to this one.
  std::uint32_t last_inode() const { return last_inode_; }
  /// The node of an inode; nothing for those that the tree doesn't have (journal, lost+found, values).
  std::optional<NodeId> node_of(std::uint32_t inode) const;
  std::uint32_t inode_of(NodeId node) const { return inode_of_[node]; }
  /// The attribute value that the inode holds, if it is there for that; else null.
  const std::string* attribute_value(std::uint32_t inode) const;
  /// The inode's directory if it is one, lost+found included.
  const Directory* directory(std::uint32_t inode) const;
  /// True for a lost+found that the tree lacks.
  bool is_made_up_lost_and_found(std::uint32_t inode) const { return adds_lost_and_found_ && inode == kFirstInode; }
  /// The inode of the orphan file; 0 without one.
  std::uint32_t orphan_file_inode() const { return orphan_file_inode_; }
  /// True if a file's content lies in its inode.
  bool is_inline_file(std::uint32_t inode) const;

  /// Sorted by first_block.
  const std::vector<Directory>& directories() const { return directories_; }
  std::uint64_t directory_blocks() const { return directory_blocks_; }
  /// i_links_count of a node's inode.
  std::uint16_t links_count(NodeId node) const;

  /// The attributes of an inode; null if it has none.
  const XattrSet* xattrs(std::uint32_t inode) const;
  /// The block of attributes that an inode refers to; null if it has none.
  const XattrBlock* xattr_block(std::uint32_t inode) const;
  const std::vector<XattrSet>& xattr_sets() const { return xattr_sets_; }
  std::uint32_t xattr_block_count() const { return xattr_blocks_; }

  /// Bytes of content of an inode that has blocks of its own: files, long symlinks, values. 0 if it has none. Not for
  /// directories and the orphan file.
  std::uint64_t data_size(std::uint32_t inode) const;
  /// The same in blocks, rounded up, those of holes included.
  std::uint64_t data_blocks(std::uint32_t inode) const;
  /// Where an inode's content has data: logical blocks, `physical` 0. Sorted. Not for directories.
  void data_extents_of(std::uint32_t inode, std::vector<Extent>& out) const;

  /// The entries of a directory, as they will be written.
  std::unique_ptr<DirectoryEntries> entries(const Directory& directory) const;

  bool uses_value_inodes() const { return !values_.empty(); }
  /// True if a file is too large for readers that don't know the feature large_file.
  bool has_large_file() const { return has_large_file_; }

 private:
  static constexpr std::uint32_t kHasHoles = 0xFFFFFFFF;

  void number_nodes();
  void check_node(NodeId id, std::string_view name, NodeId parent) const;
  void find_zero_blocks(Context& context);
  void measure_directories();
  void measure_data();
  void find_data_extents(std::uint32_t inode, std::vector<Extent>& out) const;
  /// Bytes of data that fit into the inode; 0 if the inode can't hold any.
  std::size_t inline_capacity(std::uint32_t inode) const;
  void register_xattrs(std::uint32_t inode, NodeId id);
  void number_value_inodes();
  std::uint64_t blocks_of(std::uint64_t bytes) const;

  std::shared_ptr<const Tree> tree_;
  Profile profile_;
  std::vector<std::uint32_t> inode_of_;      // by NodeId; 0: has no name
  std::vector<NodeId> node_of_;              // by inode - kFirstInode
  std::vector<std::uint32_t> whole_blocks_;  // by inode - kFirstInode: blocks of content that is all data, or kHasHoles
  std::uint32_t last_inode_ = 0;
  bool adds_lost_and_found_ = false;
  std::uint32_t orphan_file_inode_ = 0;
  bool has_large_file_ = false;
  /// With Profile::zeros_are_holes: the data of files that have blocks of zeros.
  std::unordered_map<NodeId, std::vector<Extent>> nonzero_;
  std::vector<NodeId> directory_order_;
  std::unordered_map<NodeId, std::uint32_t> subdirectories_;
  std::vector<Directory> directories_;
  std::unordered_map<std::uint32_t, std::uint32_t> directory_index_;  // by inode
  std::uint64_t directory_blocks_ = 0;
  std::vector<XattrSet> xattr_sets_;
  std::map<Xattrs, std::uint32_t> xattr_set_by_value_;
  std::unordered_map<const Xattrs*, std::uint32_t> xattr_set_of_;
  std::uint32_t xattr_blocks_ = 0;
  std::vector<const std::string*> values_;  // by inode - first_value_inode_
  std::uint32_t first_value_inode_ = 0;
  std::uint64_t file_bytes_ = 0;
};

}  // namespace fstool::ext4
