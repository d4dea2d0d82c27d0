#include "source_date_epoch.h"

#include <fmt/format.h>

#include <charconv>
#include <string_view>

#include "fstool/error.h"

namespace fstool {

std::optional<std::int64_t> parse_source_date_epoch(const char* value) {
  if (value == nullptr) return std::nullopt;
  const std::string_view text = value;
  std::int64_t seconds = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc() || stop != text.data() + text.size() || text.starts_with('-')) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("SOURCE_DATE_EPOCH is \"{}\": it must be a number of seconds since 1970", text));
  }
  return seconds;
}

}  // namespace fstool
