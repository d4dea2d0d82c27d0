/// \file
/// From a spec's file to its table: what it includes is merged, values that the command line sets are put in, and
/// variables are replaced.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "fstool/options.h"
#include "spec.h"
#include "spec_problems.h"
#include "variables.h"

namespace fstool {

/// A spec as it is asked for.
struct SpecRequest {
  std::filesystem::path file;
  Variables variables;
  std::vector<std::string> settings;  ///< "partitions.root.size=2GiB", as --set takes them
};

struct SpecText {
  OptionTable table;                         ///< of the whole spec, without `include`
  PathBase base;                             ///< of its relative paths
  std::vector<std::filesystem::path> files;  ///< that were read, the spec's own first
  bool is_complete = true;                   ///< false if a file could not be read, or is no TOML
};

/// Reads the file and what its `include = ["base.toml"]` names, relative to the file that says so. What a file says
/// counts more than what it includes, and of that the later more than the earlier: tables are merged key by key, arrays
/// of tables element by element where both have a `name` that is the same; other elements are added behind, and other
/// values replaced. Settings count most. What is wrong goes to `problems`, text that is no TOML too; then the table is
/// what could be read. Throws Error(NotFound/Io/InvalidArgument) if `request.file` can't be read.
SpecText load_spec_text(const SpecRequest& request, SpecProblems& problems);

/// Reads a spec: load_spec_text() and read_spec(). Throws spec_error() with what is wrong if the text is not complete,
/// since nothing can be said of the rest then.
Spec load_spec(const SpecRequest& request, SpecProblems& problems);

/// The same. Throws spec_error() with all that is wrong.
Spec load_spec(const SpecRequest& request);

}  // namespace fstool
