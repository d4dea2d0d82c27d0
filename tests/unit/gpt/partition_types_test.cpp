#include "partition_types.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "fstool/error.h"
#include "partition_table_fixture.h"

namespace fstool::gpt {
namespace {

using test::error_of;
using testing::HasSubstr;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

TEST(GptPartitionTypes, SfdiskKnowsEveryGuid) {
  const std::string known = lower(test::run_tool("sfdisk --label gpt --list-types").output);
  for (const PartitionType& type : partition_types()) EXPECT_THAT(known, HasSubstr(type.guid)) << type.name;
}

TEST(GptPartitionTypes, NamesAreUniqueAndStandForTheirGuid) {
  std::set<std::string_view> names;
  for (const PartitionType& type : partition_types()) {
    EXPECT_TRUE(names.insert(type.name).second) << type.name;
    EXPECT_EQ(parse_partition_type(type.name).to_string(), type.guid);
  }
}

TEST(GptPartitionTypes, TakesGuidsAndWellKnownMbrTypes) {
  EXPECT_EQ(parse_partition_type("DEADBEEF-0000-1111-2222-333344445555").to_string(),
            "deadbeef-0000-1111-2222-333344445555");
  EXPECT_EQ(parse_partition_type("0x83"), parse_partition_type("linux"));
  EXPECT_EQ(parse_partition_type("0x82"), parse_partition_type("linux-swap"));
  EXPECT_EQ(parse_partition_type("0xEF"), parse_partition_type("esp"));
  EXPECT_EQ(parse_partition_type("0x0C"), parse_partition_type("fat"));
  EXPECT_EQ(parse_partition_type("0xc"), parse_partition_type("fat"));
}

TEST(GptPartitionTypes, RefusesTheRestWithAdvice) {
  const auto refused = [](std::string_view words) {
    const auto [code, text] = error_of([&] { parse_partition_type(words); });
    EXPECT_EQ(code, ErrorCode::InvalidArgument);
    return text;
  };
  EXPECT_THAT(refused("linus"), HasSubstr("did you mean \"linux\"?"));
  EXPECT_THAT(refused(""), HasSubstr("unknown gpt partition type"));
  EXPECT_THAT(refused("0x05"), HasSubstr("no counterpart in gpt; use a type GUID"));
  EXPECT_THAT(refused("0x"), HasSubstr("unknown gpt partition type"));
  EXPECT_THAT(refused("0x-1"), HasSubstr("unknown gpt partition type"));
  EXPECT_THAT(refused("00000000-0000-0000-0000-000000000000"), HasSubstr("unused entry"));
}

TEST(GptPartitionTypes, ShortNamesArePreferredOnes) {
  EXPECT_EQ(short_type_name(parse_partition_type("swap")), "linux-swap");
  EXPECT_EQ(short_type_name(parse_partition_type("ntfs")), "microsoft-basic-data");
  EXPECT_EQ(short_type_name(parse_partition_type("deadbeef-0000-1111-2222-333344445555")), "");
}

}  // namespace
}  // namespace fstool::gpt
