/// \file
/// Where the files of a file system come from: the key `source` of its table.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "fstool/layer.h"
#include "rules/source_rules.h"
#include "spec_values.h"

namespace fstool {

/// One layer of what fills a file system.
struct SourceChoice {
  std::string written;             ///< as the user wrote it; for messages
  std::filesystem::path path;      ///< the same, seen from the current directory
  bool is_standard_input = false;  ///< instead of the path, "-"
  std::string type;                ///< empty: the source that accepts the path
  LocationPtr type_location;
  std::optional<std::string> from;  ///< of what the source has, this part alone: a path from its root
  std::optional<std::string> to;    ///< where that goes: a path from the root of the file system
  LocationPtr from_location;
  LocationPtr to_location;
  Whiteouts whiteouts = Whiteouts::None;
  SourceRules rules;
  OptionTable options;  ///< the source's own
  LocationPtr location;
};

/// The layers, from the lowest one up: a path, a table { path, type, from, to, whiteouts, rules, options of the source
/// … }, or a list of these. Markers count in a list alone, if a table doesn't say otherwise. What is wrong goes to
/// `problems`; a layer without a path is left out then.
std::vector<SourceChoice> read_sources(const OptionValue& value, const PathBase& base, SpecProblems& problems);

/// What the user wrote, for messages and reports: "base.tar, overlay". Empty if there is none.
std::string written_text(const std::vector<SourceChoice>& sources);

}  // namespace fstool
