#include "rules/ignore_patterns.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "fmt/format.h"
#include "rules/glob_pattern.h"
#include "run_tool.h"

namespace fstool {
namespace {

namespace fs = std::filesystem;

bool glob(std::string_view pattern, std::string_view path) { return GlobPattern(pattern).matches(path); }

TEST(GlobPatternTest, MatchesWithinAName) {
  EXPECT_TRUE(glob("*.o", "a.o"));
  EXPECT_TRUE(glob("*.o", ".o"));
  EXPECT_FALSE(glob("*.o", "a.oo"));
  EXPECT_FALSE(glob("a*c", "a/c"));
  EXPECT_FALSE(glob("a?c", "a/c"));
  EXPECT_TRUE(glob("a*b*c", "aXbYbZc"));
  EXPECT_TRUE(glob("", ""));
  EXPECT_FALSE(glob("", "a"));
}

TEST(GlobPatternTest, MatchesDirectories) {
  EXPECT_TRUE(glob("**/a", "a"));
  EXPECT_TRUE(glob("**/a", "x/y/a"));
  EXPECT_TRUE(glob("a/**/b", "a/b"));
  EXPECT_TRUE(glob("a/**/b", "a/x/y/b"));
  EXPECT_FALSE(glob("a/**/b", "ab"));
  EXPECT_FALSE(glob("a/**/b", "a/xb"));
  EXPECT_TRUE(glob("a/**", "a/x/y"));
  EXPECT_FALSE(glob("a/**", "a"));
  EXPECT_TRUE(glob("a/**/b/*.c", "a/b/b/x.c"));
  EXPECT_TRUE(glob("**/x/**/y", "x/x/z/y"));
  EXPECT_FALSE(glob("a**/b", "a/x/b"));
}

TEST(GlobPatternTest, MatchesSets) {
  EXPECT_TRUE(glob("[a-c]x", "bx"));
  EXPECT_FALSE(glob("[!a-c]x", "bx"));
  EXPECT_TRUE(glob("[]-]", "]"));
  EXPECT_TRUE(glob("[]-]", "-"));
  EXPECT_TRUE(glob("[[:digit:][:upper:]_]*", "_x"));
  EXPECT_FALSE(glob("[^/]", "/"));
  EXPECT_TRUE(glob("[\\]]", "]"));
  EXPECT_FALSE(glob("[a", "[a"));
  EXPECT_FALSE(glob("[[:none:]]", "n"));
  EXPECT_FALSE(glob("a\\", "a\\"));
}

TEST(GlobPatternTest, TakesNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "a*";
  pattern += "b";
  EXPECT_FALSE(glob(pattern, std::string(20'000, 'a')));
  std::string deep;
  for (int i = 0; i < 50; ++i) deep += "**/a*/";
  std::string path;
  for (int i = 0; i < 500; ++i) path += "aaa/";
  EXPECT_FALSE(glob(deep + "b", path + "c"));
}

/// What a gitignore file with these lines says of a path: git looks at the directories on the way first.
bool is_ignored(const IgnorePatterns& patterns, const std::string& path, bool is_directory) {
  for (std::size_t slash = 0; slash != std::string::npos;) {
    slash = path.find('/', slash + 1);
    const std::string part = path.substr(0, slash);
    const std::string name = part.substr(part.rfind('/') + 1);
    if (patterns.match(part, name, is_directory || slash != std::string::npos) == IgnorePatterns::Match::Matched) {
      return true;
    }
  }
  return false;
}

struct Subject {
  std::string path;
  bool is_directory = false;
};

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all = {
      {"a", true},        {"a/b", true},
      {"a/b/c.txt"},      {"a/c.txt"},
      {"c.txt"},          {"foo", true},
      {"foo/bar", true},  {"foo/bar/x"},
      {"foox", true},     {"foox/y", true},
      {"foox/y/bar"},     {"x", true},
      {"x/foo"},          {"x/a", true},
      {"x/a/b"},          {"#note"},
      {"!keep"},          {"sp ace"},
      {"end "},           {"[set]"},
      {"b\\s"},           {"q?"},
      {"star*"},          {"UP", true},
      {"UP/d1"},          {".hidden"},
      {"-dash"},          {"]"},
      {"a/b/deep", true}, {"a/b/deep/er.o"},
  };
  return all;
}

/// Each is a whole file.
std::vector<std::string> pattern_files() {
  std::vector<std::string> files = {
      "a",
      "/a",
      "a/",
      "/a/",
      "a/b",
      "/a/b",
      "a/b/",
      "b",
      "b/",
      "*.txt",
      "/*.txt",
      "a/*.txt",
      "**/*.txt",
      "a/**",
      "a/**/",
      "**/b",
      "**/b/",
      "**/",
      "**",
      "*",
      "/*",
      "*/",
      "/**",
      "a/**/c.txt",
      "a/**/b/**",
      "a/***",
      "***/b",
      "**/**/b",
      "a/**/**/c.txt",
      "foo**/bar",
      "foo*/bar",
      "foo**",
      "/foo**",
      "/foo**bar",
      "foo**bar",
      "f*o",
      "f**o",
      "fo[o]",
      "fo[!a]",
      "fo[^a]",
      "fo[a-z]",
      "fo[[:alpha:]]",
      "fo[[:digit:]]",
      "UP/d[0-9]",
      "[[:upper:]]*",
      "[[:nope:]]*",
      "[!a-z]*",
      "[]]",
      "[]a]*",
      "[!]a-z]*",
      "[a-",
      "[",
      "[a-]",
      "[-d]*",
      "[--0]dash",
      "[a\\-z]*",
      "[\\[]set]",
      "\\[set\\]",
      "\\#note",
      "#note",
      "\\!keep",
      "!keep",
      "sp ace",
      "sp\\ ace",
      "end\\ ",
      "end ",
      "end  ",
      "\\a",
      "a\\",
      "b\\\\s",
      "b\\s",
      "q\\?",
      "q?",
      "star\\*",
      "star*",
      "?",
      "??",
      "*a*",
      "*a*b*",
      "x/*",
      "x/**",
      "x/?oo",
      "x/a/b",
      "x/**/b",
      "/x/**/b/",
      "**/a/b",
      "**/a/**",
      "a/b/..",
      "./a",
      "a//b",
      "//a",
      "/",
      "//",
      "",
      " ",
      "\\",
      "\\ ",
      "[[:alpha:]",
      "[[:]",
      "[[:]]",
      "[[::]]",
      "[[:alpha:][:digit:]]",
      "c.tx[t]",
      "c?txt",
      "a/b/deep/*.o",
      "deep/er.o",
      "*.o",
      "*/*.o",
      // Several lines: the last that matches decides, but not below what is excluded.
      "*\n!a",
      "*.txt\n!c.txt",
      "/*\n!/a",
      "a/*\n!a/b",
      "a/*\n!a/b/\na/b/*\n!a/b/c.txt",
      "a\n!a/b/c.txt",
      "**\n!**/\n!*.txt",
      "!c.txt\nc.txt",
      "c.txt\n!c.txt\n/c.txt",
      "# c\n\nc.txt",
      "foo/*\n!foo/bar",
      "*\n!*/\n!x/foo",
  };
  return files;
}

TEST(IgnorePatternsTest, DecideAsGitDoes) {
  const test::TemporaryDirectory directory;
  const fs::path root = directory.path();
  ASSERT_EQ(test::run_tool(fmt::format("cd {} && git init -q .", root.string())).exit_code, 0);
  const std::vector<std::string> files = pattern_files();
  std::ofstream asked(root / "asked", std::ios::binary);
  for (std::size_t i = 0; i < files.size(); ++i) {
    const fs::path place = root / fmt::format("d{:03}", i);
    for (const Subject& subject : subjects()) {
      // What is not there is no directory to git.
      const fs::path path = place / subject.path;
      fs::create_directories(subject.is_directory ? path : path.parent_path());
      asked << fmt::format("d{:03}/{}", i, subject.path) << '\0';
    }
    std::ofstream(place / ".gitignore", std::ios::binary) << files[i] << '\n';
  }
  asked.close();
  // Exit code 1: nothing is ignored.
  const test::ToolResult result = test::run_tool(
      fmt::format("cd {} && GIT_CONFIG_GLOBAL=/dev/null git -c core.excludesFile=/dev/null check-ignore --no-index -z "
                  "--stdin < asked",
                  root.string()));
  ASSERT_EQ(result.exit_code, 0) << result.output;
  std::set<std::string> ignored;
  for (std::size_t begin = 0; begin < result.output.size();) {
    const std::size_t end = result.output.find('\0', begin);
    ignored.insert(result.output.substr(begin, end - begin));
    begin = end + 1;
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    IgnorePatterns patterns;
    patterns.add_lines(files[i] + "\n");
    for (const Subject& subject : subjects()) {
      EXPECT_EQ(is_ignored(patterns, subject.path, subject.is_directory),
                ignored.contains(fmt::format("d{:03}/{}", i, subject.path)))
          << "patterns:\n"
          << files[i] << "\npath: " << subject.path;
    }
  }
}

TEST(IgnorePatternsTest, ReadsLinesAsGitDoes) {
  IgnorePatterns patterns;
  patterns.add_lines("\xEF\xBB\xBF*.o\r\n# comment\r\n\r\nlast");
  EXPECT_EQ(patterns.match("a.o", "a.o", false), IgnorePatterns::Match::Matched);
  EXPECT_EQ(patterns.match("last", "last", false), IgnorePatterns::Match::Matched);
  EXPECT_EQ(patterns.match("# comment", "# comment", false), IgnorePatterns::Match::None);
}

}  // namespace
}  // namespace fstool
