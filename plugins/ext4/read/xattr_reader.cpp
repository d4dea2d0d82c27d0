#include "read/xattr_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>

#include "fstool/error.h"
#include "ondisk/posix_acl.h"
#include "read/inode_fields.h"

namespace fstool::ext4 {

namespace {

/// The most that the kernel takes for one value (EXT4_XATTR_SIZE_MAX).
constexpr std::uint32_t kMaxValueBytes = 1U << 24;
constexpr std::size_t kKeptBlocks = 256;
/// Values in inodes that are kept for the next file that has them.
constexpr std::uint64_t kKeptValueBytes = 16 << 20;
/// An image may be small and its values may be shared by many files, so there is no end to what they add up to; but
/// real ones stay far below this.
constexpr std::uint64_t kMinValueBudget = std::uint64_t{64} << 20;
constexpr std::uint64_t kMaxValueBudget = std::uint64_t{4} << 30;

/// The hash of an entry whose value lies in an inode. Kernels disagreed on whether names have signed characters.
bool entry_hash_matches(std::uint32_t recorded, std::string_view name, std::uint32_t value_hash) {
  return recorded == mix_xattr_hash(xattr_name_hash(name), value_hash) ||
         recorded == mix_xattr_hash(signed_xattr_name_hash(name), value_hash);
}

}  // namespace

XattrReader::XattrReader(const VolumeState& volume, InodeTable& inodes) : volume_(volume), inodes_(inodes) {}

InodeXattrs XattrReader::read(const InodeRecord& record) {
  InodeXattrs result;
  StoredSet stored;
  const auto behind = record.behind_fields();
  little_uint32_t magic(0);
  if (behind.size() > sizeof(magic)) std::memcpy(&magic, behind.data(), sizeof(magic));
  if (magic == kXattrMagic) parse(behind, sizeof(magic), sizeof(magic), record, stored, result.damage);
  if (record.file_acl() != 0) {
    const Block& block = block_at(record.file_acl());
    result.damage.insert(result.damage.end(), block.damage.begin(), block.damage.end());
    if (!block.bytes.empty()) parse(block.bytes, sizeof(XattrBlockHeader), 0, record, stored, result.damage);
  }

  Xattrs xattrs;
  for (Stored& xattr : stored) {
    if (xattr.name_index == kXattrSystem && xattr.name == "data") {
      result.inline_data = std::move(xattr.value);
      continue;
    }
    std::optional<std::string> name = full_xattr_name(xattr.name_index, xattr.name);
    if (!name) continue;
    if (!is_valid_xattr_name(xattr.name_index, xattr.name)) {
      result.damage.push_back(fmt::format("its extended attribute {} can't be named so", *name));
      continue;
    }
    if (xattr.name_index == kXattrAclAccess || xattr.name_index == kXattrAclDefault) {
      auto acl = acl_from_disk(xattr.value);
      if (!acl) {
        result.damage.push_back(fmt::format("its attribute {} is not an ACL", *name));
        continue;
      }
      xattr.value = std::move(*acl);
    }
    xattrs.push_back({std::move(*name), std::move(xattr.value)});
  }
  std::stable_sort(xattrs.begin(), xattrs.end(), [](const Xattr& a, const Xattr& b) { return a.name < b.name; });
  const auto duplicates =
      std::unique(xattrs.begin(), xattrs.end(), [](const Xattr& a, const Xattr& b) { return a.name == b.name; });
  if (duplicates != xattrs.end()) {
    result.damage.push_back("it has an extended attribute twice");
    xattrs.erase(duplicates, xattrs.end());
  }
  if (!xattrs.empty()) result.visible = share(std::move(xattrs));
  return result;
}

void XattrReader::parse(std::span<const std::byte> region, std::size_t first, std::size_t base,
                        const InodeRecord& owner, StoredSet& out, std::vector<std::string>& damage) {
  const auto next_of = [](std::size_t at, const XattrEntry& entry) {
    return at + (sizeof(XattrEntry) + entry.name_length + kXattrAlignment - 1) / kXattrAlignment * kXattrAlignment;
  };
  // The list ends with a zero word. Values lie behind it.
  std::vector<std::pair<std::size_t, XattrEntry>> entries;
  std::size_t at = first;
  while (true) {
    little_uint32_t word(0);
    if (at + sizeof(word) > region.size()) break;  // a list that fills its place needs no end mark
    std::memcpy(&word, region.data() + at, sizeof(word));
    if (word == 0) break;
    XattrEntry entry{};
    if (at + sizeof(entry) <= region.size()) std::memcpy(&entry, region.data() + at, sizeof(entry));
    if (at + sizeof(entry) > region.size() || next_of(at, entry) > region.size()) {
      damage.push_back("the list of its extended attributes is damaged");
      break;
    }
    entries.emplace_back(at, entry);
    at = next_of(at, entry);
  }

  std::size_t room = region.size() - std::min(at, region.size());  // for values, which don't overlap
  for (const auto& [offset, entry] : entries) {
    Stored stored;
    stored.name_index = entry.name_index;
    stored.name.assign(reinterpret_cast<const char*>(region.data()) + offset + sizeof(entry), entry.name_length);
    if (stored.name.find('\0') != std::string::npos) {
      damage.push_back("the name of an extended attribute has a NUL");
      continue;
    }
    if (entry.value_inode != 0) {
      try {
        stored.value = value_in_inode(entry, stored.name, owner, damage);
      } catch (const Error& error) {
        if (error.code() != ErrorCode::Corrupt) throw;
        damage.push_back(fmt::format("its extended attribute {}: {}", stored.name, error.what()));
        continue;
      }
    } else if (entry.value_size > 0) {
      const std::uint64_t begin = std::uint64_t{entry.value_offset} + base;
      if (begin < at || begin > region.size() || entry.value_size > region.size() - begin || entry.value_size > room) {
        damage.push_back(fmt::format("the value of its extended attribute {} lies outside of its place", stored.name));
        continue;
      }
      room -= entry.value_size;
      stored.value.assign(reinterpret_cast<const char*>(region.data()) + begin, entry.value_size);
    }
    out.push_back(std::move(stored));
  }
}

const XattrReader::Block& XattrReader::block_at(std::uint64_t number) {
  if (const auto known = blocks_.find(number); known != blocks_.end()) return known->second;
  if (blocks_.size() >= kKeptBlocks) blocks_.clear();
  Block& block = blocks_[number];
  const auto fail = [&](const std::string& what) -> const Block& {
    block.bytes.clear();
    block.damage.push_back(fmt::format("its block of extended attributes, {}, {}", number, what));
    return block;
  };
  try {
    if (number <= volume_.layout.first_data_block) return fail("can't be one");
    block.bytes = volume_.blocks.read(number);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Corrupt) throw;
    return fail(fmt::format("can't be read: {}", error.what()));
  }
  XattrBlockHeader header;
  std::memcpy(&header, block.bytes.data(), sizeof(header));
  if (header.magic != kXattrMagic || header.blocks != 1) return fail("has something else");
  if (volume_.layout.metadata_checksums) {
    XattrBlockHeader unsealed = header;
    unsealed.checksum = 0;
    std::uint32_t crc = crc32c_of(volume_.layout.checksum_seed, little_uint64_t(number));
    crc = crc32c(crc, bytes_of(unsealed));
    crc = crc32c(crc, std::span(block.bytes).subspan(sizeof(header)));
    if (crc != header.checksum) {
      block.damage.push_back(fmt::format("the checksum of its block of extended attributes, {}, is wrong", number));
    }
  }
  return block;
}

