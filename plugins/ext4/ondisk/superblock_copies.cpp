#include "ondisk/superblock_copies.h"

namespace fstool::ext4 {

namespace {

bool is_power_of(std::uint64_t value, std::uint64_t base) {
  while (value % base == 0) value /= base;
  return value == 1;
}

}  // namespace

bool has_superblock_copy(const Features& features, const BackupGroups& backup_groups, std::uint64_t group) {
  if (group == 0) return true;
  if (features.has_compat(kCompatSparseSuper2)) return group == backup_groups[0] || group == backup_groups[1];
  if (!features.has_ro_compat(kRoCompatSparseSuper)) return true;
  return group == 1 || is_power_of(group, 3) || is_power_of(group, 5) || is_power_of(group, 7);
}

}  // namespace fstool::ext4
