// The comparison that the other tests rely on sees every kind of difference.

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <functional>
#include <ostream>

#include "harness/requirements.h"
#include "harness/temp_dir.h"
#include "harness/tree_builder.h"
#include "harness/tree_comparison.h"

namespace fstool::e2e {
namespace {

struct Change {
  std::string name;
  std::string difference;                        ///< how the line about it begins
  std::function<void(const TreeBuilder&)> make;  ///< to the second of two equal trees
};

std::ostream& operator<<(std::ostream& out, const Change& change) { return out << change.name; }

void build(const TreeBuilder& tree) {
  tree.directory("directory");
  tree.file("directory/file", 3'000'000, Content::Text);
  tree.file("linked", "x");
  tree.hard_link("directory/linked", "linked");
  tree.file("also linked", "x");
  tree.hard_link("directory/also linked", "also linked");
  tree.symlink("symlink", "target");
  tree.special("device", S_IFBLK, makedev(7, 1));
  tree.write_at("sparse", 10'000'000, 1, Content::Random);
  tree.xattr("linked", "trusted.attribute", "value");
  tree.xattr("directory", "system.posix_acl_access", acl_for_user(1000));
  tree.settle_times();
}

const std::vector<Change>& changes() {
  const auto replace = [](const TreeBuilder& tree, const std::string& path) {
    std::filesystem::remove(tree.root() / path);
    return path;
  };
  static const std::vector<Change> all = {
      {"ByteOfContent", "/directory/file: the content differs",
       [](const TreeBuilder& tree) { tree.write_at("directory/file", 2'999'999, 1, Content::Random); }},
      {"DataInHole", "/sparse: the content differs",
       [](const TreeBuilder& tree) { tree.write_at("sparse", 5'000'000, 1, Content::Text); }},
      {"Size", "/sparse: size is", [](const TreeBuilder& tree) { tree.truncate("sparse", 10'000'002); }},
      {"MissingName", "/symlink: is missing",
       [](const TreeBuilder& tree) { std::filesystem::remove(tree.root() / "symlink"); }},
      {"AdditionalName", "/directory/more: was not in the source",
       [](const TreeBuilder& tree) { tree.file("directory/more", ""); }},
      {"LostAndFoundBelowTheRoot", "/directory/lost+found: was not",
       [](const TreeBuilder& tree) { tree.directory("directory/lost+found"); }},
      {"Mode", "/linked: mode is", [](const TreeBuilder& tree) { tree.mode("linked", 04644); }},
      {"ModeOfTheRoot", "/: mode is", [](const TreeBuilder& tree) { tree.mode("", 0700); }},
      {"Owner", "/symlink: uid is", [](const TreeBuilder& tree) { tree.owner("symlink", 1, 0); }},
      {"Group", "/symlink: gid is", [](const TreeBuilder& tree) { tree.owner("symlink", 0, 1); }},
      {"Nanosecond", "/symlink: nanoseconds of mtime is",
       [](const TreeBuilder& tree) { tree.time("symlink", 1'000'000'000, 1); }},
      {"Target", "/symlink: target is",
       [replace](const TreeBuilder& tree) { tree.symlink(replace(tree, "symlink"), "tarGet"); }},
      {"Kind", "/device: kind is",
       [replace](const TreeBuilder& tree) { tree.special(replace(tree, "device"), S_IFCHR, makedev(7, 1)); }},
      {"MinorNumber", "/device: minor number is",
       [replace](const TreeBuilder& tree) { tree.special(replace(tree, "device"), S_IFBLK, makedev(7, 2)); }},
      {"ValueOfAttribute", "/linked: attribute trusted.attribute is",
       [](const TreeBuilder& tree) { tree.xattr("linked", "trusted.attribute", "other"); }},
      {"AdditionalAttribute", "/symlink: attribute trusted.more was not",
       [](const TreeBuilder& tree) { tree.xattr("symlink", "trusted.more", ""); }},
      {"Acl", "/directory: attribute system.posix_acl_access is",
       [](const TreeBuilder& tree) { tree.xattr("directory", "system.posix_acl_access", acl_for_user(1001)); }},
      {"LinksOfAnotherFile", "/directory/also linked: the first name of this file is",
       [replace](const TreeBuilder& tree) {
         tree.hard_link(replace(tree, "directory/linked"), "also linked");
         tree.hard_link(replace(tree, "directory/also linked"), "linked");
       }},
      {"CopyInPlaceOfLink", "/directory/also linked: link count is",
       [replace](const TreeBuilder& tree) { tree.file(replace(tree, "directory/also linked"), "x"); }},
  };
  return all;
}

class TreeComparison : public testing::TestWithParam<Change> {};

TEST_P(TreeComparison, SeesTheChange) {
  FSTOOL_E2E_REQUIRE(true, {});
  const TempDir work;
  const TreeBuilder expected(work / "expected");
  const TreeBuilder actual(work / "actual");
  build(expected);
  build(actual);
  ASSERT_EQ(tree_differences(expected.root(), actual.root()), std::vector<std::string>{});
  GetParam().make(actual);
  const std::vector<std::string> differences = tree_differences(expected.root(), actual.root());
  EXPECT_TRUE(std::ranges::any_of(differences, [](const std::string& line) {
    return line.starts_with(GetParam().difference);
  })) << testing::PrintToString(differences);
}

INSTANTIATE_TEST_SUITE_P(Changes, TreeComparison, testing::ValuesIn(changes()),
                         [](const testing::TestParamInfo<Change>& param) { return param.param.name; });

}  // namespace
}  // namespace fstool::e2e
