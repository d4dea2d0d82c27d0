// Memory grows with the number of files, never with their size: 64 MiB and 400 bytes a file are enough.
// (Every build of these tests is measured; here are trees made for it.)

#include <gtest/gtest.h>

#include "harness/image.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

void expect_builds_within_the_bound(const TempDir& work, const TreeBuilder& tree) {
  const std::uint64_t nodes = count_nodes(tree.root());
  const std::string source = tree.root().string();
  expect_fstool_builds({"create", "-t", "ext4", source, "-o", (work / "image.ext4").string()}, nodes);
  expect_fstool_builds({"create", "-t", "ext4", source, "-o", (work / "image.qcow2").string(), "--codec", "zstd"},
                       nodes);
}

TEST(Memory, OfAHundredThousandFilesIsBounded) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  for (unsigned directory = 0; directory < 100; ++directory) {
    const std::string name = "directory-" + std::to_string(directory);
    tree.directory(name);
    for (unsigned i = 0; i < 1000; ++i) tree.file(name + "/a-file-with-a-usual-name-" + std::to_string(i), "content\n");
  }
  expect_builds_within_the_bound(work, tree);
}

TEST(Memory, DoesNotGrowWithTheSizeOfFiles) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("large", 400'000'000, Content::Text);
  tree.truncate("hole", std::uint64_t{1} << 40U);
  expect_builds_within_the_bound(work, tree);
}

}  // namespace
}  // namespace fstool::e2e
