#include "check/directory_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <limits>
#include <utility>

#include "fstool/error.h"
#include "read/inode_fields.h"

namespace fstool::ext4 {

namespace {

constexpr std::uint64_t kReadBytes = std::uint64_t{256} << 10;
constexpr std::uint8_t kFirstUnsignedVersion = 3;
constexpr std::size_t kInlineParentBytes = 4;

bool is_dot(std::string_view name) { return name == "." || name == ".."; }

}  // namespace

DirectoryScan DirectoryCheck::check(const DirectoryToCheck& directory) {
  directory_ = &directory;
  scan_ = {};
  scan_.inode = directory.inode;
  const bool carry_hash = (directory.flags & kInodeEncrypted) != 0 && (directory.flags & kInodeCasefolded) != 0;
  format_ = {state_.layout().block_size, state_.layout().inodes, carry_hash};
  if ((directory.flags & kInodeInlineData) != 0) {
    read_inline();
  } else {
    read_blocks();
  }
  check_twins();
  return std::move(scan_);
}

void DirectoryCheck::damage(const std::string& what) { scan_.findings.add("directory {}: {}", scan_.inode, what); }

void DirectoryCheck::read_inline() {
  const auto in_inode = std::as_bytes(std::span(directory_->inline_data[0]));
  little_uint32_t parent;
  std::memcpy(&parent, in_inode.data(), sizeof(parent));
  names_.clear();
  names_.push_back({".", scan_.inode, 0, {}});
  names_.push_back({"..", parent, 0, {}});
  for (const StoredName& dot : names_) add(dot, true);
  for (NameReference& dot : scan_.names) dot.has_type = false;
  scan_.parent = parent;
  names_.clear();
  for (const auto region :
       {in_inode.subspan(kInlineParentBytes), std::as_bytes(std::span(directory_->inline_data[1]))}) {
    if (const auto problem = parse_entries(region, format_, names_)) damage(*problem);
  }
  for (const StoredName& name : names_) {
    if (is_dot(name.name)) damage(fmt::format("\"{}\" is not at its beginning", name.name));
    add(name, is_dot(name.name));
  }
}

std::optional<std::vector<std::byte>> DirectoryCheck::block_at(std::uint64_t logical) {
  const auto& extents = directory_->extents;
  const auto extent = std::partition_point(extents.begin(), extents.end(), [&](const CheckedExtent& candidate) {
    return candidate.logical + candidate.length <= logical;
  });
  if (extent == extents.end() || logical < extent->logical) return std::nullopt;
  const std::uint64_t physical = extent->physical + (logical - extent->logical);
  if (state_.volume.blocks.stored_at(physical, 1).missing) return std::nullopt;  // read_extent() tells of it
  return state_.volume.blocks.read(physical);
}

void DirectoryCheck::read_blocks() {
  const bool is_indexed =
      (directory_->flags & kInodeIndexed) != 0 && state_.layout().features.has_compat(kCompatDirIndex);
  std::optional<DirectoryIndex> index;
  if (is_indexed) {
    index.emplace(
        state_.layout(), directory_->blocks, [&](std::uint64_t logical) { return block_at(logical); },
        [&](const std::string& what) { damage(what); });
  }
  std::uint64_t mapped = 0;
  for (CheckedExtent extent : directory_->extents) {
    if (extent.logical >= directory_->blocks) continue;
    extent.length =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(extent.length, directory_->blocks - extent.logical));
    mapped += extent.length;
    read_extent(extent, index);
  }
  if (mapped < directory_->blocks) {
    damage(fmt::format("{} of its {} blocks are holes", directory_->blocks - mapped, directory_->blocks));
  }
}

void DirectoryCheck::read_extent(const CheckedExtent& extent, const std::optional<DirectoryIndex>& index) {
  const std::uint32_t block_size = state_.layout().block_size;
  const ClaimedBlocks& usage = state_.usage;
  const std::uint64_t first_cluster = usage.cluster_of(extent.physical);
  const std::uint64_t last_cluster = usage.cluster_of(extent.physical + extent.length - 1);
  if (usage.any_shared(first_cluster, last_cluster - first_cluster + 1)) {
    return damage(
        fmt::format("its {} blocks from {} on are not its own, and not read", extent.length, extent.physical));
  }
  bool told = false;
  for (std::uint32_t done = 0; done < extent.length;) {
    state_.context().check_cancelled();
    const std::uint64_t physical = extent.physical + done;
    const BlockReader::Stored stored = state_.volume.blocks.readable_at(physical, extent.length - done);
    if (stored.missing) {
      if (!std::exchange(told, true)) damage(fmt::format("its block {} is missing", physical));
      done += static_cast<std::uint32_t>(stored.blocks);
      continue;
    }
    const auto count = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(stored.blocks, std::max<std::uint64_t>(kReadBytes / block_size, 1)));
    buffer_.resize(std::size_t{count} * block_size);
    state_.volume.blocks.read(physical, buffer_);
    for (std::uint32_t i = 0; i < count; ++i) {
      read_block(extent.logical + done + i, std::span(buffer_).subspan(std::size_t{i} * block_size, block_size), index);
    }
    done += count;
  }
}

