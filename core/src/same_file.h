/// \file
/// Whether two paths lead to the same bytes.
#pragma once

#include <filesystem>

namespace fstool {

/// True if both paths lead to one file (symbolic links followed, hard links known for what they are), or to nodes of
/// one block device. False if that can't be found out, because one of them does not exist for instance.
bool is_same_file(const std::filesystem::path& first, const std::filesystem::path& second);

}  // namespace fstool
