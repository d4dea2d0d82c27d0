/// \file
/// The parts of a spec that describe a disk: `[image]` and `[[partitions]]`.
#pragma once

#include <vector>

#include "spec.h"

namespace fstool {

/// Reads `[image]`. What is wrong goes to `problems`.
ImageChoice read_image(const OptionTable& table, const LocationPtr& location, const PathBase& base,
                       SpecProblems& problems);

/// Reads `[[partitions]]` of `image`. Throws spec_error() if it is no array; what is wrong in it goes to `problems`.
std::vector<PartitionChoice> read_partitions(const OptionValue& value, const ImageChoice& image, const PathBase& base,
                                             SpecProblems& problems);

}  // namespace fstool
