/// \file
/// PathFilter: which files of a source are taken.
#pragma once

#include <optional>
#include <string>

#include "fstool/layer.h"
#include "rules/ignore_patterns.h"
#include "spec_values.h"

namespace fstool {

/// The keys exclude, include and ignore_file of a source's table.
struct PathFilter {
  IgnorePatterns exclude;
  IgnorePatterns include;  ///< empty: everything
  std::string ignore_file = ".fstoolignore";
  LocationPtr ignore_file_location;  ///< null if nobody asked for the file, which need not be there then
};

/// Takes the keys from the table.
PathFilter read_path_filter(TableReader& reader);

/// Takes away what is not wanted:
///   * what the patterns of the ignore file match, and `exclude`, of which the last that matches decides; what is in an
///     excluded directory goes with it, whatever other patterns say. The ignore file itself goes, too.
///   * then what `include` does not match, unless it lies in a directory that is matched and no negated pattern matches
///     it. Directories that lead to something stay.
/// Throws spec_error() for an ignore file that was asked for and isn't there, and Error(Unsupported) for one of more
/// than a MiB.
void apply_path_filter(Layer& layer, const PathFilter& filter);

}  // namespace fstool
