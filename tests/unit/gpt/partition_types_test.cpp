#include "partition_types.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <string_view>
#include <vector>

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

/// Architectures and types that are newer than the tools of Debian 12.
bool is_newer_than_the_tools(std::string_view name) {
  for (const char* const newer : {"-m68k", "-sh4", "-sparc64", "barebox-env"}) {
    if (name.find(newer) != std::string_view::npos) return true;
  }
  return false;
}

/// What sgdisk says of partitions of these types: "(Unknown)" of those that it doesn't know.
std::string sgdisk_description(const std::vector<PartitionType>& types) {
  const test::TemporaryDirectory directory;
  const std::string disk = (directory.path() / "types.img").string();
  std::string command = "truncate -s 8M " + disk + " && sgdisk -S 512";
  std::size_t number = 0;
  for (const PartitionType& type : types) {
    const std::string n = std::to_string(++number);
    command += " -a 1 -n " + n + ":0:+8 -t " + n + ":" + std::string(type.guid) + " -i " + n;
  }
  return test::run_tool(command + " " + disk).output;
}

TEST(GptPartitionTypes, SfdiskSystemdOrSgdiskKnowsEveryGuid) {
  const std::string known = lower(test::run_tool("sfdisk --label gpt --list-types").output);
  std::vector<PartitionType> others;
  for (const PartitionType& type : partition_types()) {
    if (known.find(type.guid) == std::string::npos && !is_newer_than_the_tools(type.name)) others.push_back(type);
  }
  const std::string described = sgdisk_description(others);
  const std::string systemd = test::run_tool("systemd-id128 show").output;
  std::size_t next = 0;
  for (const PartitionType& type : others) {
    const std::size_t line = described.find("Partition GUID code: ", next);
    ASSERT_NE(line, std::string::npos) << described;
    next = described.find('\n', line);
    std::string plain(type.guid);
    std::erase(plain, '-');
    const bool sgdisk_knows = described.substr(line, next - line).find("(Unknown)") == std::string::npos;
    const bool systemd_knows =
        systemd.find(std::string(type.name) + ' ') != std::string::npos && systemd.find(plain) != std::string::npos;
    EXPECT_TRUE(sgdisk_knows || systemd_knows) << type.name;
  }
}

TEST(GptPartitionTypes, AllArchitecturesHaveAllKindsOfRootsAndUsrs) {
  std::set<std::string_view> guids;
  for (const char* const architecture :
       {"alpha",   "arc",     "arm",       "arm64",  "ia64",    "loongarch64", "m68k",     "mips",
        "mips64",  "mips-le", "mips64-le", "parisc", "ppc",     "ppc64",       "ppc64-le", "riscv32",
        "riscv64", "s390",    "s390x",     "sh4",    "sparc64", "tilegx",      "x86",      "x86-64"}) {
    for (const char* const directory : {"root-", "usr-"}) {
      for (const char* const kind : {"", "-verity", "-verity-sig"}) {
        const std::string name = std::string(directory) + architecture + kind;
        const auto type = std::ranges::find(partition_types(), name, &PartitionType::name);
        ASSERT_NE(type, partition_types().end()) << name;
        EXPECT_TRUE(guids.insert(type->guid).second) << name;
        EXPECT_EQ(short_type_name(parse_partition_type(name)), name);
      }
    }
  }
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
