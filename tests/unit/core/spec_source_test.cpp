#include "spec_source.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "fstool/error.h"
#include "spec.h"
#include "spec_toml.h"

namespace fstool {
namespace {

std::vector<SourceChoice> read(const std::string& source) {
  const OptionTable table = parse_toml("[filesystem]\ntype = \"x\"\n" + source + "\n", "p.toml");
  return read_spec(table, {.file = "p.toml", .directory = "specs"}).filesystem->sources;
}

std::string failure(const std::string& source) {
  try {
    read(source);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidSpec);
    return error.what();
  }
  ADD_FAILURE() << "no error for " << source;
  return {};
}

TEST(ReadSources, OneIsAPathOrATable) {
  const std::vector<SourceChoice> path = read("source = \"a.tar\"");
  ASSERT_EQ(path.size(), 1U);
  EXPECT_EQ(path[0].path, "specs/a.tar");
  EXPECT_EQ(path[0].written, "a.tar");
  EXPECT_FALSE(path[0].from || path[0].to || path[0].is_standard_input);
  EXPECT_EQ(path[0].whiteouts, Whiteouts::None);
  const SourceChoice table =
      read("source = { path = \"a\", type = \"t\", from = \"/b/\", to = \"c/d\", whiteouts = \"oci\", own = 1 }").at(0);
  EXPECT_EQ(table.type, "t");
  EXPECT_EQ(table.from, "/b/");
  EXPECT_EQ(table.to, "c/d");
  EXPECT_EQ(table.whiteouts, Whiteouts::Oci);
  ASSERT_EQ(table.options.size(), 1U);
  EXPECT_EQ(table.options[0].key, "own");
}

TEST(ReadSources, AListHasLayersInWhichMarkersCount) {
  const std::vector<SourceChoice> layers =
      read("source = [\"a\", { path = \"b\", whiteouts = \"none\" }, { path = \"c\", whiteouts = \"auto\" }]");
  ASSERT_EQ(layers.size(), 3U);
  EXPECT_EQ(layers[0].whiteouts, Whiteouts::Both);
  EXPECT_EQ(layers[1].whiteouts, Whiteouts::None);
  EXPECT_EQ(layers[2].whiteouts, Whiteouts::Both);
  EXPECT_EQ(written_text(layers), "a, b, c");
  EXPECT_EQ(layers[2].location->line, 3U);
  EXPECT_EQ(read("source = [\"a\"]").at(0).whiteouts, Whiteouts::Both);
}

TEST(ReadSources, AListIsAnArrayOfTablesToo) {
  const std::vector<SourceChoice> layers =
      read("[[filesystem.source]]\npath = \"a\"\n[[filesystem.source]]\npath = \"b\"\nto = \"/x\"");
  ASSERT_EQ(layers.size(), 2U);
  EXPECT_EQ(layers[1].to, "/x");
}

TEST(ReadSources, ADashIsStandardInput) {
  EXPECT_TRUE(read("source = \"-\"").at(0).is_standard_input);
  EXPECT_TRUE(read("source = [{ path = \"-\" }]").at(0).is_standard_input);
  EXPECT_FALSE(read("source = \"./-\"").at(0).is_standard_input);
}

TEST(ReadSources, PointsAtWhatIsWrong) {
  EXPECT_EQ(failure("source = []"),
            "p.toml:3:10: source must not be an empty list: leave it out\n"
            "source = []\n"
            "         ^");
  EXPECT_NE(failure("source = [\"a\", 3]").find("p.toml:3:16: source must be a path or a table"), std::string::npos);
  EXPECT_NE(failure("source = [[\"a\"]]").find("not an array"), std::string::npos);
  EXPECT_NE(failure("source = [{ type = \"t\" }]").find("p.toml:3:11: source needs a path"), std::string::npos);
  EXPECT_NE(failure("source = { path = \"a\", whiteouts = \"ouci\" }").find("(did you mean \"oci\"?)"),
            std::string::npos);
  EXPECT_NE(failure("source = { path = \"a\", whiteouts = true }").find("must be one of auto, none, oci, overlayfs"),
            std::string::npos);
}

TEST(ReadSources, PathsInTreesDoNotClimb) {
  for (const char* const key : {"from", "to"}) {
    for (const char* const path : {"..", "/a/../b", "./a", "a/."}) {
      EXPECT_NE(failure(fmt::format("source = {{ path = \"a\", {} = \"{}\" }}", key, path))
                    .find(fmt::format("the path \"{}\" in {} has a \".", path, key)),
                std::string::npos);
    }
    EXPECT_NE(failure(fmt::format("source = {{ path = \"a\", {} = \"\" }}", key)).find("must not be empty"),
              std::string::npos);
    EXPECT_EQ(read(fmt::format("source = {{ path = \"a\", {} = \"/..a/...\" }}", key)).size(), 1U);
  }
}

TEST(ReadSources, AFileNeedsAPlaceAndHasNoParts) {
  EXPECT_NE(failure("source = { path = \"a\", type = \"file\" }").find("p.toml:3:31: a file needs a place"),
            std::string::npos);
  EXPECT_NE(
      failure("source = { path = \"a\", type = \"file\", to = \"/b\", from = \"/c\" }").find("a file has no parts"),
      std::string::npos);
}

TEST(ReadSources, SaysAllThatIsWrong) {
  const std::string message = failure("source = [3, { path = 4 }, { path = \"a\", to = \"..\", from = \".\" }]");
  for (const char* const place :
       {"p.toml:3:11: ", "p.toml:3:23: ", "the path \"..\" in to", "the path \".\" in from"}) {
    EXPECT_NE(message.find(place), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace fstool
