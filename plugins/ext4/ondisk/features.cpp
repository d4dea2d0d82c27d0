#include "ondisk/features.h"

#include <fmt/format.h>

#include <array>

namespace fstool::ext4 {

namespace {

struct NamedFeature {
  Features bit;
  std::string_view name;
};

constexpr Features compat(std::uint32_t bit) { return {bit, 0, 0}; }
constexpr Features incompat(std::uint32_t bit) { return {0, bit, 0}; }
constexpr Features ro_compat(std::uint32_t bit) { return {0, 0, bit}; }

constexpr std::array kNames = {
    NamedFeature{compat(0x0001), "dir_prealloc"},
    NamedFeature{compat(0x0002), "imagic_inodes"},
    NamedFeature{compat(kCompatHasJournal), "has_journal"},
    NamedFeature{compat(kCompatExtAttr), "ext_attr"},
    NamedFeature{compat(kCompatResizeInode), "resize_inode"},
    NamedFeature{compat(kCompatDirIndex), "dir_index"},
    NamedFeature{compat(0x0040), "lazy_bg"},
    NamedFeature{compat(0x0100), "snapshot_bitmap"},
    NamedFeature{compat(kCompatSparseSuper2), "sparse_super2"},
    NamedFeature{compat(kCompatFastCommit), "fast_commit"},
    NamedFeature{compat(kCompatStableInodes), "stable_inodes"},
    NamedFeature{compat(kCompatOrphanFile), "orphan_file"},
    NamedFeature{incompat(kIncompatCompression), "compression"},
    NamedFeature{incompat(kIncompatFiletype), "filetype"},
    NamedFeature{incompat(kIncompatNeedsRecovery), "needs_recovery"},
    NamedFeature{incompat(kIncompatJournalDevice), "journal_dev"},
    NamedFeature{incompat(kIncompatMetaBg), "meta_bg"},
    NamedFeature{incompat(kIncompatExtents), "extent"},
    NamedFeature{incompat(kIncompat64bit), "64bit"},
    NamedFeature{incompat(kIncompatMmp), "mmp"},
    NamedFeature{incompat(kIncompatFlexBg), "flex_bg"},
    NamedFeature{incompat(kIncompatEaInode), "ea_inode"},
    NamedFeature{incompat(kIncompatDirData), "dirdata"},
    NamedFeature{incompat(kIncompatChecksumSeed), "metadata_csum_seed"},
    NamedFeature{incompat(kIncompatLargeDir), "large_dir"},
    NamedFeature{incompat(kIncompatInlineData), "inline_data"},
    NamedFeature{incompat(kIncompatEncrypt), "encrypt"},
    NamedFeature{incompat(kIncompatCasefold), "casefold"},
    NamedFeature{ro_compat(kRoCompatSparseSuper), "sparse_super"},
    NamedFeature{ro_compat(kRoCompatLargeFile), "large_file"},
    NamedFeature{ro_compat(kRoCompatHugeFile), "huge_file"},
    NamedFeature{ro_compat(kRoCompatUninitBg), "uninit_bg"},
    NamedFeature{ro_compat(kRoCompatDirNlink), "dir_nlink"},
    NamedFeature{ro_compat(kRoCompatExtraIsize), "extra_isize"},
    NamedFeature{ro_compat(kRoCompatQuota), "quota"},
    NamedFeature{ro_compat(kRoCompatBigalloc), "bigalloc"},
    NamedFeature{ro_compat(kRoCompatMetadataCsum), "metadata_csum"},
    NamedFeature{ro_compat(0x0800), "replica"},
    NamedFeature{ro_compat(kRoCompatReadOnly), "read-only"},
    NamedFeature{ro_compat(kRoCompatProject), "project"},
    NamedFeature{ro_compat(kRoCompatSharedBlocks), "shared_blocks"},
    NamedFeature{ro_compat(kRoCompatVerity), "verity"},
    NamedFeature{ro_compat(kRoCompatOrphanPresent), "orphan_present"},
};

constexpr std::array kAliases = {
    NamedFeature{incompat(kIncompatExtents), "extents"},
    NamedFeature{ro_compat(kRoCompatUninitBg), "uninit_groups"},
    NamedFeature{ro_compat(kRoCompatUninitBg), "gdt_csum"},
};

void append_names(std::vector<std::string>& names, std::uint32_t bits, Features (*feature)(std::uint32_t), char kind) {
  for (int index = 0; index < 32; ++index) {
    const std::uint32_t bit = 1U << index;
    if ((bits & bit) == 0) continue;
    std::string name = fmt::format("FEATURE_{}{}", kind, index);
    for (const NamedFeature& known : kNames) {
      if (known.bit == feature(bit)) name = known.name;
    }
    names.push_back(std::move(name));
  }
}

}  // namespace

std::vector<std::string> feature_names(const Features& features) {
  std::vector<std::string> names;
  append_names(names, features.compat, compat, 'C');
  append_names(names, features.incompat, incompat, 'I');
  append_names(names, features.ro_compat, ro_compat, 'R');
  return names;
}

Features unnamed_features(const Features& features) {
  Features named;
  for (const NamedFeature& known : kNames) named = named | known.bit;
  return features & ~named;
}

std::optional<Features> feature_by_name(std::string_view name) {
  for (const NamedFeature& known : kNames) {
    if (known.name == name) return known.bit;
  }
  for (const NamedFeature& alias : kAliases) {
    if (alias.name == name) return alias.bit;
  }
  return std::nullopt;
}

}  // namespace fstool::ext4