void DirectoryCheck::read_block(std::uint64_t logical, std::span<const std::byte> block,
                                const std::optional<DirectoryIndex>& index) {
  const bool has_index = index && index->hash_version();
  if (state_.layout().metadata_checksums) {
    const bool may_be_node = has_index ? index->is_node(logical) : index.has_value();
    const std::uint32_t seed = state_.volume.inode_seed(scan_.inode, directory_->generation);
    switch (check_directory_seal(block, may_be_node, seed)) {
      case BlockSeal::Valid:
        break;
      case BlockSeal::Wrong:
        damage(fmt::format("the checksum of its block {} is wrong", logical));
        break;
      case BlockSeal::Missing:
        damage(fmt::format("its block {} has no checksum", logical));
        break;
    }
  }
  names_.clear();
  if (const auto problem = parse_entries(block, format_, names_)) {
    damage(fmt::format("block {}: {}", logical, *problem));
  }
  if (logical == 0) check_dots();
  if (has_index && !index->is_node(logical)) check_hashes(logical, *index);
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const bool dot = is_dot(names_[i].name);
    if (dot && (logical != 0 || i >= 2)) {
      damage(fmt::format("\"{}\" is not at its beginning", names_[i].name));
    }
    add(names_[i], dot);
  }
}

void DirectoryCheck::check_dots() {
  const auto has = [&](std::size_t place, std::string_view name) {
    if (place >= names_.size() || names_[place].name != name) return false;
    // No entry is so short that there is no byte behind such a name.
    if (names_[place].name.data()[name.size()] != '\0') damage(fmt::format("\"{}\" is not followed by a NUL", name));
    return true;
  };
  if (!has(0, ".")) {
    damage("it does not begin with \".\"");
  } else if (names_[0].inode != scan_.inode) {
    damage(fmt::format("its \".\" is inode {}", names_[0].inode));
  }
  if (!has(1, "..")) {
    damage("it has no \"..\" behind \".\"");
  } else {
    scan_.parent = names_[1].inode;
  }
}

void DirectoryCheck::check_hashes(std::uint64_t logical, const DirectoryIndex& index) {
  const auto range = index.leaf(logical);
  if (!range) return damage(fmt::format("its index does not refer to its block {}", logical));
  const std::uint8_t version = *index.hash_version();
  // Those of casefolded names depend on tables of Unicode.
  if ((directory_->flags & kInodeCasefolded) != 0 || version >= 2 * kFirstUnsignedVersion) return;
  const bool is_signed = version < kFirstUnsignedVersion && !state_.layout().unsigned_hash;
  const NameHasher hasher{static_cast<HashVersion>(version % kFirstUnsignedVersion), is_signed,
                          state_.layout().hash_seed};
  for (const StoredName& name : names_) {
    const std::uint32_t hash = hash_name(hasher, name.name).major;
    if (hash >= range->first && hash < range->end) continue;
    damage(
        fmt::format("block {}: the hash of \"{}\" is not one of those that its index has there", logical, name.name));
    return;
  }
}

void DirectoryCheck::add(const StoredName& name, bool dot) {
  const bool encrypted = (directory_->flags & kInodeEncrypted) != 0;
  if (!dot && !encrypted && name.name.find_first_of(std::string_view("/\0", 2)) != std::string_view::npos) {
    damage(fmt::format("inode {} has a name that can't be one", name.inode));
  }
  if (scan_.name_bytes.size() > std::numeric_limits<std::uint32_t>::max() - name.name.size()) {
    throw Error(ErrorCode::Unsupported, fmt::format("directory {} has more than 4 GiB of names", scan_.inode));
  }
  scan_.names.push_back({name.inode, static_cast<std::uint32_t>(scan_.name_bytes.size()),
                         static_cast<std::uint8_t>(name.name.size()), name.file_type, dot, true});
  scan_.name_bytes += name.name;
}

void DirectoryCheck::check_twins() {
  std::vector<std::pair<std::size_t, std::uint32_t>> hashes;  // of a name, and which one
  hashes.reserve(scan_.names.size());
  for (std::uint32_t i = 0; i < scan_.names.size(); ++i) {
    hashes.emplace_back(std::hash<std::string_view>()(scan_.text_of(scan_.names[i])), i);
  }
  std::sort(hashes.begin(), hashes.end());
  for (std::size_t i = 1; i < hashes.size(); ++i) {
    if (hashes[i - 1].first != hashes[i].first) continue;
    const std::string_view name = scan_.text_of(scan_.names[hashes[i].second]);
    if (scan_.text_of(scan_.names[hashes[i - 1].second]) == name) damage(fmt::format("it has \"{}\" twice", name));
  }
}

}  // namespace fstool::ext4
