// Memory grows with the number of files, never with their size: 64 MiB and 400 bytes a file are enough, and 32 MiB and
// 300 bytes for a raw ext4 image on a few threads. (Every build of these tests is measured; here are trees made for
// it.)

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

void expect_raw_ext4_within_the_tighter_bound(const TempDir& work, const TreeBuilder& tree) {
  if (!kMemoryIsComparable) return;
  const ProcessResult result = run_fstool(
      {"create", "-t", "ext4", "--threads", "4", tree.root().string(), "-o", (work / "image.ext4").string()});
  EXPECT_EQ(result.exit_code, 0) << result.output();
  EXPECT_LE(result.peak_memory, (std::uint64_t{32} << 20U) + count_nodes(tree.root()) * 300);
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
  expect_raw_ext4_within_the_tighter_bound(work, tree);
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
