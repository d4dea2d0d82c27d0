// Random trees of all shapes: every fitted image must be clean and tight.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "formatted.h"

namespace fstool::ext4 {
namespace {

/// Numbers that are the same on every host.
class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  std::uint32_t operator()() { return static_cast<std::uint32_t>(engine_()); }

 private:
  std::mt19937 engine_;
};

Node random_file(Random& random, std::uint32_t block_size) {
  const std::uint64_t size = random() % 5 == 0 ? random() % 3'000'000 : random() % 9000;
  Node node = file_node(size, random() % 1000);
  if (random() % 6 == 0) {  // with holes
    BlobBuilder builder;
    std::uint64_t at = 0;
    for (unsigned piece = 0, count = random() % 40; piece < count; ++piece) {
      at += random() % (3 * block_size);
      const BlobPtr part = file_node(1 + random() % (2 * block_size), piece).content;
      builder.add(at, part);
      at += part->size();
    }
    node.content = builder.finish(at + random() % 100'000);
  }
  if (random() % 8 == 0) {
    Xattrs xattrs;
    for (unsigned i = 0, count = 1 + random() % 6; i < count; ++i) {
      xattrs.push_back({fmt::format("user.{:03}", i), std::string(random() % 400, 'x')});
    }
    node.xattrs = std::make_shared<const Xattrs>(std::move(xattrs));
  }
  return node;
}

Tree random_tree(Random& random, std::uint32_t block_size) {
  Tree tree;
  std::vector<NodeId> directories = {Tree::kRoot};
  std::vector<NodeId> files;
  const unsigned count = random() % 600;
  for (unsigned i = 0; i < count; ++i) {
    const NodeId parent = directories[random() % directories.size()];
    const std::string name = fmt::format("{}{}", std::string(random() % 200, 'n'), i);
    switch (random() % 10) {
      case 0:
        directories.push_back(tree.add(parent, name, directory_node()));
        break;
      case 1:
        tree.add(parent, name, symlink_node(std::string(1 + random() % (block_size - 1), 't')));
        break;
      case 2:
        if (!files.empty()) tree.link(parent, name, files[random() % files.size()]);
        break;
      default:
        files.push_back(tree.add(parent, name, random_file(random, block_size)));
    }
  }
  return tree;
}

TEST(Ext4, RandomTreesAreCleanAndTight) {
  const char* rounds = std::getenv("FSTOOL_RANDOM_ROUNDS");  // NOLINT(concurrency-mt-unsafe)
  const int count = rounds == nullptr ? 15 : std::atoi(rounds);
  for (int round = 0; round < count; ++round) {
    Random random(static_cast<std::uint32_t>(round));
    Ext4Options options;
    options.block_size = 1024U << (random() % 3);
    if (random() % 2 == 0) options.journal_blocks = 0;
    const FormattedVolume volume = format_tree(random_tree(random, options.block_size), options);
    EXPECT_LE(volume.facts.free_blocks * options.block_size, std::max<std::uint64_t>(1 << 20, volume.facts.size / 50))
        << "round " << round;
    const ImageFile image(*volume.image);
    EXPECT_EQ(image.e2fsck_complaints(), "") << "round " << round;
  }
}

}  // namespace
}  // namespace fstool::ext4
