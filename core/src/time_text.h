/// \file
/// Points in time as people write and read them: in UTC, so that what is shown of an image is the same everywhere.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fstool/tree.h"

namespace fstool {

/// The formats that ls calls full-iso and long-iso.
inline constexpr std::string_view kFullIso = "%Y-%m-%d %H:%M:%S.%N %z";
inline constexpr std::string_view kLongIso = "%Y-%m-%d %H:%M";
/// For programs.
inline constexpr std::string_view kRfc3339 = "%Y-%m-%dT%H:%M:%S.%NZ";

/// `time` in the words of strftime(3), and %N for nine digits of nanoseconds. A time whose year can't be written is
/// given as its number of seconds.
std::string format_time(const Timestamp& time, std::string_view format);

/// Reads "2024-05-06", "2024-05-06 07:08", "2024-05-06T07:08:09.5Z", with "+02:00" in place of the Z, or "@1700000000".
/// Without a zone: UTC. Nothing if it is anything else.
std::optional<Timestamp> parse_time(std::string_view text);

}  // namespace fstool
