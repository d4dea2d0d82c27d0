/// \file
/// SOURCE_DATE_EPOCH, as reproducible-builds.org specifies it.
#pragma once

#include <cstdint>
#include <optional>

namespace fstool {

/// The value of the environment variable: decimal digits, seconds since 1970. `value` is null if it is not set.
/// Throws Error(InvalidArgument) for anything else, an empty value included.
std::optional<std::int64_t> parse_source_date_epoch(const char* value);

}  // namespace fstool
