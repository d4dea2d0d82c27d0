/// \file
/// The key rename: files and directories that get other paths.
#pragma once

#include <string>
#include <vector>

#include "fstool/layer.h"
#include "spec_values.h"

namespace fstool {

/// Paths from the root, '/'-separated, without a slash at their starts and ends.
struct Rename {
  std::string from = {};
  std::string to = {};
  LocationPtr location = {};
};

/// A table "old" = "new", or an array of tables { from, to }, in the order written. Throws spec_error().
std::vector<Rename> parse_renames(const OptionValue& value);

/// Renames one after the other, a directory with all that is in it. Directories that lead to the new path are made, and
/// implied. Throws spec_error() if there is no such file, if the new path is taken or leads through what is no
/// directory.
void apply_renames(Layer& layer, const std::vector<Rename>& renames);

}  // namespace fstool
