#include "line_search.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <span>

#include "fstool/error.h"
#include "fstool/registry.h"

namespace fstool {
namespace {

BlobPtr blob_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return make_memory_blob({bytes.begin(), bytes.end()});
}

class LineSearchTest : public testing::Test {
 protected:
  std::string search(const BlobPtr& content, const std::string& pattern, SearchStyle style = {},
                     PatternSyntax syntax = PatternSyntax::Basic, std::size_t limit = 1 << 30) {
    const LinePattern compiled(pattern, syntax, false);
    ContentSearch search(compiled, style, content.get(), "name", "");
    std::string out;
    for (bool done = false; !done; out += done ? "" : "|") done = search.run(out, out.size() + limit, context_);
    return out;
  }
  std::string found(std::string_view text, const std::string& pattern, SearchStyle style = {},
                    PatternSyntax syntax = PatternSyntax::Basic) {
    const BlobPtr content = blob_of(text);
    const LinePattern compiled(pattern, syntax, false);
    ContentSearch search(compiled, style, content.get(), "name", "");
    std::string out;
    EXPECT_TRUE(search.run(out, SIZE_MAX, context_));
    return out;
  }

  Registry registry_;
  Context context_{registry_, {.threads = 1}};
};

TEST_F(LineSearchTest, FindsLines) {
  EXPECT_EQ(found("one\ntwo\nthree", "t"), "two\nthree\n");
  EXPECT_EQ(found("one\ntwo\nthree", "^t.o$"), "two\n");
  EXPECT_EQ(found("one\ntwo\n", "x"), "");
  EXPECT_EQ(found("", ""), "");
  EXPECT_EQ(found("a+b\naab\n", "a+b"), "a+b\n") << "basic";
  EXPECT_EQ(found("a+b\naab\n", "a+b", {}, PatternSyntax::Extended), "aab\n");
  EXPECT_EQ(found("a.b\naab\n", "a.b", {}, PatternSyntax::Fixed), "a.b\n");
}

TEST_F(LineSearchTest, IgnoresCase) {
  for (const PatternSyntax syntax : {PatternSyntax::Basic, PatternSyntax::Fixed}) {
    EXPECT_TRUE(LinePattern("oNe", syntax, true).matches("xOnEx"));
  }
  EXPECT_FALSE(LinePattern("a.c", PatternSyntax::Fixed, true).matches("ABC"));
}

TEST_F(LineSearchTest, Reports) {
  EXPECT_EQ(found("a\nb\na\n", "a", {.line_numbers = true}), "1:a\n3:a\n");
  EXPECT_EQ(found("a\nb\na\n", "a", {.report = SearchReport::Count}), "2\n");
  EXPECT_EQ(found("a\nb\na\n", "a", {.report = SearchReport::Name}), "name\n");
  EXPECT_EQ(found("b\n", "a", {.report = SearchReport::Name}), "");
  EXPECT_EQ(found("a\nb\n", "a", {.invert = true}), "b\n");
}

TEST_F(LineSearchTest, SaysOfBinaryContentsThatTheyMatch) {
  EXPECT_EQ(found(std::string_view("a\0\nb\n", 5), "b"), "Binary file name matches\n");
  EXPECT_EQ(found(std::string_view("a\0\nb\n", 5), "c"), "");
  BlobBuilder builder;
  builder.add(std::uint64_t{1} << 40, blob_of("needle"));
  EXPECT_EQ(search(builder.finish((std::uint64_t{1} << 40) + 6), "needle"), "Binary file name matches\n");
}

TEST_F(LineSearchTest, KnowsLinesAcrossPieces) {
  std::string text(600'000, 'x');
  text += "needle\nshort\n";
  EXPECT_EQ(found(text, "needle"), text.substr(0, 600'007));
  EXPECT_EQ(found(text, "short", {.line_numbers = true}), "2:short\n");
}

TEST_F(LineSearchTest, CutsLinesThatAreTooLong) {
  const std::string text = std::string(5 * kMaxSearchedLine, 'x') + "needle";
  EXPECT_LE(found(text, "needle").size(), kMaxSearchedLine + 100);
}

TEST_F(LineSearchTest, KeepsLinesBehindALongOneWhole) {
  std::string text(kMaxSearchedLine - 100'000, 'x');
  for (int i = 0; text.size() < kMaxSearchedLine + 1'000'000; ++i) text += fmt::format("\nline {} ends", i);
  const std::string with_newline = text + "\n";
  EXPECT_EQ(search(blob_of(with_newline), "^line [0-9]* ends$", {.report = SearchReport::Count}),
            fmt::format("{}\n", std::ranges::count(text, '\n')));
}

TEST_F(LineSearchTest, StopsAtItsLimitAndGoesOn) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += "line\n";
  const std::string out = search(blob_of(text), "line", {}, PatternSyntax::Basic, 1);
  EXPECT_GT(std::ranges::count(out, '|'), 1);
  EXPECT_EQ(std::ranges::count(out, '\n'), 200'000);
}

TEST_F(LineSearchTest, RefusesWhatIsNoPattern) {
  try {
    const LinePattern pattern("a(", PatternSyntax::Extended, false);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
    EXPECT_TRUE(std::string(error.what()).starts_with("the pattern \"a(\": ")) << error.what();
  }
}

}  // namespace
}  // namespace fstool
