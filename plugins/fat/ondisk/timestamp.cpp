#include "ondisk/timestamp.h"

#include <algorithm>
#include <array>
#include <chrono>

namespace fstool::fat {

namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::uint32_t kNanosecondsPerHundredth = 10'000'000;

}  // namespace

Timestamp from_fat_time(const FatTime& time) {
  // Days before a month in a year that is no leap year; there are no months 13 to 15, but bits for them.
  constexpr std::array<std::int64_t, 16> kDaysBefore = {0,   0,   31,  59,  90,  120, 151, 181,
                                                        212, 243, 273, 304, 334, 0,   0,   0};
  constexpr std::int64_t kYear2100 = 120;
  const std::int64_t year = time.date >> 9;
  const auto month = static_cast<std::size_t>(std::max(1, time.date >> 5 & 0xF));
  const std::int64_t day = std::max(1, time.date & 0x1F) - 1;
  std::int64_t leap_days = (year + 3) / 4;
  if (year > kYear2100) --leap_days;
  if (year % 4 == 0 && year != kYear2100 && month > 2) ++leap_days;
  const std::int64_t days = year * 365 + leap_days + kDaysBefore[month] + day;
  const std::int64_t seconds = std::int64_t{time.time & 0x1F} * 2 + std::int64_t{time.time >> 5 & 0x3F} * 60 +
                               std::int64_t{time.time >> 11} * 3600 + time.hundredths / 100;
  return {kMinFatSeconds + days * kSecondsPerDay + seconds, time.hundredths % 100 * kNanosecondsPerHundredth};
}

FatTime to_fat_time(Timestamp time) {
  if (time.seconds < kMinFatSeconds) time = {kMinFatSeconds, 0};
  if (time.seconds > kMaxFatSeconds) time = {kMaxFatSeconds, 990'000'000};
  const std::chrono::sys_days day(std::chrono::days(time.seconds / kSecondsPerDay));
  const std::chrono::year_month_day date(day);
  const auto second = static_cast<unsigned>(time.seconds % kSecondsPerDay);
  FatTime result;
  result.date = static_cast<std::uint16_t>((static_cast<int>(date.year()) - 1980) << 9 |
                                           static_cast<int>(static_cast<unsigned>(date.month())) << 5 |
                                           static_cast<int>(static_cast<unsigned>(date.day())));
  result.time = static_cast<std::uint16_t>(second / 3600 << 11 | second / 60 % 60 << 5 | second % 60 / 2);
  result.hundredths = static_cast<std::uint8_t>(second % 2 * 100 + time.nanoseconds / kNanosecondsPerHundredth);
  return result;
}

}  // namespace fstool::fat
