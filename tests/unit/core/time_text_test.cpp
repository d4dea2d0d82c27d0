#include "time_text.h"

#include <gtest/gtest.h>

namespace fstool {
namespace {

TEST(TimeText, IsInUtc) {
  EXPECT_EQ(format_time({1'700'000'000, 5}, kFullIso), "2023-11-14 22:13:20.000000005 +0000");
  EXPECT_EQ(format_time({1'700'000'000, 5}, kLongIso), "2023-11-14 22:13");
  EXPECT_EQ(format_time({-1, 999'999'999}, kRfc3339), "1969-12-31T23:59:59.999999999Z");
}

TEST(TimeText, TakesAnyFormat) {
  EXPECT_EQ(format_time({0, 7}, ""), "");
  EXPECT_EQ(format_time({0, 7}, "%%N %N %"), "%N 000000007 %");
  EXPECT_EQ(format_time({INT64_MAX, 0}, kLongIso), "9223372036854775807") << "no calendar has that year";
}

TEST(TimeText, ReadsWhatPeopleWrite) {
  EXPECT_EQ(parse_time("1970-01-02"), (Timestamp{86400, 0}));
  EXPECT_EQ(parse_time("2023-11-14 22:13"), (Timestamp{1'699'999'980, 0}));
  EXPECT_EQ(parse_time("2023-11-14T22:13:20.5Z"), (Timestamp{1'700'000'000, 500'000'000}));
  EXPECT_EQ(parse_time("2023-11-15T00:13:20+02:00"), (Timestamp{1'700'000'000, 0}));
  EXPECT_EQ(parse_time("2023-11-14 20:43:20 -0130"), (Timestamp{1'700'000'000, 0}));
  EXPECT_EQ(parse_time("@-5"), (Timestamp{-5, 0}));
  for (const char* const wrong : {"", "2023", "2023-13-01", "2023-01-32", "2023-01-01 24:00", "2023-01-01 10",
                                  "2023-01-01 10:00:00.", "2023-01-01 10:00 CET", "@", "@5x", "2023-01-01x"}) {
    EXPECT_EQ(parse_time(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace fstool
