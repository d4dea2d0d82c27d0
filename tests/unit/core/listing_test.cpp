#include "listing.h"

#include <gtest/gtest.h>

namespace fstool {
namespace {

// What lines look like is tested against ls itself, in tests/e2e/browse_test.cpp.

class ListingTest : public testing::Test {
 protected:
  std::string columns(const std::vector<std::string>& names, std::size_t width) {
    std::vector<ListedName> listed;
    for (const std::string& name : names) listed.push_back({name, &tree_, Tree::kRoot});
    ListingStyle style;
    style.columns = width;
    return format_listing(listed, style, {}, [](std::string_view name) { return std::string(name); });
  }

  Tree tree_;
};

TEST_F(ListingTest, FillsTheTerminalColumnByColumn) {
  EXPECT_EQ(columns({"a", "b", "c", "d"}, 80), "a  b  c  d\n");
  EXPECT_EQ(columns({"aa", "b", "c", "d", "e"}, 10), "aa  c  e\nb   d\n");
  EXPECT_EQ(columns({"a long name", "b"}, 10), "a long name\nb\n");
  EXPECT_EQ(columns({"\u00fc\u00fc", "b", "c"}, 7), "\u00fc\u00fc  c\nb\n") << "characters count, not bytes";
  EXPECT_EQ(columns({}, 80), "");
}

}  // namespace
}  // namespace fstool
