// Random trees of all shapes: every fitted image must be clean and tight.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "formatted.h"
#include "fstool/error.h"

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

int rounds_to_run(int usual) {
  const char* rounds = std::getenv("FSTOOL_RANDOM_ROUNDS");  // NOLINT(concurrency-mt-unsafe)
  return rounds == nullptr ? usual : std::atoi(rounds);
}

TEST(Ext4, RandomTreesAreCleanAndTight) {
  const int count = rounds_to_run(15);
  for (int round = 0; round < count; ++round) {
    Random random(static_cast<std::uint32_t>(round));
    ExtOptions options;
    options.block_size = 1024U << (random() % 3);
    if (random() % 2 == 0) options.journal_blocks = 0;
    const FormattedVolume volume = format_tree(random_tree(random, options.block_size), options);
    EXPECT_LE(volume.facts.free_blocks * options.block_size, std::max<std::uint64_t>(1 << 20, volume.facts.size / 50))
        << "round " << round;
    const ImageFile image(*volume.image);
    EXPECT_EQ(image.e2fsck_complaints(), "") << "round " << round;
  }
}

template <class T>
const T& pick(Random& random, const std::vector<T>& values) {
  return values[random() % values.size()];
}

/// Options of a format that go together, otherwise at random.
ExtOptions random_options(Random& random, Generation generation) {
  ExtOptions options;
  options.block_size = pick<std::uint32_t>(random, {1024, 2048, 4096, 65536});
  options.inode_size = pick<std::uint32_t>(random, {128, 256, 256, 512, 1024});
  if (generation != Generation::Ext4) options.features = "ea_inode";
  const std::vector<std::string> changes = {"^dir_index",
                                            "^filetype",
                                            "^resize_inode,^sparse_super",
                                            "^resize_inode,meta_bg",
                                            "sparse_super2",
                                            "inline_data",
                                            "large_dir",
                                            "^metadata_csum,uninit_bg",
                                            "^metadata_csum",
                                            "metadata_csum,metadata_csum_seed",
                                            "has_journal,orphan_file",
                                            "^64bit",
                                            "^64bit,^extent",
                                            "^flex_bg",
                                            "extent",
                                            "^dir_nlink,^huge_file",
                                            "encrypt,casefold,verity,stable_inodes,project",
                                            "^resize_inode"};
  for (unsigned i = 0, count = random() % 4; i < count; ++i) options.features += "," + pick(random, changes);
  if (options.features.find("meta_bg") != std::string::npos) options.features += ",^resize_inode";
  if (options.features.find("^sparse_super") != std::string::npos) options.features += ",^resize_inode";
  if (options.features.find("csum_seed") != std::string::npos) options.features += ",metadata_csum,^uninit_bg";
  if (options.features.find("^extent") != std::string::npos) options.features += ",^extent,^64bit";
  if (random() % 3 == 0) {
    options.features += ",^has_journal,^orphan_file";
  } else if (random() % 3 == 0) {
    options.journal_blocks = 1024 + random() % 1000;
  }
  if (random() % 3 == 0) {
    options.blocks_per_group = pick<std::uint32_t>(random, {256, 512, 1024, 2048, 8192});
    // Such small groups have no room for many descriptors.
    options.resize_limit.reset();
    options.features += ",^resize_inode";
  }
  options.hash_algorithm =
      pick(random, std::vector<HashAlgorithm>{HashAlgorithm::Legacy, HashAlgorithm::HalfMd4, HashAlgorithm::Tea});
  if (random() % 4 == 0) options.sparse = true;
  if (random() % 4 == 0) options.inode_count = 1 + random() % 20'000;
  return options;
}

std::string text_of(Generation generation, const ExtOptions& options) {
  return fmt::format("{} features {} block_size {} inode_size {} journal_blocks {} blocks_per_group {} inode_count {}",
                     generation_name(generation), options.features, options.block_size, options.inode_size,
                     options.journal_blocks.value_or(0), options.blocks_per_group.value_or(0),
                     options.inode_count.value_or(0));
}

TEST(Ext4, EveryMixOfFeaturesIsClean) {
  const int count = rounds_to_run(60);
  for (int round = 0; round < count; ++round) {
    Random random(static_cast<std::uint32_t>(round));
    const Generation generation = pick(random, std::vector{Generation::Ext2, Generation::Ext3, Generation::Ext4});
    const ExtOptions options = random_options(random, generation);
    SCOPED_TRACE(fmt::format("round {}: {}", round, text_of(generation, options)));
    SizeRequest size;
    if (random() % 3 == 0) size.free_bytes = random() % 300'000'000;
    try {
      const FormattedVolume volume =
          format_tree(random_tree(random, std::min(options.block_size, 4096U)), options, size, generation);
      const ImageFile image(*volume.image);
      EXPECT_EQ(image.e2fsck_complaints(), "");
    } catch (const Error& error) {
      ADD_FAILURE() << error.what();
    }
  }
}

}  // namespace
}  // namespace fstool::ext4
