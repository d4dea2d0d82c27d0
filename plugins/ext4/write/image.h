/// \file
/// The Blob of a planned file system: which bytes lie where, made when they are read.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
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

/// What the superblock and the root say beyond profile and layout.
struct ImageSettings {
  Features features;  ///< the profile's, and what the contents turned out to need
  std::string label;
  std::string last_mounted;
  Timestamp clock;  ///< of the superblock and of inodes that the tree doesn't have
  std::uint64_t reserved_blocks = 0;
  std::uint16_t reserved_uid = 0;
  std::uint16_t reserved_gid = 0;
  std::uint16_t errors = 1;  ///< s_errors: 1 continue, 2 remount read-only, 3 panic
  std::uint32_t default_mount_options = 0;
  std::uint32_t stride = 0;        ///< blocks
  std::uint32_t stripe_width = 0;  ///< blocks
  struct Owner {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
  };
  std::optional<Owner> root_owner;         ///< in place of the tree's
  std::optional<std::uint16_t> root_mode;  ///< permissions, in place of the tree's
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
  void fill_orphan_file_inode(Inode& fields) const;
  void set_map(Inode& fields, std::uint32_t inode, const BlockMap& map, std::uint64_t further_blocks) const;
  void set_inode_times(Inode& fields, Timestamp time) const { set_times(fields, time, geometry_.inode_size); }
  /// What an inode holds of its own file's or directory's data; nothing if it has blocks for that.
  std::vector<std::byte> inline_data(std::uint32_t inode) const;
  void write_inode_space(std::uint32_t inode, std::span<const std::byte> inline_data, std::span<std::byte> space) const;

  void read_inode_table(std::uint32_t first_inode, std::uint64_t offset, std::span<std::byte> out) const;
  void read_directories(std::uint64_t offset, std::span<std::byte> out) const;

  void fill_block_bitmap(std::uint64_t group, std::span<std::byte> out) const;
  void fill_inode_bitmap(std::uint64_t group, std::span<std::byte> out) const;
  std::uint32_t inodes_used_in(std::uint64_t group) const;
  std::uint64_t own_blocks_in(std::uint64_t group) const;
  void seal_descriptor(std::uint64_t group, GroupDescriptor& descriptor) const;
  std::vector<GroupDescriptor> group_descriptors() const;
  Superblock superblock(std::uint64_t group) const;

  void add_superblocks(BlobBuilder& builder) const;
  void add_group_tables(BlobBuilder& builder, const std::vector<GroupDescriptor>& descriptors) const;
  void add_resize_blocks(BlobBuilder& builder) const;
  void add_journal(BlobBuilder& builder) const;
  void add_directories(BlobBuilder& builder) const;
  void add_xattr_blocks(BlobBuilder& builder) const;
  void add_files(BlobBuilder& builder) const;
  void add_orphan_file(BlobBuilder& builder) const;
  void add_mapping(BlobBuilder& builder, std::uint32_t inode, const BlockMap& map) const;

  std::uint64_t block_offset(std::uint64_t block) const { return block * geometry_.block_size; }

  std::shared_ptr<const Contents> contents_;
  std::unique_ptr<const Placement> placement_;
  ImageSettings settings_;
  const Geometry& geometry_;
  const Profile& profile_;
};

}  // namespace fstool::ext4
