#include "format_overrides.h"

#include <gtest/gtest.h>

#include "fake_formats.h"
#include "fstool/error.h"

namespace fstool {
namespace {

class FormatOverridesTest : public testing::Test {
 protected:
  FormatOverrides parse(const std::string& text) { return parse_format_overrides(text, registry_); }
  std::string failure(const std::string& text) {
    try {
      parse(text);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
      return error.what();
    }
    ADD_FAILURE() << "no error for " << text;
    return {};
  }

  test::FakeLog log_;
  Registry registry_ = test::make_fake_registry(log_);
};

TEST_F(FormatOverridesTest, FindsTheStageOfEachName) {
  EXPECT_EQ(parse("raw"), (FormatOverrides{.codec = {}, .container = "raw"}));
  EXPECT_EQ(parse("fake,box,row,shout"),
            (FormatOverrides{.codec = "shout", .container = "box", .partition_table = "row", .filesystem = "fake"}));
  EXPECT_EQ(parse("none").partition_table, "none");
  EXPECT_EQ(parse("list").source, "list");
}

TEST_F(FormatOverridesTest, RefusesUnknownNames) {
  EXPECT_EQ(
      failure("fakr"),
      "no format is called \"fakr\" (did you mean \"fake\"?); there is codec: shout; container: box, raw; partition "
      "table: row, none; filesystem: fake; source: list, other");
  EXPECT_TRUE(failure("raw,").starts_with("no format is called \"\""));
  EXPECT_TRUE(failure("").starts_with("no format is called \"\""));
}

TEST_F(FormatOverridesTest, RefusesTwoOfAStage) {
  EXPECT_EQ(failure("raw,box"), "\"raw\" and \"box\" are both a container: name one");
  EXPECT_EQ(failure("row,none"), "\"row\" and \"none\" are both a partition table: name one");
}

}  // namespace
}  // namespace fstool
