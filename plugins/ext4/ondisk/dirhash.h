/// \file
/// The hash of names in indexed directories (Linux Documentation/filesystems/ext4, "Hash Tree Directories").
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace fstool::ext4 {

/// Values of dx_root_info.hash_version and s_def_hash_version.
enum class HashVersion : std::uint8_t { Legacy = 0, HalfMd4 = 1, Tea = 2 };

using HashSeed = std::array<std::uint32_t, 4>;  ///< s_hash_seed; all zero means the algorithm's own start value

/// How a file system hashes names.
struct NameHasher {
  HashVersion version = HashVersion::HalfMd4;
  /// Whether a name's bytes are taken as signed: s_flags has kFlagSignedHash or kFlagUnsignedHash.
  bool is_signed = true;
  HashSeed seed{};  ///< not used by HashVersion::Legacy
};

struct NameHash {
  std::uint32_t major = 0;  ///< what the tree is sorted by; the lowest bit is 0
  std::uint32_t minor = 0;  ///< breaks ties while sorting
  friend auto operator<=>(const NameHash&, const NameHash&) = default;  // NOLINT(modernize-use-nullptr): a false alarm
};

NameHash hash_name(const NameHasher& hasher, std::string_view name);

}  // namespace fstool::ext4
