// Structures, names and times, one by one.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "ondisk/attributes.h"
#include "ondisk/codepage.h"
#include "ondisk/directory_entry.h"
#include "ondisk/timestamp.h"
#include "ondisk/unicode.h"
#include "ondisk/upper_case.h"

namespace fstool::fat {
namespace {

ShortName short_name(std::string_view text) {
  ShortName name{};
  std::ranges::copy(text, name.begin());
  return name;
}

TEST(FatTimes, GoThereAndBack) {
  for (const std::int64_t seconds :
       {kMinFatSeconds, std::int64_t{951'782'400} /* 2000-02-29 */, std::int64_t{1'700'000'001},
        std::int64_t{4'107'542'399} /* 2100-02-28 */, std::int64_t{4'107'542'400}, kMaxFatSeconds}) {
    const FatTime time = to_fat_time({seconds, 120'000'000});
    EXPECT_EQ(from_fat_time(time), (Timestamp{seconds, 120'000'000})) << seconds;
    EXPECT_EQ(from_fat_time({time.date, time.time, 0}).seconds, seconds / 2 * 2) << seconds;
  }
}

TEST(FatTimes, HaveTheBitsOfTheSpecification) {
  // 2023-11-14T22:13:20Z
  EXPECT_EQ(to_fat_time({1'700'000'000, 0}), (FatTime{43 << 9 | 11 << 5 | 14, 22 << 11 | 13 << 5 | 10, 0}));
  EXPECT_EQ(to_fat_time({1'700'000'001, 990'000'000}).hundredths, 199);
}

TEST(FatTimes, BeyondTheLimitsAreTheLimits) {
  EXPECT_EQ(from_fat_time(to_fat_time({0, 5})), (Timestamp{kMinFatSeconds, 0}));
  EXPECT_EQ(from_fat_time(to_fat_time({kMaxFatSeconds + 100, 0})), (Timestamp{kMaxFatSeconds, 990'000'000}));
}

TEST(FatTimes, AnyBitsAreATime) {
  EXPECT_EQ(from_fat_time({0, 0, 0}).seconds, kMinFatSeconds);
  EXPECT_EQ(from_fat_time({0xFFFF, 0xFFFF, 0xFF}).nanoseconds, 550'000'000U);
}

TEST(FatChecksum, IsTheOneOfTheLongNames) {
  // From an image that mkfs.vfat and mcopy made.
  EXPECT_EQ(short_name_checksum(short_name("ALONGN~1TEX")), 0xBD);
}

TEST(FatUnicode, GoesThereAndBack) {
  const std::string text = "a\u00fc\u65e5\U0001F600.txt";
  const auto units = to_utf16(text);
  ASSERT_TRUE(units);
  EXPECT_EQ(units->size(), 9U);
  bool is_valid = true;
  EXPECT_EQ(to_utf8(*units, is_valid), text);
  EXPECT_TRUE(is_valid);
}

TEST(FatUnicode, LoneSurrogatesAreLeftOut) {
  bool is_valid = true;
  EXPECT_EQ(to_utf8(std::u16string{u'a', 0xD800, u'b', 0xDC00}, is_valid), "ab");
  EXPECT_FALSE(is_valid);
  EXPECT_FALSE(to_utf16("\xED\xA0\x80"));
  EXPECT_FALSE(to_utf16("\xFF"));
}

TEST(FatUnicode, UpperCaseIsThatOfLetters) {
  EXPECT_EQ(upper_case(u"az\u00e4\u03c3\u0451\u0101\u0100\uff41\u00df\u65e5[`{"),
            u"AZ\u00c4\u03a3\u0401\u0100\u0100\uff21\u00df\u65e5[`{");
}

TEST(FatCodePage, IsThe437) {
  EXPECT_EQ(from_code_page(0x81), u'\u00fc');
  EXPECT_EQ(from_code_page(0xE1), u'\u00df');
  EXPECT_EQ(from_code_page('~'), u'~');
  EXPECT_EQ(lower_in_code_page(0x9A), 0x81);
}

TEST(FatAttributes, ArePartlyAnExtendedAttribute) {
  EXPECT_EQ(xattrs_of(kAttributeReadOnly | kAttributeArchive), nullptr);
  EXPECT_EQ(*xattrs_of(kAttributeHidden | kAttributeArchive), (Xattrs{{"user.DOSATTRIB", "0x2"}}));
  EXPECT_EQ(parse_attributes("0x6"), 6);
  EXPECT_EQ(parse_attributes(std::string_view("0x21\0", 5)), 0x21);
  for (const char* const other : {"", "0x", "6", "0x100", "0x2 "}) EXPECT_EQ(parse_attributes(other), std::nullopt);
}

}  // namespace
}  // namespace fstool::fat
