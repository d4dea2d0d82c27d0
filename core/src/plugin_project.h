/// \file
/// Starter projects: what somebody who writes a plugin begins with.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/registry.h"

namespace fstool {

/// A plugin that is to be written.
struct NewPlugin {
  Stage stage = Stage::Source;
  std::string format;  ///< as Registry::add() wants it: "foo"
};

/// From STAGE-FORMAT: "container-foo", "partition-table-foo". Throws Error(InvalidArgument).
NewPlugin parse_new_plugin(std::string_view text);

/// One file of a project.
struct ProjectFile {
  std::filesystem::path path;  ///< relative to the project
  std::string text;
};

/// A project that builds against the installed SDK and passes its tests: CMake, source, test, README. Sorted by path.
std::vector<ProjectFile> starter_project(const NewPlugin& plugin);

/// Writes a project into `directory`, which is made if there is none and has to be empty. Throws
/// Error(InvalidArgument/Io).
void write_project(const std::vector<ProjectFile>& files, const std::filesystem::path& directory);

}  // namespace fstool