std::string XattrReader::value_in_inode(const XattrEntry& entry, std::string_view name, const InodeRecord& owner,
                                        std::vector<std::string>& damage) {
  const ValueInode& found = value_inode(entry.value_inode, entry.value_size);
  value_bytes_ += found.value.size();
  if (value_bytes_ > std::clamp(volume_.blocks.image()->size(), kMinValueBudget, kMaxValueBudget)) {
    throw Error(ErrorCode::Corrupt, "the values of all files add up to more than the image has room for");
  }
  const bool sealed = found.recorded == found.hash && entry_hash_matches(entry.hash, name, found.hash);
  // Lustre's values name the one inode that they belong to, and have no hash.
  const bool of_lustre = found.parent == owner.number && found.generation == owner.fields.generation;
  if (!sealed && !of_lustre) {
    damage.push_back(fmt::format("the hash of its extended attribute {} is wrong", name));
  }
  return found.value;
}

const XattrReader::ValueInode& XattrReader::value_inode(std::uint32_t number, std::uint32_t size) {
  const auto known = values_.find(number);
  if (known != values_.end() && known->second.value.size() == size) return known->second;
  const InodeRecord record = inodes_.read(number);
  const std::uint64_t inode_size = record.fields.size_lo | std::uint64_t{record.fields.size_hi} << 32;
  if (kind_of(record.fields) != NodeKind::File || (record.fields.flags & kInodeEaInode) == 0) {
    throw Error(ErrorCode::Corrupt, fmt::format("inode {} does not hold a value", number));
  }
  if (inode_size != size || size > kMaxValueBytes) {
    throw Error(ErrorCode::Corrupt, fmt::format("inode {} has {} bytes instead of {}", number, inode_size, size));
  }
  BlockClaims claims;
  const std::uint32_t block_size = volume_.layout.block_size;
  const std::uint64_t blocks = (std::uint64_t{size} + block_size - 1) / block_size;
  const FileMap map = read_file_map(volume_, record.map_root(), blocks, claims);
  ValueInode result;
  result.recorded = record.fields.atime;
  result.parent = record.fields.mtime;
  result.generation = record.fields.generation;
  std::uint64_t mapped = 0;
  for (const MappedExtent& extent : map) {
    if (extent.logical != mapped || mapped >= blocks) break;
    mapped = extent.logical_end();
  }
  if (mapped < blocks) throw Error(ErrorCode::Corrupt, fmt::format("inode {} has a hole", number));
  result.value.resize(size);
  const auto out = std::as_writable_bytes(std::span(result.value));
  for (const MappedExtent& extent : map) {
    const std::uint64_t begin = std::uint64_t{extent.logical} * block_size;
    if (begin >= size) break;
    const std::uint64_t length = std::min<std::uint64_t>(std::uint64_t{extent.length} * block_size, size - begin);
    volume_.blocks.read(extent.physical, out.subspan(begin, length));
  }
  result.hash = crc32c(volume_.layout.checksum_seed, out);

  if (values_bytes_ + size > kKeptValueBytes) {
    values_.clear();
    values_bytes_ = 0;
  }
  values_bytes_ += size;
  return values_.insert_or_assign(number, std::move(result)).first->second;
}

std::shared_ptr<const Xattrs> XattrReader::share(Xattrs xattrs) {
  auto set = std::make_shared<const Xattrs>(std::move(xattrs));
  return *sets_.insert(std::move(set)).first;
}

}  // namespace fstool::ext4
