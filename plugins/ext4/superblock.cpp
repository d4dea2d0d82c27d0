#include "superblock.h"

#include <utility>

namespace fstool::ext4 {

namespace {
using Names = std::initializer_list<std::pair<std::uint32_t, const char*>>;

void append(std::vector<std::string>& out, std::uint32_t bits, Names names) {
  for (const auto& [bit, name] : names) {
    if ((bits & bit) != 0) out.emplace_back(name);
  }
}
}  // namespace

std::vector<std::string> feature_names(const Features& features) {
  std::vector<std::string> names;
  append(names, features.compat,
         {{kCompatHasJournal, "has_journal"},
          {kCompatExtAttr, "ext_attr"},
          {kCompatResizeInode, "resize_inode"},
          {kCompatDirIndex, "dir_index"}});
  append(names, features.incompat,
         {{kIncompatFiletype, "filetype"},
          {kIncompatExtents, "extent"},
          {kIncompat64bit, "64bit"},
          {kIncompatFlexBg, "flex_bg"},
          {kIncompatEaInode, "ea_inode"}});
  append(names, features.ro_compat,
         {{kRoCompatSparseSuper, "sparse_super"},
          {kRoCompatLargeFile, "large_file"},
          {kRoCompatHugeFile, "huge_file"},
          {kRoCompatDirNlink, "dir_nlink"},
          {kRoCompatExtraIsize, "extra_isize"},
          {kRoCompatMetadataCsum, "metadata_csum"}});
  return names;
}

}  // namespace fstool::ext4
