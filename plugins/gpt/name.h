/// \file
/// Partition names: UTF-8 outside, UTF-16LE in the entry.
#pragma once

#include <string>
#include <string_view>

#include "structures.h"

namespace fstool::gpt {

using PartitionName = decltype(PartitionEntry::partition_name);

/// Throws Error(InvalidArgument) if `name` is not UTF-8, holds a NUL, or needs more than 36 UTF-16 code units.
PartitionName encode_name(std::string_view name);

/// Up to the first NUL. Lone surrogates become U+FFFD.
std::string decode_name(const PartitionName& name);

/// False if what is before the first NUL is not UTF-16: it has lone surrogates.
bool is_valid_name(const PartitionName& name);

}  // namespace fstool::gpt
