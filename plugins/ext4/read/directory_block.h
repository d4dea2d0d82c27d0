/// \file
/// One block of a directory, read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ondisk/directory_block.h"
#include "ondisk/dirhash.h"

namespace fstool::ext4 {

/// A name as it is stored.
struct StoredName {
  std::string_view name;  ///< 1 … 255 bytes, whatever they are
  std::uint32_t inode = 0;
  std::uint8_t file_type = 0;  ///< without the feature filetype: the high byte of the name's length
  NameHash hash;               ///< if the entries carry one
};

/// How the entries of a directory look.
struct EntryFormat {
  std::uint32_t block_size = 0;
  std::uint32_t inodes = 0;         ///< the largest inode number
  bool entries_carry_hash = false;  ///< in directories that are encrypted and casefolded
};

/// Adds the names in `region` to `names`, which refer to it. Index blocks of hashed directories look like one empty
/// entry. Returns what is wrong, if the entries are damaged; those before the damage have been added then.
std::optional<std::string> parse_entries(std::span<const std::byte> region, const EntryFormat& format,
                                         std::vector<StoredName>& names);

/// What is known about the checksum of a block.
enum class BlockSeal { Valid, Wrong, Missing };

/// Checks the checksum at the end of a block of a directory with the checksum seed `inode_seed`. `indexed`: the
/// directory is hashed, and the block may be one of its index.
BlockSeal check_directory_seal(std::span<const std::byte> block, bool indexed, std::uint32_t inode_seed);

/// The algorithm in the root of a hashed directory's index; nothing if the block is no such root.
std::optional<std::uint8_t> index_hash_version(std::span<const std::byte> block);

}  // namespace fstool::ext4
