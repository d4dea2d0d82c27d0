/// \file
/// Says in what two directory trees differ.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace fstool::e2e {

/// The differences between two trees, one line each; the walk ends at the twentieth. Compared are kinds, permissions,
/// owners, modification times to the nanosecond, sizes, contents, targets of links, device numbers, all extended
/// attributes (ACLs and capabilities among them), the number of hard links and which names are links of one file.
/// `lost+found` in the root of either side is passed over. Reads file by file; holes on both sides are skipped.
/// Throws std::system_error.
std::vector<std::string> tree_differences(const std::filesystem::path& expected, const std::filesystem::path& actual);

}  // namespace fstool::e2e
