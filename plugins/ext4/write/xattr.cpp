#include "write/xattr.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "fstool/error.h"
#include "fstool/size.h"
#include "ondisk/checksum_seed.h"
#include "ondisk/inode.h"
#include "ondisk/posix_acl.h"

namespace fstool::ext4 {

namespace {

/// The zero word that ends a list of entries.
constexpr std::size_t kTerminator = 4;

std::size_t entry_bytes(const StoredXattr& xattr) {
  return sizeof(XattrEntry) + round_up(xattr.name.size(), kXattrAlignment);
}
std::size_t value_bytes(const StoredXattr& xattr) { return round_up(xattr.value.size(), kXattrAlignment); }

/// Order of the entries in a block, which the kernel's binary search relies on.
bool block_order(const StoredXattr& a, const StoredXattr& b) {
  return std::forward_as_tuple(a.name_index, a.name.size(), a.name) <
         std::forward_as_tuple(b.name_index, b.name.size(), b.name);
}

std::uint32_t entry_hash(const StoredXattr& xattr) { return mix_xattr_value(xattr_name_hash(xattr.name), xattr.value); }

/// Writes entries from the front and values from the back of a region.
class XattrWriter {
 public:
  /// Offsets of values are given relative to `base` bytes into `out`; the first entry goes to `first_entry`.
  XattrWriter(std::span<std::byte> out, std::size_t base, std::size_t first_entry)
      : out_(out), base_(base), next_entry_(first_entry), values_begin_(out.size()) {}

  void add(const StoredXattr& xattr, std::uint32_t hash) {
    values_begin_ -= value_bytes(xattr);
    std::memcpy(out_.data() + values_begin_, xattr.value.data(), xattr.value.size());
    const std::size_t offset = xattr.value.empty() ? 0 : values_begin_ - base_;
    write(xattr, static_cast<std::uint16_t>(offset), 0, hash);
  }
  void add_with_own_inode(const StoredXattr& xattr, std::uint32_t value_inode, std::uint32_t hash) {
    write(xattr, 0, value_inode, hash);
  }

 private:
  void write(const StoredXattr& xattr, std::uint16_t offset, std::uint32_t value_inode, std::uint32_t hash) {
    XattrEntry entry{};
    entry.name_length = static_cast<std::uint8_t>(xattr.name.size());
    entry.name_index = xattr.name_index;
    entry.value_offset = offset;
    entry.value_inode = value_inode;
    entry.value_size = static_cast<std::uint32_t>(xattr.value.size());
    entry.hash = hash;
    std::memcpy(out_.data() + next_entry_, &entry, sizeof(entry));
    std::memcpy(out_.data() + next_entry_ + sizeof(entry), xattr.name.data(), xattr.name.size());
    next_entry_ += entry_bytes(xattr);
  }

