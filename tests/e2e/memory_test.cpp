// Memory grows with the number of files, never with their size: 64 MiB and 400 bytes a file are enough, and 32 MiB and
// 300 bytes for a raw ext4 image on a few threads. (Every build of these tests is measured; here are trees made for
// it.) Compressed streams and archives, which lie in a temporary file once they are decompressed, take no more.

#include <gtest/gtest.h>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"
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

/// Runs fstool, which has to succeed and, on a few threads, to stay within 32 MiB and 300 bytes a node.
void expect_within_the_tighter_bound(Command command, std::uint64_t nodes = 0) {
  command.insert(command.end(), {"--threads", "4"});
  const ProcessResult result = run_fstool(command);
  EXPECT_EQ(result.exit_code, 0) << to_string(command) << '\n' << result.output();
  if (kMemoryIsComparable) {
    EXPECT_LE(result.peak_memory, (std::uint64_t{32} << 20U) + nodes * 300) << to_string(command);
  }
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
  expect_within_the_tighter_bound({"create", "-t", "ext4", tree.root().string(), "-o", (work / "image.ext4").string()},
                                  count_nodes(tree.root()));
}

TEST(Memory, DoesNotGrowWithTheSizeOfStreams) {
  FSTOOL_E2E_REQUIRE(false, {"tar", "zstd"});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("large", 100'000'000, Content::Random);
  const std::string archive = (work / "archive.tar").string();
  expect_success({"tar", "-cf", archive, "-C", tree.root().string(), "."});
  expect_success({"zstd", "-q1", archive});
  const std::string image = (work / "image.ext4").string();
  expect_within_the_tighter_bound({"create", "-t", "ext4", archive + ".zst", "-o", image});
  expect_success({"zstd", "-q1", image});
  expect_within_the_tighter_bound({"convert", image + ".zst", (work / "image.qcow2").string()});
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
