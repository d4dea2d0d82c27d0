/// \file
/// What is said of file systems and partitions in JSON, of those that are planned and those that are found.
#pragma once

#include "fstool/filesystem.h"
#include "fstool/partition_table.h"
#include "json_text.h"

namespace fstool {

/// An object to which more can be added.
Json facts_json(const VolumeFacts& facts);

/// An object to which more can be added.
Json partition_json(const Partition& partition);

}  // namespace fstool
