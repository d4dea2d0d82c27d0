#include "escape.h"

#include <gtest/gtest.h>

namespace fstool {
namespace {

TEST(Escape, MessagesKeepTheirLinesAndBackslashes) {
  EXPECT_EQ(escape_message("a \\ b:\n  \033]0;title\a\r Gr\u00fc\u00dfe", Charset::Utf8),
            "a \\ b:\n  \\033]0;title\\a\\r Gr\u00fc\u00dfe");
}

TEST(Escape, LeavesTextAlone) {
  EXPECT_EQ(escape("notes 2024 (final).txt", Charset::Ascii), "notes 2024 (final).txt");
  EXPECT_EQ(escape("Grüße \u20ac \U0001F600", Charset::Utf8), "Grüße \u20ac \U0001F600");
  EXPECT_EQ(escape("", Charset::Utf8), "");
}

TEST(Escape, WritesControlCharactersAsInC) {
  EXPECT_EQ(escape("a\nb\tc\033[31m\x7f", Charset::Utf8), R"(a\nb\tc\033[31m\177)");
  EXPECT_EQ(escape("\a\b\f\r\v", Charset::Utf8), R"(\a\b\f\r\v)");
  EXPECT_EQ(escape(std::string_view("\0", 1), Charset::Utf8), R"(\000)");
  EXPECT_EQ(escape("\u009b31m", Charset::Utf8), R"(\302\23331m)") << "the control sequence introducer of one character";
}

TEST(Escape, DoublesTheBackslash) { EXPECT_EQ(escape(R"(a\n)", Charset::Utf8), R"(a\\n)"); }

TEST(Escape, WritesWhatIsNoCharacterInOctal) {
  EXPECT_EQ(escape("ü", Charset::Ascii), R"(\303\274)");
  EXPECT_EQ(escape("caf\xe9", Charset::Utf8), R"(caf\351)");
  EXPECT_EQ(escape("\xc3", Charset::Utf8), R"(\303)") << "cut off";
  EXPECT_EQ(escape("\xc0\xaf", Charset::Utf8), R"(\300\257)") << "overlong";
  EXPECT_EQ(escape("\xe0\x80\xaf", Charset::Utf8), R"(\340\200\257)") << "overlong";
  EXPECT_EQ(escape("\xed\xa0\x80", Charset::Utf8), R"(\355\240\200)") << "a surrogate";
  EXPECT_EQ(escape("\xf4\x90\x80\x80", Charset::Utf8), R"(\364\220\200\200)") << "beyond U+10FFFF";
}

}  // namespace
}  // namespace fstool
