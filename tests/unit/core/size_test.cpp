#include "fstool/size.h"

#include <gtest/gtest.h>

#include <string_view>
#include <utility>

namespace fstool {
namespace {

TEST(ParseSize, ReadsEveryUnit) {
  const std::pair<std::string_view, std::uint64_t> sizes[] = {
      {"0", 0},
      {"512", 512},
      {"64KiB", 65536},
      {"3MiB", 3145728},
      {"2GiB", 2147483648},
      {"1TiB", 1099511627776},
      {"1PiB", 1125899906842624},
      {"64KB", 64000},
      {"1MB", 1000000},
      {"1GB", 1000000000},
      {"1TB", 1000000000000},
      {"1PB", 1000000000000000},
      {"4K", 4096},
      {"4M", 4194304},
      {"4G", 4294967296},
      {"4T", 4398046511104},
      {"64kib", 65536},
      {"64 KiB", 65536},
      {"64\tkb", 64000},
      {"1.5GiB", 1610612736},
      {"0.5K", 512},
      {"1.0", 1},
      {"2.50KB", 2500},
      {"0.0009765625KiB", 1},
      {"9223372036854775807", 9223372036854775807},
  };
  for (const auto& [text, bytes] : sizes) {
    ASSERT_TRUE(parse_size(text)) << text;
    EXPECT_EQ(parse_size(text)->value, bytes) << text;
  }
}

TEST(ParseSize, RefusesEverythingElse) {
  for (const std::string_view text : {"",
                                      " ",
                                      "KiB",
                                      "-1",
                                      "+1",
                                      "1.",
                                      ".5",
                                      "1.5",
                                      "1.5.5K",
                                      "0.1KiB",
                                      "12abc",
                                      "12 ",
                                      " 12",
                                      "12KiB ",
                                      "1KiBB",
                                      "0x10",
                                      "1e6",
                                      "1,5K",
                                      "1P",
                                      "4B",
                                      "9223372036854775808",
                                      "8192PiB",
                                      "99999999999999999999999KiB",
                                      "0.0000000000000000000001KiB"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(FormatSize, RoundsToOneDecimalOfTheLargestUnit) {
  EXPECT_EQ(format_size(0), "0 bytes");
  EXPECT_EQ(format_size(1), "1 byte");
  EXPECT_EQ(format_size(17), "17 bytes");
  EXPECT_EQ(format_size(1023), "1023 bytes");
  EXPECT_EQ(format_size(65536), "64 KiB");
  EXPECT_EQ(format_size(1610612736), "1.5 GiB");
  EXPECT_EQ(format_size(1000000000), "953.7 MiB");
  EXPECT_EQ(format_size(1048575), "1 MiB");
  EXPECT_EQ(format_size(UINT64_MAX), "16 EiB");
}

TEST(SizeText, IsExactAndReadBack) {
  EXPECT_EQ(size_text(0), "0");
  EXPECT_EQ(size_text(1537), "1537");
  EXPECT_EQ(size_text(65536), "64KiB");
  EXPECT_EQ(size_text(1610612736), "1536MiB");
  for (const std::uint64_t bytes : {0ULL, 1ULL, 512ULL, 65537ULL, 1ULL << 40U, (1ULL << 62U) + (1ULL << 20U)}) {
    EXPECT_EQ(parse_size(size_text(bytes)), Bytes{bytes});
  }
}

}  // namespace
}  // namespace fstool
