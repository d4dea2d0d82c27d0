/// \file
/// Looks for all that is wrong with a GPT.
#pragma once

#include <string_view>

#include "fstool/blob.h"
#include "fstool/context.h"

namespace fstool::gpt {

/// What users are told to run if one copy of the table is good.
inline constexpr std::string_view kRepairCommand = "fstool repair-table IMAGE";

/// Reports what is wrong with either copy of the table, where they contradict each other or the disk, and with the
/// protective MBR. Throws Error(Corrupt) if the disk has none of all three.
void check_table(const Blob& disk, Context& context);

}  // namespace fstool::gpt
