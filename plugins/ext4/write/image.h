/// \file
/// The Blob of a planned file system: which bytes lie where, made when they are read.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "fstool/blob.h"
#include "fstool/uuid.h"
#include "ondisk/features.h"
#include "ondisk/group_descriptor.h"
#include "ondisk/inode.h"
#include "ondisk/superblock.h"
#include "write/contents.h"
#include "write/placement.h"

namespace fstool::ext4 {

/// What the superblock says beyond the layout.
struct ImageSettings {
  Features features;
  Uuid uuid;
  std::string label;
  Timestamp clock;  ///< of the superblock and of inodes that the tree doesn't have
  std::uint64_t reserved_blocks = 0;
};

/// A planned file system. Immutable; kept alive by the Blob that compose() returns.
class Image : public std::enable_shared_from_this<Image> {
 public:
  Image(std::shared_ptr<const Contents> contents, std::unique_ptr<const Placement> placement, ImageSettings settings);

  /// The file system as a Blob of `size` bytes.
  BlobPtr compose(std::uint64_t size) const;

 private:
  void write_inode(std::uint32_t inode, std::span<std::byte> out) const;
  void fill_node_inode(std::uint32_t inode, NodeId id, Inode& fields) const;
  void fill_journal_inode(Inode& fields) const;
  void fill_resize_inode(Inode& fields) const;
  void set_extents(Inode& fields, std::uint32_t inode, const BlockMap& map, std::uint64_t further_blocks) const;

  void read_inode_table(std::uint32_t first_inode, std::uint64_t offset, std::span<std::byte> out) const;
  void read_directories(std::uint64_t offset, std::span<std::byte> out) const;

  void fill_block_bitmap(std::uint64_t group, std::span<std::byte> out) const;
  void fill_inode_bitmap(std::uint64_t group, std::span<std::byte> out) const;
  std::uint32_t inodes_used_in(std::uint64_t group) const;
  std::vector<GroupDescriptor> group_descriptors() const;
  Superblock superblock(std::uint64_t group) const;

  void add_superblocks(BlobBuilder& builder) const;
  void add_group_tables(BlobBuilder& builder, const std::vector<GroupDescriptor>& descriptors) const;
  void add_resize_blocks(BlobBuilder& builder) const;
  void add_journal(BlobBuilder& builder) const;
  void add_directories(BlobBuilder& builder) const;
  void add_xattr_blocks(BlobBuilder& builder) const;
  void add_files(BlobBuilder& builder) const;
  void add_extent_tree(BlobBuilder& builder, std::uint32_t inode, const BlockMap& map) const;

  std::uint64_t block_offset(std::uint64_t block) const { return block * geometry_.block_size; }

  std::shared_ptr<const Contents> contents_;
  std::unique_ptr<const Placement> placement_;
  ImageSettings settings_;
  const Geometry& geometry_;
  std::uint32_t checksum_seed_;
};

}  // namespace fstool::ext4
