/// \file
/// The feature bits of the superblock, by the names that e2fsprogs gives them (mke2fs(8), ext4(5); Linux
/// Documentation/filesystems/ext4, "The Super Block").
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fstool::ext4 {

// Compatible features: who doesn't know them may read and write nevertheless.
inline constexpr std::uint32_t kCompatHasJournal = 0x0004;
inline constexpr std::uint32_t kCompatExtAttr = 0x0008;
inline constexpr std::uint32_t kCompatResizeInode = 0x0010;
inline constexpr std::uint32_t kCompatDirIndex = 0x0020;
inline constexpr std::uint32_t kCompatSparseSuper2 = 0x0200;
inline constexpr std::uint32_t kCompatFastCommit = 0x0400;
inline constexpr std::uint32_t kCompatStableInodes = 0x0800;
inline constexpr std::uint32_t kCompatOrphanFile = 0x1000;
// Incompatible features: who doesn't know them must not even read.
inline constexpr std::uint32_t kIncompatCompression = 0x00001;
inline constexpr std::uint32_t kIncompatFiletype = 0x00002;
inline constexpr std::uint32_t kIncompatNeedsRecovery = 0x00004;
inline constexpr std::uint32_t kIncompatJournalDevice = 0x00008;
inline constexpr std::uint32_t kIncompatMetaBg = 0x00010;
inline constexpr std::uint32_t kIncompatExtents = 0x00040;
inline constexpr std::uint32_t kIncompat64bit = 0x00080;
inline constexpr std::uint32_t kIncompatMmp = 0x00100;
inline constexpr std::uint32_t kIncompatFlexBg = 0x00200;
inline constexpr std::uint32_t kIncompatEaInode = 0x00400;
inline constexpr std::uint32_t kIncompatDirData = 0x01000;
inline constexpr std::uint32_t kIncompatChecksumSeed = 0x02000;
inline constexpr std::uint32_t kIncompatLargeDir = 0x04000;
inline constexpr std::uint32_t kIncompatInlineData = 0x08000;
inline constexpr std::uint32_t kIncompatEncrypt = 0x10000;
inline constexpr std::uint32_t kIncompatCasefold = 0x20000;
// Read-only compatible features: who doesn't know them must not write.
inline constexpr std::uint32_t kRoCompatSparseSuper = 0x00001;
inline constexpr std::uint32_t kRoCompatLargeFile = 0x00002;
inline constexpr std::uint32_t kRoCompatHugeFile = 0x00008;
inline constexpr std::uint32_t kRoCompatUninitBg = 0x00010;
inline constexpr std::uint32_t kRoCompatDirNlink = 0x00020;
inline constexpr std::uint32_t kRoCompatExtraIsize = 0x00040;
inline constexpr std::uint32_t kRoCompatQuota = 0x00100;
inline constexpr std::uint32_t kRoCompatBigalloc = 0x00200;
inline constexpr std::uint32_t kRoCompatMetadataCsum = 0x00400;
inline constexpr std::uint32_t kRoCompatReadOnly = 0x01000;
inline constexpr std::uint32_t kRoCompatProject = 0x02000;
inline constexpr std::uint32_t kRoCompatSharedBlocks = 0x04000;
inline constexpr std::uint32_t kRoCompatVerity = 0x08000;
inline constexpr std::uint32_t kRoCompatOrphanPresent = 0x10000;

struct Features {
  std::uint32_t compat = 0;
  std::uint32_t incompat = 0;
  std::uint32_t ro_compat = 0;

  bool has_compat(std::uint32_t bit) const { return (compat & bit) != 0; }
  bool has_incompat(std::uint32_t bit) const { return (incompat & bit) != 0; }
  bool has_ro_compat(std::uint32_t bit) const { return (ro_compat & bit) != 0; }

  /// The features that only one of them has.
  friend Features operator^(const Features& a, const Features& b) {
    return {a.compat ^ b.compat, a.incompat ^ b.incompat, a.ro_compat ^ b.ro_compat};
  }
  friend Features operator|(const Features& a, const Features& b) {
    return {a.compat | b.compat, a.incompat | b.incompat, a.ro_compat | b.ro_compat};
  }
  friend Features operator&(const Features& a, const Features& b) {
    return {a.compat & b.compat, a.incompat & b.incompat, a.ro_compat & b.ro_compat};
  }
  friend Features operator~(const Features& a) { return {~a.compat, ~a.incompat, ~a.ro_compat}; }
  friend bool operator==(const Features&, const Features&) = default;
};

/// The names of the feature bits that are set, as dumpe2fs spells and orders them. A bit without a name is printed as
/// dumpe2fs does ("FEATURE_C27").
std::vector<std::string> feature_names(const Features& features);

/// Those bits of `features` that have no name.
Features unnamed_features(const Features& features);

/// The one feature bit of that name, the alias "extents" and its like included; nothing for an unknown one.
std::optional<Features> feature_by_name(std::string_view name);

}  // namespace fstool::ext4
