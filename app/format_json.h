/// \file
/// What is said of file systems and partitions in JSON, of those that are planned and those that are found. Sizes and
/// offsets are bytes; what a format does not have (a UUID, the name of a type) is null.
#pragma once

#include "fstool/filesystem.h"
#include "fstool/partition_table.h"
#include "json_text.h"

namespace fstool {

/// An object: type, label, UUID, size, blocks and inodes with those that are free, features.
Json facts_json(const VolumeFacts& facts);

/// An object: number, name, type, UUID, place, attributes; not what is in it.
Json partition_json(const Partition& partition);

}  // namespace fstool