  std::span<std::byte> out_;
  std::size_t base_;
  std::size_t next_entry_;
  std::size_t values_begin_;
};

}  // namespace

StoredXattr to_stored(const Xattr& xattr) {
  const std::optional<XattrName> name = split_xattr_name(xattr.name);
  if (!name) {
    throw Error(ErrorCode::Unsupported, fmt::format("ext4 can't store an extended attribute named {}", xattr.name));
  }
  if (name->index != kXattrAclAccess && name->index != kXattrAclDefault) {
    return {name->index, std::string(name->suffix), xattr.value};
  }
  std::optional<std::string> acl = acl_to_disk(xattr.value);
  if (!acl) throw Error(ErrorCode::InvalidArgument, fmt::format("the value of {} is not a POSIX ACL", xattr.name));
  return {name->index, std::string(name->suffix), std::move(*acl)};
}

XattrPlacement place_xattrs(const Xattrs& xattrs, std::size_t inode_space, std::uint32_t block_size,
                            bool value_inodes) {
  XattrPlacement placement;
  std::size_t inode_left =
      inode_space > sizeof(little_uint32_t) + kTerminator ? inode_space - sizeof(little_uint32_t) - kTerminator : 0;
  for (const Xattr& xattr : xattrs) {
    StoredXattr stored = to_stored(xattr);
    const std::size_t needed = entry_bytes(stored) + value_bytes(stored);
    if (needed <= inode_left) {
      inode_left -= needed;
      placement.in_inode.push_back(std::move(stored));
    } else {
      placement.in_block.push_back(std::move(stored));
    }
  }
  placement.inode_room = inode_left;

  const std::size_t capacity = block_size - sizeof(XattrBlockHeader) - kTerminator;
  std::size_t used = 0;
  for (const StoredXattr& xattr : placement.in_block) used += entry_bytes(xattr) + value_bytes(xattr);
  while (used > capacity) {
    const auto largest =
        std::max_element(placement.in_block.begin(), placement.in_block.end(),
                         [](const StoredXattr& a, const StoredXattr& b) { return a.value.size() < b.value.size(); });
    if (largest == placement.in_block.end() || largest->value.empty()) {
      throw Error(ErrorCode::Unsupported,
                  fmt::format("the names of its {} extended attributes don't fit into one block of {} bytes; use a "
                              "larger block_size or fewer attributes",
                              xattrs.size(), block_size));
    }
    if (!value_inodes) {
      throw Error(
          ErrorCode::Unsupported,
          fmt::format("its {} extended attributes don't fit into one block of {} bytes; use a larger block_size "
                      "or the feature ea_inode",
                      xattrs.size(), block_size));
    }
    used -= value_bytes(*largest);
    placement.in_own_inodes.push_back(std::move(*largest));
    placement.in_block.erase(largest);
  }
  std::sort(placement.in_block.begin(), placement.in_block.end(), block_order);
  std::sort(placement.in_own_inodes.begin(), placement.in_own_inodes.end(), block_order);
  return placement;
}

StoredXattr inline_data_xattr(std::string value) { return {kXattrSystem, "data", std::move(value)}; }

std::size_t inline_data_capacity(std::size_t inode_room) {
  const std::size_t entry = entry_bytes(inline_data_xattr({}));
  return inode_room < entry ? 0 : kInodeBlockBytes + (inode_room - entry) / kXattrAlignment * kXattrAlignment;
}

void write_inode_xattrs(std::span<const StoredXattr* const> xattrs, std::span<std::byte> space) {
  const little_uint32_t magic(kXattrMagic);
  std::memcpy(space.data(), &magic, sizeof(magic));
  XattrWriter writer(space, sizeof(magic), sizeof(magic));
  for (const StoredXattr* xattr : xattrs) writer.add(*xattr, 0);  // hashes are for blocks only
}

std::uint32_t xattr_value_hash(std::uint32_t filesystem_seed, const std::string& value) {
  return crc32c(filesystem_seed, std::as_bytes(std::span(value)));
}

std::vector<std::byte> build_xattr_block(const XattrPlacement& placement,
                                         const std::vector<std::uint32_t>& value_inodes, std::uint32_t references,
                                         std::uint64_t physical, std::uint32_t block_size,
                                         std::uint32_t filesystem_seed, bool has_checksum) {
  std::vector<std::byte> bytes(block_size);
  XattrWriter writer(bytes, 0, sizeof(XattrBlockHeader));
  std::uint32_t block_hash = 0;
  auto here = placement.in_block.begin();
  auto own = placement.in_own_inodes.begin();
  while (here != placement.in_block.end() || own != placement.in_own_inodes.end()) {
    std::uint32_t hash = 0;
    if (own == placement.in_own_inodes.end() || (here != placement.in_block.end() && block_order(*here, *own))) {
      hash = entry_hash(*here);
      writer.add(*here++, hash);
    } else {
      hash = mix_xattr_hash(xattr_name_hash(own->name), xattr_value_hash(filesystem_seed, own->value));
      const auto index = static_cast<std::size_t>(own - placement.in_own_inodes.begin());
      writer.add_with_own_inode(*own++, value_inodes[index], hash);
    }
    block_hash = mix_xattr_hash(block_hash, hash);
  }

  XattrBlockHeader header{};
  header.magic = kXattrMagic;
  header.reference_count = references;
  header.blocks = 1;
  header.hash = block_hash;
  std::memcpy(bytes.data(), &header, sizeof(header));
  if (has_checksum) {
    header.checksum = crc32c(crc32c_of(filesystem_seed, little_uint64_t(physical)), bytes);
    std::memcpy(bytes.data(), &header, sizeof(header));
  }
  return bytes;
}

}  // namespace fstool::ext4
