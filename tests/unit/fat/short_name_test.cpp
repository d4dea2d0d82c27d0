// Short names and aliases.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "fstool/error.h"
#include "write/name_rules.h"
#include "write/short_name.h"

namespace fstool::fat {
namespace {

std::string text(const ShortName& name) { return {name.begin(), name.end()}; }

TEST(FatShortForm, NamesThatFitNeedNoAlias) {
  const auto upper = short_form("README.TXT");
  ASSERT_TRUE(upper);
  EXPECT_EQ(text(upper->name), "README  TXT");
  EXPECT_TRUE(upper->is_exact);
  EXPECT_EQ(upper->name_case, 0);
  const auto lower = short_form("readme.TXT");
  ASSERT_TRUE(lower);
  EXPECT_TRUE(lower->is_exact);
  EXPECT_EQ(lower->name_case, kLowerCaseBase);
  EXPECT_EQ(short_form("a-1_~.x")->name_case, kLowerCaseBase | kLowerCaseExtension);
  EXPECT_EQ(text(short_form("12345678")->name), "12345678   ");
}

TEST(FatShortForm, MixedCaseNeedsALongNameBesideIt) {
  const auto mixed = short_form("Readme.txt");
  ASSERT_TRUE(mixed);
  EXPECT_EQ(text(mixed->name), "README  TXT");
  EXPECT_FALSE(mixed->is_exact);
}

TEST(FatShortForm, TheOthersNeedAnAlias) {
  for (const char* const name : {"123456789", "a.text", ".txt", "a.b.c", "a b", "a+b", "\u00fc", "a."}) {
    EXPECT_FALSE(short_form(name)) << name;
  }
}

TEST(FatAlias, IsMadeAsTheSpecificationSays) {
  AliasMaker aliases;
  EXPECT_EQ(text(aliases.make("A long name with spaces.text")), "ALONGN~1TEX");
  EXPECT_EQ(text(aliases.make("A long name, another.text")), "ALONGN~2TEX");
  EXPECT_EQ(text(aliases.make("TextFile.Mine.txt")), "TEXTFI~1TXT");
  EXPECT_EQ(text(aliases.make("ver +1.2.text")), "VER_12~1TEX");
  EXPECT_EQ(text(aliases.make(".bashrc")), "BASHRC~1   ");
  EXPECT_EQ(text(aliases.make("\u00fc\u65e5")), "__~1       ");
  EXPECT_EQ(text(aliases.make("+++")), "___~1      ");
  EXPECT_EQ(text(aliases.make(". .")), "_~1        ");
}

TEST(FatAlias, KeepsClearOfNamesThatAreThere) {
  AliasMaker aliases;
  aliases.reserve(short_form("LONGFI~1.TXT")->name);
  aliases.reserve(short_form("LONGFI~3.TXT")->name);
  EXPECT_EQ(text(aliases.make("longfilename1.txt")), "LONGFI~2TXT");
  EXPECT_EQ(text(aliases.make("longfilename2.txt")), "LONGFI~4TXT");
}

TEST(FatAlias, IsUniqueAmongManyAlike) {
  AliasMaker aliases;
  std::set<ShortName> seen;
  for (int i = 0; i < 120'000; ++i) {
    EXPECT_TRUE(seen.insert(aliases.make(fmt::format("{}file number {}.data", i % 2 == 0 ? "a" : "ab", i))).second);
  }
  EXPECT_TRUE(seen.contains(short_form("AFILEN~1.DAT")->name));
  for (int i = 0; i < 2000; ++i)
    EXPECT_TRUE(seen.insert(aliases.make(fmt::format("+{}", i % 7 == 0 ? "" : "."))).second);
}

TEST(FatNameRules, SayWhatIsWrong) {
  EXPECT_EQ(name_problem("a name with 'these' {characters} + [others]; ok, = fine"), "");
  EXPECT_EQ(name_problem(std::string(255, 'x')), "");
  EXPECT_NE(name_problem(std::string(256, 'x')), "");
  for (const char* const name : {"a?b", "a:b", "a\\b", "a*b", "\"", "<", ">", "|", "a\x01", "dot.", "blank ", "\xFF"}) {
    EXPECT_NE(name_problem(name), "") << name;
  }
}

}  // namespace
}  // namespace fstool::fat
