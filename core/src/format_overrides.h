/// \file
/// `--format raw,ext4`: what the user knows better than probing.
#pragma once

#include <string>
#include <string_view>

#include "fstool/registry.h"

namespace fstool {

/// What a disk without a partition table is said to have.
inline constexpr std::string_view kNoPartitionTable = "none";

/// The formats that are not to be found out. Empty: by looking.
struct FormatOverrides {
  std::string codec = {};  ///< of the stream around the container; none is looked for if a container alone is named
  std::string container = {};
  std::string partition_table = {};  ///< or kNoPartitionTable
  std::string filesystem = {};       ///< of the part that is opened
  std::string source = {};           ///< of what is no image: a directory, an archive

  friend bool operator==(const FormatOverrides&, const FormatOverrides&) = default;
};

/// Reads names of formats separated by commas, in any order, at most one of a stage: "raw,ext4", "zstd,qcow2", "none".
/// Throws Error(InvalidArgument) for an unknown name, with the one that may be meant, and for two of one stage.
FormatOverrides parse_format_overrides(std::string_view text, const Registry& registry);

}  // namespace fstool
