/// \file
/// Dependency files, as Make and Ninja read them.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace fstool {

/// The rule that says of `output` that it depends on `dependencies`, and one without prerequisites for each of these,
/// so that Make takes one that was deleted for a change and not for an error (as gcc -MP does). Paths stand once, in
/// the order of their bytes. What Make can't name, a path with a newline, is left out: it appears when its directory
/// changes, which is listed.
std::string depfile_text(const std::filesystem::path& output, std::vector<std::string> dependencies);

/// Replaces the file `path` by depfile_text(). Throws as OutputFile does.
void write_depfile(const std::filesystem::path& path, const std::filesystem::path& output,
                   std::vector<std::string> dependencies);

}  // namespace fstool
