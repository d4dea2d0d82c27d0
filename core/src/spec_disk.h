/// \file
/// The parts of a spec that describe a disk: `[image]` and `[[partitions]]`.
#pragma once

#include <filesystem>
#include <vector>

#include "spec.h"

namespace fstool {

/// Reads `[image]`. Relative paths start at `directory`. Throws spec_error().
ImageChoice read_image(const OptionTable& table, const LocationPtr& location, const std::filesystem::path& directory);

/// Reads `[[partitions]]` of `image`. Throws spec_error().
std::vector<PartitionChoice> read_partitions(const OptionValue& value, const ImageChoice& image,
                                             const std::filesystem::path& directory);

/// The keys that every table's partitions have, for "did you mean".
const std::vector<std::string>& partition_keys();

}  // namespace fstool
