/// \file
/// The three formats that share their structures.
#pragma once

#include <string_view>

#include "ondisk/features.h"

namespace fstool::ext4 {

enum class Generation { Ext2, Ext3, Ext4 };

/// "ext2", "ext3" or "ext4".
std::string_view generation_name(Generation generation);

/// The first of the three whose driver knew all of these features, as blkid tells them apart.
Generation generation_of(const Features& features);

}  // namespace fstool::ext4
