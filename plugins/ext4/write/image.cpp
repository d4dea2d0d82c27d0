#include "write/image.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "fstool/size.h"
#include "ondisk/checksum_seed.h"
#include "write/journal.h"
#include "write/orphan_file.h"

namespace fstool::ext4 {

namespace {

template <class T>
BlobPtr memory_blob_of(std::span<const T> objects) {
  const auto bytes = std::as_bytes(objects);
  return make_memory_blob({bytes.begin(), bytes.end()});
}

void set_bits(std::span<std::byte> bitmap, std::uint64_t first, std::uint64_t end, bool value) {
  for (std::uint64_t bit = first; bit < end;) {
    if (bit % 8 == 0 && end - bit >= 8) {
      const std::uint64_t bytes = (end - bit) / 8;
      std::memset(bitmap.data() + bit / 8, value ? 0xFF : 0, bytes);
      bit += bytes * 8;
      continue;
    }
    const auto mask = static_cast<std::byte>(1U << (bit % 8));
    if (value) {
      bitmap[bit / 8] |= mask;
    } else {
      bitmap[bit / 8] &= ~mask;
    }
    ++bit;
  }
}

/// The superblock keeps no later time: e2fsck takes it for a clock gone wrong.
std::uint32_t superblock_time(Timestamp time) {
  constexpr std::int64_t kLatest = 0x7FFFFFFF;
  return time.seconds < 0 || time.seconds > kLatest ? 0 : static_cast<std::uint32_t>(time.seconds);
}

}  // namespace

Image::Image(std::shared_ptr<const Contents> contents, std::unique_ptr<const Placement> placement,
             ImageSettings settings)
    : contents_(std::move(contents)),
      placement_(std::move(placement)),
      settings_(std::move(settings)),
      geometry_(placement_->geometry()),
      profile_(contents_->profile()) {}

BlobPtr Image::compose(std::uint64_t size) const {
  BlobBuilder builder;
  builder.reserve(contents_->last_inode() + std::size_t{8} * geometry_.groups);
  add_superblocks(builder);
  add_resize_blocks(builder);
  add_journal(builder);
  add_orphan_file(builder);
  add_directories(builder);
  add_xattr_blocks(builder);
  add_files(builder);
  return builder.finish(size);
}

// --- Inodes -------------------------------------------------------------------------------------------------------

void Image::set_map(Inode& fields, std::uint32_t inode, const BlockMap& map, std::uint64_t further_blocks) const {
  fields.block = build_mapping(map, inode, profile_).root;
  if (profile_.has_extents()) fields.flags |= kInodeExtents;
  set_blocks(fields, map.block_count() + further_blocks, geometry_.block_size);
}

void Image::fill_node_inode(std::uint32_t inode, NodeId id, Inode& fields) const {
  const Node& node = contents_->tree().node(id);
  const bool is_root = inode == kRootInode;
  fields.mode = inode_mode(node.kind, is_root ? settings_.root_mode.value_or(node.permissions) : node.permissions);
  fields.links_count = contents_->links_count(id);
  set_owner(fields, node.uid, node.gid);
  if (is_root && settings_.root_owner) set_owner(fields, settings_.root_owner->uid, settings_.root_owner->gid);
  set_inode_times(fields, node.mtime);

  std::uint64_t xattr_blocks = 0;
  if (const XattrBlock* block = contents_->xattr_block(inode)) {
    const std::uint64_t physical = placement_->xattr_block(*block);
    fields.file_acl_lo = static_cast<std::uint32_t>(physical);
    fields.file_acl_hi = static_cast<std::uint16_t>(physical >> 32);
    xattr_blocks = 1;
    // Values in inodes of their own are charged to each inode that refers to them.
    for (const StoredXattr& xattr : contents_->xattrs(inode)->placement.in_own_inodes) {
      xattr_blocks += div_ceil(xattr.value.size(), geometry_.block_size);
    }
  }
  set_blocks(fields, xattr_blocks, geometry_.block_size);

  switch (node.kind) {
    case NodeKind::Directory: {
      const DirectoryLayout& layout = contents_->directory(inode)->layout;
      set_size(fields, layout.blocks > 0 ? std::uint64_t{layout.blocks} * geometry_.block_size : layout.inline_bytes);
      if (layout.is_indexed()) fields.flags |= kInodeIndexed;
      if (layout.blocks == 0) break;
      set_map(fields, inode, placement_->block_map(inode), xattr_blocks);
      break;
    }
    case NodeKind::File:
      set_size(fields, node.content ? node.content->size() : 0);
      if (contents_->is_inline_file(inode)) break;
      set_map(fields, inode, placement_->block_map(inode), xattr_blocks);
      break;
    case NodeKind::Symlink:
      set_size(fields, node.target.size());
      if (contents_->data_size(inode) > 0) {
        set_map(fields, inode, placement_->block_map(inode), xattr_blocks);
      } else {
        std::memcpy(fields.block.data(), node.target.data(), node.target.size());
      }
      break;
    case NodeKind::CharDevice:
    case NodeKind::BlockDevice:
      set_device(fields, node.device);
      break;
    case NodeKind::Fifo:
    case NodeKind::Socket:
      break;
  }
}

void Image::fill_journal_inode(Inode& fields) const {
  const BlockMap& map = placement_->journal();
  if (map.extents.empty()) return;
  fields.mode = inode_mode(NodeKind::File, 0600);
  fields.links_count = 1;
  set_inode_times(fields, settings_.clock);
  set_size(fields, (map.extents.back().logical + map.extents.back().length) * geometry_.block_size);
  set_map(fields, kJournalInode, map, 0);
}

void Image::fill_orphan_file_inode(Inode& fields) const {
  const BlockMap& map = placement_->orphan_file();
  fields.mode = inode_mode(NodeKind::File, 0600);
  fields.links_count = 1;
  set_inode_times(fields, settings_.clock);
  set_size(fields, (map.extents.back().logical + map.extents.back().length) * geometry_.block_size);
  set_map(fields, contents_->orphan_file_inode(), map, 0);
}

// The resize inode owns the blocks that are reserved for group descriptors: its double indirect block names those of
// group 0, and each of these names its copies in the other groups.
void Image::fill_resize_inode(Inode& fields) const {
  if (!profile_.has_resize_inode()) return;
  constexpr std::size_t kDoubleIndirect = 13;
  std::uint64_t copies = 0;
  for (std::uint64_t group = 0; group < geometry_.groups; ++group) copies += geometry_.has_superblock(group) ? 1 : 0;

  fields.mode = inode_mode(NodeKind::File, 0600);
  fields.links_count = 1;
  set_inode_times(fields, settings_.clock);
  set_size(fields, profile_.resize_inode_bytes());
  set_blocks(fields, 1 + copies * geometry_.reserved_gdt_blocks, geometry_.block_size);
  const little_uint32_t block(static_cast<std::uint32_t>(placement_->resize_block()));
  std::memcpy(fields.block.data() + kDoubleIndirect * sizeof(block), &block, sizeof(block));
}

std::vector<std::byte> Image::inline_data(std::uint32_t inode) const {
  if (!profile_.has_inline_data()) return {};
  if (const Directory* directory = contents_->directory(inode)) {
    if (directory->layout.blocks > 0) return {};
    return write_inline_directory(*contents_->entries(*directory), directory->layout, directory->owner, profile_);
  }
  if (!contents_->is_inline_file(inode)) return {};
  const Blob& content = *contents_->tree().node(*contents_->node_of(inode)).content;
  std::vector<std::byte> data(content.size());
  content.read(0, data);
  return data;
}

void Image::write_inode_space(std::uint32_t inode, std::span<const std::byte> inline_data,
                              std::span<std::byte> space) const {
  std::vector<const StoredXattr*> xattrs;
  StoredXattr data;
  if (!inline_data.empty()) {
    const auto rest = inline_data.subspan(std::min(inline_data.size(), kInodeBlockBytes));
    data = inline_data_xattr({reinterpret_cast<const char*>(rest.data()), rest.size()});
    xattrs.push_back(&data);
  }
  if (const XattrSet* set = contents_->xattrs(inode)) {
    for (const StoredXattr& xattr : set->placement.in_inode) xattrs.push_back(&xattr);
  }
  if (!xattrs.empty()) write_inode_xattrs(xattrs, space);
}

void Image::write_inode(std::uint32_t inode, std::span<std::byte> out) const {
  std::fill(out.begin(), out.end(), std::byte{0});
  const bool has_extra = geometry_.inode_size > kOldInodeSize;
  Inode fields{};
  if (has_extra) fields.extra_isize = kExtraIsize;
  if (inode == kResizeInode) {
    fill_resize_inode(fields);
  } else if (inode == kJournalInode) {
    fill_journal_inode(fields);
  } else if (inode == contents_->orphan_file_inode()) {
    fill_orphan_file_inode(fields);
  } else if (const auto node = contents_->node_of(inode)) {
    fill_node_inode(inode, *node, fields);
  } else if (contents_->is_made_up_lost_and_found(inode)) {
    fields.mode = inode_mode(NodeKind::Directory, 0700);
    fields.links_count = 2;
    set_inode_times(fields, settings_.clock);
    set_size(fields, std::uint64_t{contents_->directory(inode)->layout.blocks} * geometry_.block_size);
    set_map(fields, inode, placement_->block_map(inode), 0);
  } else if (const std::string* value = contents_->attribute_value(inode)) {
    // The access time holds the hash of the value, the version the number of references.
    fields.mode = inode_mode(NodeKind::File, 0600);
    fields.links_count = 1;
    fields.flags = kInodeEaInode;
    fields.atime = xattr_value_hash(profile_.checksum_seed(), *value);
    fields.version_lo = 1;
    set_size(fields, value->size());
    set_map(fields, inode, placement_->block_map(inode), 0);
  }
  if (fields.links_count == 0) return;  // reserved and not in use: all zero
  const std::vector<std::byte> data = inline_data(inode);
  if (!data.empty()) {
    fields.flags |= kInodeInlineData;
    std::memcpy(fields.block.data(), data.data(), std::min(data.size(), fields.block.size()));
  }
  std::memcpy(out.data(), &fields, std::min(sizeof(fields), out.size()));
  if (has_extra) write_inode_space(inode, data, out.subspan(sizeof(fields)));
  if (profile_.has_checksums()) seal_inode(out, profile_.inode_checksum_seed(inode));
}

void Image::read_inode_table(std::uint32_t first_inode, std::uint64_t offset, std::span<std::byte> out) const {
  const std::uint32_t inode_size = geometry_.inode_size;
  std::vector<std::byte> raw(inode_size);
  while (!out.empty()) {
    const auto inode = static_cast<std::uint32_t>(first_inode + offset / inode_size);
    const std::size_t skip = offset % inode_size;
    const std::size_t take = std::min<std::size_t>(inode_size - skip, out.size());
    if (take == inode_size) {
      write_inode(inode, out.first(take));
    } else {
      write_inode(inode, raw);
      std::memcpy(out.data(), raw.data() + skip, take);
    }
    out = out.subspan(take);
    offset += take;
  }
}

// --- Groups -------------------------------------------------------------------------------------------------------

std::uint32_t Image::inodes_used_in(std::uint64_t group) const {
  const std::uint64_t before = group * geometry_.inodes_per_group;
  const std::uint64_t used = contents_->last_inode();
  return used <= before
             ? 0
             : static_cast<std::uint32_t>(std::min<std::uint64_t>(used - before, geometry_.inodes_per_group));
}

void Image::fill_block_bitmap(std::uint64_t group, std::span<std::byte> out) const {
  std::fill(out.begin(), out.end(), std::byte{0xFF});
  const std::uint64_t begin = geometry_.group_first_block(group);
  const std::uint64_t end = begin + geometry_.group_blocks(group);
  const std::vector<BlockRun>& free = placement_->free();
  auto run = std::upper_bound(free.begin(), free.end(), begin,
                              [](std::uint64_t block, const BlockRun& r) { return block < r.start + r.length; });
  for (; run != free.end() && run->start < end; ++run) {
    set_bits(out, std::max(run->start, begin) - begin, std::min(run->start + run->length, end) - begin, false);
  }
}

void Image::fill_inode_bitmap(std::uint64_t group, std::span<std::byte> out) const {
  std::fill(out.begin(), out.end(), std::byte{0xFF});
  set_bits(out, inodes_used_in(group), geometry_.inodes_per_group, false);
}

/// Blocks of the group that hold its own superblock area, bitmaps and inode table.
std::uint64_t Image::own_blocks_in(std::uint64_t group) const {
  const GroupTables& tables = placement_->tables();
  const std::uint64_t first = geometry_.group_first_block(group);
  const auto inside = [&](std::uint64_t block) { return block >= first && block - first < geometry_.blocks_per_group; };
  std::uint64_t own = geometry_.superblock_area(group);
  if (inside(tables.block_bitmap[group])) ++own;
  if (inside(tables.inode_bitmap[group])) ++own;
  for (std::uint64_t i = 0; i < geometry_.inode_table_blocks; ++i) own += inside(tables.inode_table[group] + i) ? 1 : 0;
  return own;
}

void Image::seal_descriptor(std::uint64_t group, GroupDescriptor& descriptor) const {
  const little_uint32_t number(static_cast<std::uint32_t>(group));
  const auto bytes = bytes_of(descriptor).first(geometry_.descriptor_size);
  if (profile_.has_checksums()) {
    descriptor.checksum = static_cast<std::uint16_t>(crc32c(crc32c_of(profile_.checksum_seed(), number), bytes));
  } else if (profile_.has_group_checksums()) {
    // The 16-bit checksum leaves its own field out.
    constexpr std::size_t kField = offsetof(GroupDescriptor, checksum);
    std::uint16_t crc = crc16(0xFFFF, profile_.uuid.bytes);
    crc = crc16(crc, bytes_of(number));
    crc = crc16(crc, bytes.first(kField));
    descriptor.checksum = crc16(crc, bytes.subspan(kField + sizeof(descriptor.checksum)));
  }
}

std::vector<GroupDescriptor> Image::group_descriptors() const {
  std::vector<std::uint64_t> free_blocks(geometry_.groups);
  for (const BlockRun& run : placement_->free()) {
    std::uint64_t block = run.start;
    while (block < run.start + run.length) {
      const std::uint64_t group = (block - geometry_.first_data_block) / geometry_.blocks_per_group;
      const std::uint64_t end = std::min(run.start + run.length, geometry_.group_first_block(group + 1));
      free_blocks[group] += end - block;
      block = end;
    }
  }
  std::vector<std::uint32_t> directories(geometry_.groups);
  for (const Directory& directory : contents_->directories()) {
    ++directories[(directory.owner.inode - 1) / geometry_.inodes_per_group];
  }

  const GroupTables& tables = placement_->tables();
  std::vector<GroupDescriptor> descriptors(geometry_.groups);
  std::vector<std::byte> bitmap(geometry_.block_size);
  for (std::uint64_t group = 0; group < geometry_.groups; ++group) {
    GroupDescriptor& d = descriptors[group];
    const std::uint32_t used_inodes = inodes_used_in(group);
    const std::uint32_t free_inodes = geometry_.inodes_per_group - used_inodes;
    d.block_bitmap_lo = static_cast<std::uint32_t>(tables.block_bitmap[group]);
    d.block_bitmap_hi = static_cast<std::uint32_t>(tables.block_bitmap[group] >> 32);
    d.inode_bitmap_lo = static_cast<std::uint32_t>(tables.inode_bitmap[group]);
    d.inode_bitmap_hi = static_cast<std::uint32_t>(tables.inode_bitmap[group] >> 32);
    d.inode_table_lo = static_cast<std::uint32_t>(tables.inode_table[group]);
    d.inode_table_hi = static_cast<std::uint32_t>(tables.inode_table[group] >> 32);
    d.free_blocks_count_lo = static_cast<std::uint16_t>(free_blocks[group]);
    d.free_blocks_count_hi = static_cast<std::uint16_t>(free_blocks[group] >> 16);
    d.free_inodes_count_lo = static_cast<std::uint16_t>(free_inodes);
    d.free_inodes_count_hi = static_cast<std::uint16_t>(free_inodes >> 16);
    d.used_dirs_count_lo = static_cast<std::uint16_t>(directories[group]);
    d.used_dirs_count_hi = static_cast<std::uint16_t>(directories[group] >> 16);

    if (!profile_.has_group_checksums()) continue;
    d.itable_unused_lo = static_cast<std::uint16_t>(free_inodes);
    d.itable_unused_hi = static_cast<std::uint16_t>(free_inodes >> 16);
    // A group in which only its own structures are taken needs no bitmap: readers make it up.
    const bool untouched = geometry_.group_blocks(group) - free_blocks[group] == own_blocks_in(group);
    const bool block_uninit = untouched && group > 0 && group + 1 < geometry_.groups;
    const bool inode_uninit = used_inodes == 0;
    d.flags = static_cast<std::uint16_t>(kGroupInodeZeroed | (block_uninit ? kGroupBlockUninit : 0) |
                                         (inode_uninit ? kGroupInodeUninit : 0));
    if (!block_uninit && profile_.has_checksums()) {
      fill_block_bitmap(group, bitmap);
      const std::uint32_t crc =
          crc32c(profile_.checksum_seed(), std::span(bitmap).first(geometry_.blocks_per_group / 8));
      d.block_bitmap_checksum_lo = static_cast<std::uint16_t>(crc);
      d.block_bitmap_checksum_hi = static_cast<std::uint16_t>(crc >> 16);
    }
    if (!inode_uninit && profile_.has_checksums()) {
      fill_inode_bitmap(group, bitmap);
      const std::uint32_t crc =
          crc32c(profile_.checksum_seed(), std::span(bitmap).first(geometry_.inodes_per_group / 8));
      d.inode_bitmap_checksum_lo = static_cast<std::uint16_t>(crc);
      d.inode_bitmap_checksum_hi = static_cast<std::uint16_t>(crc >> 16);
    }
    seal_descriptor(group, d);
  }
  return descriptors;
}

Superblock Image::superblock(std::uint64_t group) const {
  const std::uint32_t now = superblock_time(settings_.clock);
  const BlockMap& journal = placement_->journal();
  Superblock sb{};
  sb.inodes_count = static_cast<std::uint32_t>(geometry_.inodes());
  sb.blocks_count_lo = static_cast<std::uint32_t>(geometry_.blocks);
  sb.blocks_count_hi = static_cast<std::uint32_t>(geometry_.blocks >> 32);
  sb.reserved_blocks_count_lo = static_cast<std::uint32_t>(settings_.reserved_blocks);
  sb.reserved_blocks_count_hi = static_cast<std::uint32_t>(settings_.reserved_blocks >> 32);
  sb.free_blocks_count_lo = static_cast<std::uint32_t>(placement_->free_blocks());
  sb.free_blocks_count_hi = static_cast<std::uint32_t>(placement_->free_blocks() >> 32);
  sb.free_inodes_count = static_cast<std::uint32_t>(geometry_.inodes() - contents_->last_inode());
  sb.first_data_block = geometry_.first_data_block;
  for (std::uint32_t size = 1024; size < geometry_.block_size; size *= 2) sb.log_block_size += 1;
  sb.log_cluster_size = sb.log_block_size;
  sb.blocks_per_group = geometry_.blocks_per_group;
  sb.clusters_per_group = geometry_.blocks_per_group;
  sb.inodes_per_group = geometry_.inodes_per_group;
  sb.write_time = now;
  sb.max_mount_count = 0xFFFF;
  sb.magic = kSuperblockMagic;
  sb.state = kStateClean;
  sb.errors = settings_.errors;
  sb.last_check = now;
  sb.rev_level = 1;
  sb.default_reserved_uid = settings_.reserved_uid;
  sb.default_reserved_gid = settings_.reserved_gid;
  sb.first_inode = kFirstInode;
  sb.inode_size = static_cast<std::uint16_t>(geometry_.inode_size);
  sb.block_group_number = static_cast<std::uint16_t>(group);
  sb.feature_compat = settings_.features.compat;
  sb.feature_incompat = settings_.features.incompat;
  sb.feature_ro_compat = settings_.features.ro_compat;
  sb.uuid = profile_.uuid.bytes;
  std::copy(settings_.label.begin(), settings_.label.end(), sb.volume_name.begin());
  std::copy(settings_.last_mounted.begin(), settings_.last_mounted.end(), sb.last_mounted.begin());
  sb.reserved_gdt_blocks = static_cast<std::uint16_t>(geometry_.reserved_gdt_blocks);
  for (std::size_t i = 0; i < sb.hash_seed.size(); ++i) sb.hash_seed[i] = profile_.hasher.seed[i];
  sb.default_hash_version = static_cast<std::uint8_t>(profile_.hasher.version);
  if (settings_.features.has_incompat(kIncompat64bit)) {
    sb.descriptor_size = static_cast<std::uint16_t>(geometry_.descriptor_size);
  }
  sb.default_mount_options = settings_.default_mount_options;
  sb.mkfs_time = now;
  if (geometry_.inode_size > kOldInodeSize) {
    sb.min_extra_isize = kExtraIsize;
    sb.want_extra_isize = kExtraIsize;
  }
  sb.flags = profile_.hasher.is_signed ? kFlagSignedHash : kFlagUnsignedHash;
  sb.raid_stride = static_cast<std::uint16_t>(settings_.stride);
  sb.raid_stripe_width = settings_.stripe_width;
  if (settings_.features.has_incompat(kIncompatFlexBg)) {
    sb.log_groups_per_flex = static_cast<std::uint8_t>(std::countr_zero(geometry_.groups_per_flex));
  }
  if (profile_.has_checksums()) sb.checksum_type = 1;
  if (settings_.features.has_incompat(kIncompatChecksumSeed)) sb.checksum_seed = profile_.checksum_seed();
  if (settings_.features.has_incompat(kIncompatCasefold)) sb.encoding = kEncodingUtf8;
  if (settings_.features.has_compat(kCompatSparseSuper2)) {
    for (std::size_t i = 0; i < sb.backup_groups.size(); ++i) sb.backup_groups[i] = geometry_.backup_groups[i];
  }
  sb.orphan_file_inode = contents_->orphan_file_inode();
  std::uint64_t overhead = geometry_.overhead_blocks();
  if (!journal.extents.empty()) {
    Inode inode{};
    fill_journal_inode(inode);
    sb.journal_inode = kJournalInode;
    sb.journal_backup_type = 1;
    std::memcpy(sb.journal_blocks.data(), inode.block.data(), inode.block.size());
    sb.journal_blocks[15] = inode.size_hi;
    sb.journal_blocks[16] = inode.size_lo;
    overhead += journal.block_count();
  }
  sb.overhead_clusters = static_cast<std::uint32_t>(overhead);
  if (profile_.has_checksums()) sb.checksum = crc32c(~0U, bytes_of(sb).first(offsetof(Superblock, checksum)));
  return sb;
}

// --- Pieces -------------------------------------------------------------------------------------------------------

void Image::add_superblocks(BlobBuilder& builder) const {
  const std::vector<GroupDescriptor> descriptors = group_descriptors();
  std::vector<std::byte> table_bytes(std::uint64_t{geometry_.descriptor_blocks} * geometry_.block_size);
  for (std::size_t i = 0; i < descriptors.size(); ++i) {
    std::memcpy(table_bytes.data() + i * geometry_.descriptor_size, &descriptors[i], geometry_.descriptor_size);
  }
  const BlobPtr table = make_memory_blob(std::move(table_bytes));
  for (std::uint64_t group = 0; group < geometry_.groups; ++group) {
    std::uint64_t block = geometry_.group_first_block(group);
    if (geometry_.has_superblock(group)) {
      const Superblock sb = superblock(group);
      builder.add(group == 0 ? kSuperblockOffset : block_offset(block), memory_blob_of(std::span(&sb, 1)));
      ++block;
    }
    const Geometry::DescriptorBlocks held = geometry_.descriptor_blocks_in(group);
    if (held.count > 0) builder.add(block_offset(block), table, block_offset(held.first), block_offset(held.count));
  }
  add_group_tables(builder, descriptors);
}

void Image::add_group_tables(BlobBuilder& builder, const std::vector<GroupDescriptor>& descriptors) const {
  const auto self = shared_from_this();
  const GroupTables& tables = placement_->tables();
  for (std::uint64_t group = 0; group < geometry_.groups; ++group) {
    if ((descriptors[group].flags & kGroupBlockUninit) == 0) {
      std::vector<std::byte> bitmap(geometry_.block_size);
      fill_block_bitmap(group, bitmap);
      builder.add(block_offset(tables.block_bitmap[group]), make_memory_blob(std::move(bitmap)));
    }
    if ((descriptors[group].flags & kGroupInodeUninit) == 0) {
      std::vector<std::byte> bitmap(geometry_.block_size);
      fill_inode_bitmap(group, bitmap);
      builder.add(block_offset(tables.inode_bitmap[group]), make_memory_blob(std::move(bitmap)));
    }
    const std::uint32_t used = inodes_used_in(group);
    if (used == 0) continue;
    const auto first = static_cast<std::uint32_t>(group * geometry_.inodes_per_group + 1);
    builder.add(block_offset(tables.inode_table[group]),
                make_generated_blob(std::uint64_t{used} * geometry_.inode_size,
                                    [self, first](std::uint64_t offset, std::span<std::byte> out) {
                                      self->read_inode_table(first, offset, out);
                                    }));
  }
}

void Image::add_resize_blocks(BlobBuilder& builder) const {
  if (!profile_.has_resize_inode()) return;
  const std::uint64_t pointers = geometry_.block_size / sizeof(little_uint32_t);
  std::vector<little_uint32_t> reserved(pointers);
  const std::uint64_t first = geometry_.group_first_block(0) + 1 + geometry_.descriptor_blocks;
  for (std::uint64_t i = 0; i < geometry_.reserved_gdt_blocks; ++i) {
    reserved[(geometry_.descriptor_blocks + i) % pointers] = static_cast<std::uint32_t>(first + i);
    std::vector<little_uint32_t> copies;
    for (std::uint64_t group = 1; group < geometry_.groups; ++group) {
      if (!geometry_.has_superblock(group)) continue;
      copies.emplace_back(static_cast<std::uint32_t>(first + i + group * geometry_.blocks_per_group));
    }
    if (!copies.empty()) builder.add(block_offset(first + i), memory_blob_of(std::span<const little_uint32_t>(copies)));
  }
  builder.add(block_offset(placement_->resize_block()), memory_blob_of(std::span<const little_uint32_t>(reserved)));
}

void Image::add_mapping(BlobBuilder& builder, std::uint32_t inode, const BlockMap& map) const {
  if (map.mapping_blocks.empty()) return;
  const BlobPtr blocks = make_memory_blob(build_mapping(map, inode, profile_).blocks);
  for (std::size_t i = 0; i < map.mapping_blocks.size(); ++i) {
    builder.add(block_offset(map.mapping_blocks[i]), blocks, i * geometry_.block_size, geometry_.block_size);
  }
}

void Image::add_journal(BlobBuilder& builder) const {
  const BlockMap& map = placement_->journal();
  if (map.extents.empty()) return;
  const std::uint64_t blocks = map.extents.back().logical + map.extents.back().length;
  builder.add(block_offset(map.extents.front().physical),
              make_memory_blob(build_journal_superblock(geometry_.block_size, blocks)));
  add_mapping(builder, kJournalInode, map);
}

void Image::add_orphan_file(BlobBuilder& builder) const {
  const BlockMap& map = placement_->orphan_file();
  const std::uint32_t inode = contents_->orphan_file_inode();
  for (const Extent& extent : map.extents) {
    for (std::uint64_t block = extent.physical; block < extent.physical + extent.length; ++block) {
      builder.add(block_offset(block),
                  make_memory_blob(build_orphan_file_block(
                      geometry_.block_size, block, profile_.inode_checksum_seed(inode), profile_.has_checksums())));
    }
  }
  add_mapping(builder, inode, map);
}

void Image::read_directories(std::uint64_t offset, std::span<std::byte> out) const {
  const std::uint32_t block_size = geometry_.block_size;
  const std::vector<Directory>& all = contents_->directories();
  std::uint64_t block = offset / block_size;
  // The last directory that begins here or before has blocks: those that lie in their inodes come before it.
  auto directory = std::prev(std::upper_bound(
      all.begin(), all.end(), block, [](std::uint64_t value, const Directory& d) { return value < d.first_block; }));
  std::unique_ptr<DirectoryEntries> entries = contents_->entries(*directory);
  std::vector<std::byte> buffer(block_size);
  while (!out.empty()) {
    if (block == directory->first_block + directory->layout.blocks) {
      do ++directory;
      while (directory->layout.blocks == 0);
      entries = contents_->entries(*directory);
    }
    const std::size_t skip = offset % block_size;
    const std::size_t take = std::min<std::size_t>(block_size - skip, out.size());
    const std::span<std::byte> target = take == block_size ? out.first(take) : std::span(buffer);
    write_directory_block(*entries, directory->layout, directory->owner,
                          static_cast<std::uint32_t>(block - directory->first_block), profile_, target);
    if (take != block_size) std::memcpy(out.data(), buffer.data() + skip, take);
    out = out.subspan(take);
    offset += take;
    ++block;
  }
}

void Image::add_directories(BlobBuilder& builder) const {
  const BlobPtr region =
      make_generated_blob(contents_->directory_blocks() * geometry_.block_size,
                          [self = shared_from_this()](std::uint64_t offset, std::span<std::byte> out) {
                            self->read_directories(offset, out);
                          });
  for (const Extent& extent : placement_->directory_region()) {
    builder.add(block_offset(extent.physical), region, block_offset(extent.logical), block_offset(extent.length));
  }
  for (const Directory& directory : contents_->directories()) {
    add_mapping(builder, directory.owner.inode, placement_->block_map(directory.owner.inode));
  }
}

void Image::add_xattr_blocks(BlobBuilder& builder) const {
  for (const XattrSet& set : contents_->xattr_sets()) {
    for (const XattrBlock& block : set.blocks) {
      const std::uint64_t physical = placement_->xattr_block(block);
      builder.add(block_offset(physical),
                  make_memory_blob(build_xattr_block(set.placement, block.value_inodes, block.references, physical,
                                                     geometry_.block_size, profile_.checksum_seed(),
                                                     profile_.has_checksums())));
    }
  }
}

void Image::add_files(BlobBuilder& builder) const {
  for (std::uint32_t inode = kFirstInode; inode <= contents_->last_inode(); ++inode) {
    const std::uint64_t size = contents_->data_size(inode);
    if (size == 0) continue;
    BlobPtr content;
    if (const std::string* value = contents_->attribute_value(inode)) {
      content = memory_blob_of(std::span<const char>(*value));
    } else {
      const Node& node = contents_->tree().node(*contents_->node_of(inode));
      content = node.kind == NodeKind::File ? node.content : memory_blob_of(std::span<const char>(node.target));
    }
    const BlockMap map = placement_->block_map(inode);
    for (const Extent& extent : map.extents) {
      const std::uint64_t from = block_offset(extent.logical);
      builder.add(block_offset(extent.physical), content, from, std::min(block_offset(extent.length), size - from));
    }
    add_mapping(builder, inode, map);
  }
}

}  // namespace fstool::ext4
