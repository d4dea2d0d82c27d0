#include "ondisk/generation.h"

namespace fstool::ext4 {

namespace {
// What the drivers of ext2 and ext3 knew.
constexpr std::uint32_t kIncompatOfExt2 = kIncompatFiletype | kIncompatMetaBg;
constexpr std::uint32_t kIncompatOfExt3 = kIncompatOfExt2 | kIncompatNeedsRecovery;
constexpr std::uint32_t kRoCompatBtreeDir = 0x0004;
constexpr std::uint32_t kRoCompatOfExt3 = kRoCompatSparseSuper | kRoCompatLargeFile | kRoCompatBtreeDir;
}  // namespace

std::string_view generation_name(Generation generation) {
  switch (generation) {
    case Generation::Ext2:
      return "ext2";
    case Generation::Ext3:
      return "ext3";
    case Generation::Ext4:
      break;
  }
  return "ext4";
}

Generation generation_of(const Features& features) {
  const bool journal = features.has_compat(kCompatHasJournal);
  const std::uint32_t known = journal ? kIncompatOfExt3 : kIncompatOfExt2;
  if ((features.incompat & ~known) != 0 || (features.ro_compat & ~kRoCompatOfExt3) != 0) return Generation::Ext4;
  return journal ? Generation::Ext3 : Generation::Ext2;
}

}  // namespace fstool::ext4
