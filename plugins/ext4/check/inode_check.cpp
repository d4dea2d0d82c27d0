#include "check/inode_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "fstool/error.h"
#include "ondisk/extent_tree.h"
#include "read/inode_fields.h"

namespace fstool::ext4 {

namespace {

constexpr std::uint32_t kInodeVerity = 0x00100000;
constexpr std::size_t kMinExtraSize = 4;  // i_extra_isize and i_checksum_hi

std::uint64_t pointers_of(const Layout& layout) { return layout.block_size / sizeof(little_uint32_t); }

/// The blocks that pointers can address, as their numbers in a file have to fit into 32 bits.
std::uint64_t max_pointed_blocks(const Layout& layout) {
  const std::uint64_t p = pointers_of(layout);
  return std::min(kDirectPointers + p + p * p + p * p * p, kMaxFileBlocks);
}

/// True if i_block holds the root of an extent tree that the flags don't tell of.
bool looks_like_extents(const Inode& inode) {
  ExtentHeader header;
  std::memcpy(&header, inode.block.data(), sizeof(header));
  return (inode.flags & kInodeExtents) == 0 && header.magic == kExtentMagic && header.max_entries > 0 &&
         header.max_entries <= kInlineExtents && header.entries <= header.max_entries;
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

bool is_used_inode(const CheckState& state, std::uint32_t number, const Inode& fields) {
  return number < state.layout().first_inode || fields.links_count != 0 || state.orphans.contains(number);
}

/// Takes the blocks of a map, and counts them.
class InodeCheck::MapOfInode final : public MapVisitor {
 public:
  MapOfInode(CheckState& state, Job& job, bool keeps_extents)
      : state_(state), job_(job), keeps_extents_(keeps_extents) {}

  bool map_block(std::uint64_t block) override {
    job_.blocks += state_.layout().cluster_ratio;
    if (job_.role == InodeRole::Resize) return map_block_of_resize(block);
    if (state_.usage.claim(state_.usage.cluster_of(block), 1)) return true;
    job_.incomplete = true;  // who has it is told by report_shared_blocks()
    return false;
  }

  void extent(const CheckedExtent& extent) override {
    const std::uint64_t end = extent.logical + extent.length;
    end_ = std::max(end_, end);
    if (extent.written) written_end_ = std::max(written_end_, end);
    unwritten_ |= !extent.written;
    claim(extent);
    if (keeps_extents_) extents.push_back(extent);
  }

  void damage(std::string what) override {
    job_.scan.findings.add("inode {}: {}", job_.record.number, what);
    job_.incomplete = true;
  }

  std::uint64_t end() const { return end_; }                  ///< the block behind the last one
  std::uint64_t written_end() const { return written_end_; }  ///< the same of those that were written
  bool has_unwritten() const { return unwritten_; }

  std::vector<CheckedExtent> extents;

 private:
  /// The blocks of the resize inode are the file system's own but for the one that its double indirect pointer names.
  bool map_block_of_resize(std::uint64_t block) {
    if (!resize_blocks_.claim(block, 1)) {
      damage(fmt::format("its block of pointers {} is used twice", block));
      return false;
    }
    if (std::exchange(first_, false)) state_.usage.claim(state_.usage.cluster_of(block), 1);
    return true;
  }

  void claim(const CheckedExtent& extent) {
    const std::uint32_t ratio = state_.layout().cluster_ratio;
    if (job_.role == InodeRole::Resize) {
      job_.blocks += std::uint64_t{extent.length} * ratio;
      return;
    }
    if (ratio > 1 && extent.logical % ratio != (extent.physical - state_.layout().first_data_block) % ratio) {
      damage(fmt::format("its extent at block {} does not lie in its cluster as it should", extent.logical));
    }
    std::uint64_t first = state_.usage.cluster_of(extent.physical);
    const std::uint64_t last = state_.usage.cluster_of(extent.physical + extent.length - 1);
    const bool shares_cluster = last_cluster_ == MappedCluster{extent.logical / ratio, first};
    last_cluster_ = {(extent.logical + extent.length - 1) / ratio, last};
    if (shares_cluster) ++first;
    if (first > last) return;
    job_.blocks += (last - first + 1) * ratio;
    state_.usage.claim(first, last - first + 1);
  }

  struct MappedCluster {
    std::uint64_t logical = 0;
    std::uint64_t physical = 0;
    bool operator==(const MappedCluster&) const = default;
  };

  CheckState& state_;
  Job& job_;
  const bool keeps_extents_;
  std::uint64_t end_ = 0;
  std::uint64_t written_end_ = 0;
  bool unwritten_ = false;
  /// Where the last extent ended. The next may begin in the same cluster.
  std::optional<MappedCluster> last_cluster_;
  BlockClaims resize_blocks_;
  bool first_ = true;
};

InodeCheck::InodeCheck(CheckState& state)
    : state_(state),
      layout_(state.layout()),
      groups_(state.volume.blocks, state.layout(), state.copy_group),
      inodes_(state.volume, groups_),
      xattrs_(state.volume, inodes_) {}

void InodeCheck::check(const InodeRecord& record, InodeScan& scan) {
  const Inode& inode = record.fields;
  const InodeRole role = role_of(state_, record.number);
  if (!is_zero(record.raw) && !has_valid_checksum(record, state_.volume)) {
    scan.findings.add("inode {}: its checksum is wrong", record.number);
  }
  const bool is_file = inode.links_count != 0 || state_.orphans.contains(record.number);
  const bool may_be_without_links = role == InodeRole::BadBlocks || role == InodeRole::BootLoader;
  if (role == InodeRole::Reserved || (!is_file && !may_be_without_links)) return check_free(record, role, scan);

  const auto kind = kind_of(inode);
  if (!kind && !may_be_without_links) {
    scan.findings.add("inode {}: its mode {:o} is no kind of file", record.number, inode.mode.value());
  }
  Job job{record, scan, role, kind.value_or(NodeKind::File), size_of(inode, layout_), {}};
  check_fields(job);
  check_flags(job);
  job.xattrs = xattrs_.check_inode(record, scan.findings);
  scan.value_inodes.insert(scan.value_inodes.end(), job.xattrs.value_inodes.begin(), job.xattrs.value_inodes.end());
  if (record.file_acl() != 0) check_xattr_block(job);
  if (kind || role == InodeRole::BadBlocks) check_map(job);
  check_blocks(job);

  const bool is_value = (inode.flags & kInodeEaInode) != 0;
  const bool hidden = role != InodeRole::File && role != InodeRole::Root;
  scan.used.push_back({record.number, 0, inode.links_count, job.kind, hidden, is_value});
}

void InodeCheck::check_free(const InodeRecord& record, InodeRole role, InodeScan& scan) {
  const Inode& inode = record.fields;
  switch (role) {
    case InodeRole::Reserved:
      if (inode.mode != 0 || inode.links_count != 0 || inode.blocks_lo != 0) {
        scan.findings.add("inode {}: it is reserved, but has something", record.number);
      }
      break;
    case InodeRole::Root:
      scan.findings.add("inode {}: the root directory is missing", record.number);
      break;
    case InodeRole::Hidden:
    case InodeRole::Resize:
      scan.findings.add("inode {}: the superblock needs it, but it is free", record.number);
      break;
    case InodeRole::File:
    case InodeRole::BadBlocks:
    case InodeRole::BootLoader:
      if (inode.mode != 0 && inode.deletion_time == 0) {
        scan.findings.add("inode {}: it was deleted, but has no time of that", record.number);
      }
      break;
  }
}

void InodeCheck::check_fields(const Job& job) {
  const Inode& inode = job.record.fields;
  const auto damage = [&](const std::string& what) { job.scan.findings.add("inode {}: {}", job.record.number, what); };
  if (inode.deletion_time != 0 && !state_.orphans.contains(job.record.number)) {
    damage("it is in use, but has a time of deletion");
  }
  if (inode.obsolete_fragment_address != 0) damage("i_faddr is not zero");
  if (job.kind == NodeKind::Directory && inode.size_hi != 0 && !layout_.features.has_incompat(kIncompatLargeDir)) {
    damage("it is a directory, and the high half of its size is not zero");
  }
  if (inode.file_acl_hi != 0 && !layout_.features.has_incompat(kIncompat64bit)) {
    damage("i_file_acl_hi is not zero, which takes the feature 64bit");
  }
  if (inode.blocks_hi != 0 && !layout_.features.has_ro_compat(kRoCompatHugeFile)) {
    damage("i_blocks_hi is not zero, which takes the feature huge_file");
  }
  if (job.record.raw.size() > kOldInodeSize && inode.extra_isize != 0 && inode.extra_isize < kMinExtraSize) {
    damage(fmt::format("its extra size is {} bytes", inode.extra_isize.value()));
  }
  if (job.kind == NodeKind::File && job.size > kMaxSmallFile) job.scan.has_large_file = true;
  const bool must_be_file = job.role == InodeRole::Hidden || job.role == InodeRole::Resize;
  if (must_be_file && job.kind != NodeKind::File) damage("the superblock needs it to be a file, and it is none");
  if (job.role != InodeRole::Root) return;
  if (job.kind != NodeKind::Directory) return damage("it is the root, but no directory");
  if (inode.blocks_lo == 0 && inode.blocks_hi == 0)
    damage("it is the root and has no blocks, which the kernel refuses to mount");
}

void InodeCheck::check_flags(const Job& job) {
  const std::uint32_t flags = job.record.fields.flags;
  const Features& features = layout_.features;
  const auto damage = [&](std::string_view what) { job.scan.findings.add("inode {}: {}", job.record.number, what); };
  if ((flags & kInodeExtents) != 0 && !features.has_incompat(kIncompatExtents)) {
    damage("it has an extent tree, which takes the feature extent");
  }
  if ((flags & kInodeInlineData) != 0 && !features.has_incompat(kIncompatInlineData)) {
    damage("its data lies in the inode, which takes the feature inline_data");
  }
  if ((flags & kInodeInlineData) != 0 && (flags & kInodeExtents) != 0) {
    damage("its data is said to lie in the inode and in extents");
  }
  if ((flags & kInodeEaInode) != 0 && !features.has_incompat(kIncompatEaInode)) {
    damage("it holds a value of an extended attribute, which takes the feature ea_inode");
  }
  if ((flags & kInodeCasefolded) != 0 && !features.has_incompat(kIncompatCasefold)) {
    damage("its names are casefolded, which takes the feature casefold");
  }
  if ((flags & kInodeEncrypted) != 0 && !features.has_incompat(kIncompatEncrypt)) {
    damage("it is encrypted, which takes the feature encrypt");
  }
  if ((flags & kInodeIndexed) == 0) return;
  if (job.kind != NodeKind::Directory) damage("it is indexed, but no directory");
  if (!features.has_compat(kCompatDirIndex)) damage("it is indexed, which takes the feature dir_index");
}

void InodeCheck::check_xattr_block(Job& job) {
  const std::uint64_t block = job.record.file_acl();
  if (!layout_.features.has_compat(kCompatExtAttr) || block <= layout_.first_data_block ||
      !state_.volume.blocks.contains(block, 1)) {
    job.scan.findings.add("inode {}: its block of extended attributes is block {}, which can't be one",
                          job.record.number, block);
    return;
  }
  job.blocks += layout_.cluster_ratio;
  job.scan.xattr_blocks.push_back({block, job.record.number});
  if (state_.xattr_blocks.add(block)) state_.usage.claim(state_.usage.cluster_of(block), 1);
  if (!layout_.features.has_incompat(kIncompatEaInode)) return;
  job.xattrs.value_blocks += value_blocks_of(block, job.record.number);
}

std::uint64_t InodeCheck::value_blocks_of(std::uint64_t xattr_block, std::uint32_t owner) {
  constexpr std::size_t kKept = 4096;
  const auto known = value_blocks_.find(xattr_block);
  if (known != value_blocks_.end()) return known->second;
  if (value_blocks_.size() >= kKept) value_blocks_.clear();
  Findings told;  // by check_xattrs(), which looks at each block once
  return value_blocks_[xattr_block] = xattrs_.check_block(xattr_block, owner, told).value_blocks;
}

void InodeCheck::check_map(Job& job) {
  const Inode& inode = job.record.fields;
  const auto damage = [&](const std::string& what) { job.scan.findings.add("inode {}: {}", job.record.number, what); };
  const bool has_content =
      job.kind == NodeKind::File || job.kind == NodeKind::Directory || job.kind == NodeKind::Symlink;
  if (!has_content) {
    if (inode.size_lo != 0 || inode.size_hi != 0) damage("it is a device, FIFO or socket, but has a size");
    if ((inode.flags & (kInodeExtents | kInodeInlineData)) != 0) {
      damage("it is a device, FIFO or socket, but is said to have content");
    }
    return;
  }
  if (job.kind == NodeKind::Symlink && inode.size_hi != 0) {
    damage("it is a symbolic link, but the upper half of its size is not 0");
  }
  if ((inode.flags & kInodeInlineData) != 0) return check_inline(job);
  if (job.kind == NodeKind::Symlink && is_fast_symlink(inode, layout_)) {
    if ((inode.flags & kInodeExtents) != 0) damage("its target lies in the inode, and it is said to have extents");
    return check_symlink(job, as_text(inode.block));
  }
  if (looks_like_extents(inode) && layout_.features.has_incompat(kIncompatExtents)) {
    return damage("it has an extent tree, but no flag that says so");
  }
  const bool is_value = (inode.flags & kInodeEaInode) != 0;
  MapOfInode map(state_, job, job.kind != NodeKind::File || is_value);
  walk_map(state_.volume, job.record.map_root(), map);
  check_sizes(job, map);
  keep(job, map);
}

void InodeCheck::check_sizes(const Job& job, const MapOfInode& map) {
  const auto damage = [&](const std::string& what) { job.scan.findings.add("inode {}: {}", job.record.number, what); };
  const std::uint32_t block_size = layout_.block_size;
  if (job.role == InodeRole::Resize || job.role == InodeRole::BadBlocks) return;
  switch (job.kind) {
    case NodeKind::Directory: {
      const std::uint64_t blocks = job.size / block_size;
      if (job.size % block_size != 0 || job.size == 0) {
        damage(fmt::format("it is a directory of {} bytes, which are not whole blocks", job.size));
      } else if (blocks > map.end() || blocks + state_.superblock.prealloc_dir_blocks < map.end()) {
        damage(fmt::format("it is a directory of {} blocks, and its map has {}", blocks, map.end()));
      }
      if (map.has_unwritten()) damage("it is a directory, and some of its blocks were never written");
      break;
    }
    case NodeKind::File: {
      // A file of fs-verity has its hashes behind its end.
      const bool has_tree_behind = (job.record.fields.flags & kInodeVerity) != 0;
      if (map.written_end() > 0 && job.size < (map.written_end() - 1) * block_size && !has_tree_behind &&
          !state_.orphans.contains(job.record.number)) {
        damage(fmt::format("it has {} bytes, and its map goes on to block {}", job.size, map.written_end() - 1));
      }
      check_file_size(job);
      break;
    }
    case NodeKind::Symlink: {
      if (map.end() != 1 || map.written_end() != 1 || map.extents.size() != 1) {
        damage("it is a symbolic link, and has not one block for its target");
        break;
      }
      check_symlink(job, as_text(state_.volume.blocks.read(map.extents.front().physical)));
      break;
    }
    default:
      break;
  }
}

void InodeCheck::check_file_size(const Job& job) {
  const bool has_pointers = (job.record.fields.flags & (kInodeExtents | kInodeInlineData)) == 0;
  const std::uint64_t most = has_pointers ? max_pointed_blocks(layout_) : kMaxFileBlocks;
  if (job.size <= most * layout_.block_size) return;
  job.scan.findings.add("inode {}: its size of {} bytes is more than a file can have", job.record.number, job.size);
}

void InodeCheck::check_inline(Job& job) {
  const Inode& inode = job.record.fields;
  const auto damage = [&](const std::string& what) { job.scan.findings.add("inode {}: {}", job.record.number, what); };
  if (!job.xattrs.inline_data) return damage("its data lies in the inode, but system.data is missing");
  const std::string& more = *job.xattrs.inline_data;
  const std::uint64_t room = kInodeBlockBytes + more.size();
  switch (job.kind) {
    case NodeKind::Directory:
      if (job.size != room) damage(fmt::format("it is a directory of {} bytes, and has {}", job.size, room));
      job.scan.directories.push_back(
          {job.record.number, inode.generation, inode.flags, 0, {}, {std::string(as_text(inode.block)), more}});
      break;
    case NodeKind::Symlink:
      check_symlink(job, std::string(as_text(inode.block)) + more);
      break;
    default:  // files have zeros behind what there is room for
      check_file_size(job);
  }
}

void InodeCheck::check_symlink(const Job& job, std::string_view target) {
  const auto damage = [&](const std::string& what) { job.scan.findings.add("inode {}: {}", job.record.number, what); };
  if (job.size == 0) return damage("it is a symbolic link without a target");
  if (job.size > target.size() || (job.size == target.size() && (job.record.fields.flags & kInodeInlineData) == 0)) {
    return damage(
        fmt::format("it is a symbolic link whose target has {} bytes in a place for {}", job.size, target.size()));
  }
  if ((job.record.fields.flags & kInodeEncrypted) != 0) {
    little_uint16_t length(0);
    if (job.size > sizeof(length)) std::memcpy(&length, target.data(), sizeof(length));
    if (length == 0 || length > job.size - sizeof(length)) damage("its encrypted target is damaged");
    return;
  }
  const std::size_t length = std::min(target.find('\0'), target.size());
  if (length != job.size) {
    damage(fmt::format("it is a symbolic link whose target has {} bytes instead of {}", length, job.size));
  }
}

void InodeCheck::keep(Job& job, MapOfInode& map) {
  const Inode& inode = job.record.fields;
  std::sort(map.extents.begin(), map.extents.end(),
            [](const CheckedExtent& a, const CheckedExtent& b) { return a.logical < b.logical; });
  if (job.kind == NodeKind::Directory) {
    const std::uint64_t blocks = (job.size + layout_.block_size - 1) / layout_.block_size;
    job.scan.directories.push_back(
        {job.record.number, inode.generation, inode.flags, blocks, std::move(map.extents), {}});
  } else if (job.kind == NodeKind::File && (inode.flags & kInodeEaInode) != 0) {
    ValueToCheck value;
    value.inode = job.record.number;
    value.hash = inode.atime;
    value.references = inode.version_lo | std::uint64_t{inode.ctime} << 32;
    value.counted = value.references != 0 || value.hash != 0;
    value.size = job.size;
    value.extents = std::move(map.extents);
    job.scan.values.push_back(std::move(value));
  }
}

void InodeCheck::check_blocks(const Job& job) {
  if (job.incomplete || job.role == InodeRole::BadBlocks) return;
  const std::uint64_t sectors = (job.blocks + job.xattrs.value_blocks) * (layout_.block_size / 512);
  const std::uint64_t recorded = sectors_of(job.record.fields, layout_);
  if (sectors != recorded) {
    job.scan.findings.add("inode {}: i_blocks says {} sectors, and it has {}", job.record.number, recorded, sectors);
  }
}

}  // namespace fstool::ext4
