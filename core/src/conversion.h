/// \file
/// Conversion: the disk in one image becomes another image.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "format_overrides.h"
#include "fstool/context.h"
#include "fstool/options.h"
#include "pipeline.h"

namespace fstool {

/// How large the disk is to become.
struct NewSize {
  std::uint64_t bytes = 0;
  bool more = false;  ///< `bytes` are added to what it has
};

/// "20GiB", or "+5GiB". Throws Error(InvalidArgument).
NewSize parse_new_size(const std::string& text);

struct Conversion {
  std::string source;                    ///< IMAGE[@SNAPSHOT][:PARTITION], or "-" for standard input
  FormatOverrides overrides;             ///< of the source
  std::filesystem::path output;          ///< its ending chooses container and codec, unless the options do
  OptionTable options = {};              ///< `container`, `codec`, and the options of both
  std::optional<NewSize> new_size = {};  ///< nothing: the size it has
  bool repair_table = false;             ///< the partition table is mended, as find_repair() says
};

/// Opens the source and makes the formats of the output; nothing of the disk is read yet but what says what it is. A
/// disk that grows takes its partition table along (PartitionTable::grow()).
/// Throws Error(InvalidArgument) for options that neither container nor codec know, for a disk that would shrink, and
/// for a block device that is source and output; and as open_disk_image(), choose_part() and the formats.
Plan plan_conversion(const Conversion& conversion, Context& context);

}  // namespace fstool
