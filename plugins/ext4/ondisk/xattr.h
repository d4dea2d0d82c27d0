/// \file
/// Extended attributes (Linux Documentation/filesystems/ext4, "Extended Attributes").
///
/// A node's attributes lie in the space behind its inode's fields, in a block that inodes with equal attributes share,
/// or, where they are larger than that, each value in an inode of its own (feature ea_inode):
///
///     inode:  magic | entry … | 0000 |      free      | … value | value |
///     block:  header (32 bytes) | entry … | 0000 | free | … value | value |
///
/// An entry's value offset counts from the first entry in an inode and from the start of the block in a block. The
/// entries of a block are sorted by name index, name length and name.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ondisk/superblock.h"

namespace fstool::ext4 {

struct XattrEntry {
  std::uint8_t name_length;
  std::uint8_t name_index;  // stands for the name's prefix
  little_uint16_t value_offset;
  little_uint32_t value_inode;  // 0: the value lies at value_offset
  little_uint32_t value_size;
  little_uint32_t hash;
  // The name follows, padded to four bytes.
};
static_assert(sizeof(XattrEntry) == 16);

struct XattrBlockHeader {
  little_uint32_t magic;
  little_uint32_t reference_count;
  little_uint32_t blocks;
  little_uint32_t hash;
  little_uint32_t checksum;
  std::array<little_uint32_t, 3> reserved;
};
static_assert(sizeof(XattrBlockHeader) == 32);

inline constexpr std::uint32_t kXattrMagic = 0xEA020000;

/// Names and values begin at multiples of this in their inode or block.
inline constexpr std::size_t kXattrAlignment = 4;
/// Most bytes of a name behind its prefix.
inline constexpr std::size_t kMaxXattrNameBytes = 255;

// Name indices (EXT4_XATTR_INDEX_*) with a meaning of their own. Values of ACLs have a form of their own on disk
// (posix_acl.h); "data" among the system attributes is an inline file's data.
inline constexpr std::uint8_t kXattrAclAccess = 2;
inline constexpr std::uint8_t kXattrAclDefault = 3;
inline constexpr std::uint8_t kXattrSystem = 7;

/// A name as it is stored.
struct XattrName {
  std::uint8_t index = 0;
  std::string_view suffix;  ///< what follows the prefix that the index stands for; empty if that is all
};

/// Takes "user.comment" apart; nothing if it has no known prefix, or no name or more than 255 bytes behind it.
std::optional<XattrName> split_xattr_name(std::string_view name);
/// Puts it together again; nothing for an index whose attributes are not for users (encryption keys among them).
std::optional<std::string> full_xattr_name(std::uint8_t name_index, std::string_view suffix);
/// False if the index is not for users, or allows no such suffix.
bool is_valid_xattr_name(std::uint8_t name_index, std::string_view suffix);

// Hashes (ext4_xattr_hash_entry). An entry's is that of its name, into which its value is mixed word by word, or, of a
// value in an inode of its own, the value's CRC-32C as the one word. A block's mixes those of its entries.

std::uint32_t xattr_name_hash(std::string_view suffix);
/// The same by kernels whose characters are signed.
std::uint32_t signed_xattr_name_hash(std::string_view suffix);
std::uint32_t mix_xattr_hash(std::uint32_t hash, std::uint32_t word);
/// The hash of an entry whose value lies beside it.
std::uint32_t mix_xattr_value(std::uint32_t name_hash, std::string_view value);

}  // namespace fstool::ext4
