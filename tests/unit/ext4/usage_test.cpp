// What is said about the places of file systems that mke2fs made, against what dumpe2fs and debugfs say.

#include "fstool/usage.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "opened.h"
#include "run_tool.h"

namespace fstool::ext4 {
namespace {

struct UsageCase {
  std::string name;
  std::string options;      ///< of mke2fs
  std::string commands;     ///< of debugfs, on the new file system
  std::uint64_t mib = 40;   ///< size of the file system
  std::uint64_t waste = 0;  ///< blocks that are allocated for nothing
};

std::ostream& operator<<(std::ostream& out, const UsageCase& usage_case) { return out << usage_case.name; }

std::string succeed(const std::string& command) {
  const test::ToolResult result = test::run_tool("export PATH=$PATH:/usr/sbin:/sbin; " + command);
  EXPECT_EQ(result.exit_code, 0) << command << "\n" << result.output;
  return result.output;
}

/// The number that the first group of `pattern` finds.
std::uint64_t number_in(const std::string& text, const std::string& pattern) {
  std::smatch match;
  if (!std::regex_search(text, match, std::regex(pattern))) {
    ADD_FAILURE() << pattern << " is not in\n" << text;
    return 0;
  }
  return std::stoull(match[1]);
}

/// "3-5, 9" to 3 4 5 9.
void add_numbers(const std::string& list, std::set<std::uint64_t>& out) {
  static const std::regex item("(\\d+)(?:-(\\d+))?");
  for (std::sregex_iterator i(list.begin(), list.end(), item), end; i != end; ++i) {
    const std::uint64_t first = std::stoull((*i)[1]);
    const std::uint64_t last = (*i)[2].matched ? std::stoull((*i)[2]) : first;
    for (std::uint64_t number = first; number <= last; ++number) out.insert(number);
  }
}

/// All numbers behind `what` in the groups that dumpe2fs lists.
std::set<std::uint64_t> listed(const std::string& groups, const std::string& what) {
  std::set<std::uint64_t> result;
  const std::regex place(what + "([0-9][-0-9, ]*)");
  for (std::sregex_iterator i(groups.begin(), groups.end(), place), end; i != end; ++i) add_numbers((*i)[1], result);
  return result;
}

class ExtUsage : public testing::TestWithParam<UsageCase> {
 protected:
  void SetUp() override {
    make_tree();
    image_ = (directory_.path() / "image").string();
    succeed(fmt::format("mke2fs -q -F -d {} {} {} {}M", (directory_.path() / "tree").string(), GetParam().options,
                        image_, GetParam().mib));
    if (!GetParam().commands.empty()) {
      std::ofstream(directory_.path() / "commands") << GetParam().commands;
      std::ofstream(directory_.path() / "value") << std::string(5000, 'v');
      succeed(fmt::format("cd {} && debugfs -w -f commands image", directory_.path().string()));
    }
    const std::string text = succeed("dumpe2fs " + image_);
    // The header lists inode numbers and sizes; the groups follow behind an empty line.
    const std::size_t groups = text.find("\n\nGroup 0:");
    ASSERT_NE(groups, std::string::npos);
    header_ = text.substr(0, groups);
    groups_ = text.substr(groups);
    block_size_ = number_in(header_, "Block size: +(\\d+)");
    blocks_ = number_in(header_, "Block count: +(\\d+)");

    settings_.threads = 1;
    settings_.strict = true;
    context_ = std::make_unique<Context>(registry_, settings_);
    usage_ = ExtFilesystem(Generation::Ext4, {}).usage(open_file_blob(image_), 1000, *context_).value();
    uses_.resize(blocks_, Use::Unaccounted);
    for (const UsedRange& used : usage_.ranges) {
      for (std::uint64_t i = used.range.offset; i < used.range.end(); i += block_size_)
        uses_[i / block_size_] = used.use;
    }
  }

  /// Files of all sizes, with holes, in a directory that needs several blocks.
  void make_tree() const {
    const auto tree = directory_.path() / "tree";
    std::filesystem::create_directories(tree / "many");
    for (int i = 0; i < 150; ++i) {
      std::ofstream(tree / "many" / fmt::format("a-file-with-a-rather-long-name-{:04}", i))
          << std::string(static_cast<std::size_t>(i) * 97 % 5000, 'x');
    }
    std::ofstream(tree / "large") << std::string(3'000'000, 'l');
    std::ofstream sparse(tree / "sparse");
    for (int i = 0; i < 12; ++i) {
      sparse.seekp(i * 300'000);
      sparse << std::string(5000, 's');
    }
    std::ofstream(tree / "short") << "short";
    std::filesystem::create_symlink(std::string(300, 't'), tree / "slow-link");
    std::filesystem::create_symlink("short", tree / "fast-link");
  }

  std::set<std::uint64_t> blocks_of(std::initializer_list<Use> uses) const {
    std::set<std::uint64_t> result;
    for (std::uint64_t block = 0; block < blocks_; ++block) {
      if (std::ranges::find(uses, uses_[block]) != uses.end()) result.insert(block);
    }
    return result;
  }

  void expect_use(const std::set<std::uint64_t>& blocks, Use use) const {
    for (const std::uint64_t block : blocks) {
      EXPECT_EQ(use_name(uses_[block]), use_name(use)) << "block " << block;
    }
  }

  /// By block: the inode that debugfs finds for it.
  std::map<std::uint64_t, std::uint64_t> inodes_by_block() const {
    std::ofstream requests(directory_.path() / "icheck");
    constexpr std::uint64_t kBlocksInLine = 1000;  // debugfs cuts lines of 8 KiB
    for (std::uint64_t block = 0; block < blocks_; ++block) {
      if (block % kBlocksInLine == 0) requests << "\nicheck";
      requests << ' ' << block;
    }
    requests << std::endl;
    std::istringstream lines(succeed(fmt::format("debugfs -f {} {}", (directory_.path() / "icheck").string(), image_)));
    std::map<std::uint64_t, std::uint64_t> result;
    static const std::regex found("(\\d+)\t(\\d+)");
    std::smatch match;
    for (std::string line; std::getline(lines, line);) {
      if (std::regex_match(line, match, found)) result[std::stoull(match[1])] = std::stoull(match[2]);
    }
    return result;
  }

  NodeKind kind_of_inode(std::uint64_t inode) const {
    const Tree& tree = usage_.volume.tree;
    for (NodeId id = 0; id < tree.node_count(); ++id) {
      if (tree.node(id).recorded->number == inode) return tree.node(id).kind;
    }
    return NodeKind::Fifo;
  }

  test::TemporaryDirectory directory_;
  std::string image_;
  std::string header_;
  std::string groups_;
  std::uint64_t block_size_ = 0;
  std::uint64_t blocks_ = 0;
  Registry registry_;
  Context::Settings settings_;
  std::unique_ptr<Context> context_;
  VolumeUsage usage_;
  std::vector<Use> uses_;  // by block
};

TEST_P(ExtUsage, EveryByteHasOneUse) {
  std::uint64_t end = 0;
  for (std::size_t i = 0; i < usage_.ranges.size(); ++i) {
    EXPECT_EQ(usage_.ranges[i].range.offset, end);
    EXPECT_GT(usage_.ranges[i].range.length, 0U);
    EXPECT_EQ(usage_.ranges[i].range.length % block_size_, 0U);
    if (i > 0) {
      EXPECT_NE(usage_.ranges[i].use, usage_.ranges[i - 1].use);
    }
    end = usage_.ranges[i].range.end();
  }
  EXPECT_EQ(end, blocks_ * block_size_);
  EXPECT_EQ(blocks_of({Use::Unaccounted}).size(), GetParam().waste);
}

TEST_P(ExtUsage, FreeSpaceIsWhatTheBitmapsSay) {
  const std::set<std::uint64_t> free = blocks_of({Use::Free});
  EXPECT_EQ(free.size(), number_in(header_, "Free blocks: +(\\d+)"));
  std::set<std::uint64_t> expected;
  const std::regex place("\n  Free blocks: ([^\n]*)");
  for (std::sregex_iterator i(groups_.begin(), groups_.end(), place), end; i != end; ++i) {
    add_numbers((*i)[1], expected);
  }
  if (GetParam().name != "Bigalloc") {  // there, dumpe2fs lists the first block of clusters
    EXPECT_EQ(free, expected);
  }
}

TEST_P(ExtUsage, StructuresOfGroupsAreWhereDumpe2fsSeesThem) {
  const auto superblocks = listed(groups_, "(?:Primary|Backup) superblock at ");
  EXPECT_FALSE(superblocks.empty());
  expect_use(superblocks, Use::Metadata);
  expect_use(listed(groups_, "Group descriptors? at "), Use::Metadata);
  expect_use(listed(groups_, "Reserved GDT blocks at "), Use::Reserved);
  expect_use(listed(groups_, "Block bitmap at "), Use::Metadata);
  expect_use(listed(groups_, "Inode bitmap at "), Use::Metadata);
  const auto tables = listed(groups_, "Inode table at ");
  expect_use(tables, Use::Nodes);
  if (GetParam().name != "Bigalloc") {  // there, a cluster may have more than one inode table fills
    EXPECT_EQ(blocks_of({Use::Nodes}).size(), tables.size());
  }
}

TEST_P(ExtUsage, BlocksOfInodesAreWhereDebugfsFindsThem) {
  const bool has_journal = header_.find("has_journal") != std::string::npos;
  std::map<Use, std::uint64_t> seen;
  for (const auto& [block, inode] : inodes_by_block()) {
    const Use use = uses_[block];
    ++seen[use];
    if (inode == 7) {
      EXPECT_EQ(use_name(use), "reserved") << "block " << block;
    } else if (inode == 8) {
      EXPECT_TRUE(use == Use::Journal || use == Use::NodeMetadata) << "block " << block;
    } else if (inode == 3 || inode == 4) {
      EXPECT_EQ(use_name(use), "metadata") << "block " << block;
    } else if (use != Use::NodeMetadata && use != Use::Metadata) {
      const bool is_directory = kind_of_inode(inode) == NodeKind::Directory;
      EXPECT_EQ(use_name(use), is_directory ? "directory" : "content") << "block " << block << " of inode " << inode;
    }
  }
  EXPECT_EQ(seen[Use::Journal] > 0, has_journal);
  if (GetParam().name == "Bigalloc") return;  // debugfs doesn't know the rest of clusters
  for (const Use use : {Use::Content, Use::Directory, Use::NodeMetadata, Use::Journal}) {
    EXPECT_EQ(seen[use], blocks_of({use}).size()) << use_name(use);
  }
}

TEST_P(ExtUsage, FilesLieWhereDebugfsFindsTheirBlocks) {
  ASSERT_EQ(usage_.files.size(), usage_.largest.size());
  const auto inodes = inodes_by_block();
  std::map<std::uint64_t, std::uint64_t> bytes_by_inode;
  for (const auto& [block, inode] : inodes) {
    if (uses_[block] == Use::Content) bytes_by_inode[inode] += block_size_;
  }
  for (std::size_t i = 0; i < usage_.largest.size(); ++i) {
    const FileRanges& file = usage_.largest[i];
    if (i > 0) {
      EXPECT_GE(usage_.largest[i - 1].usage.allocated, file.usage.allocated);
    }
    const std::uint64_t inode = *usage_.volume.tree.node(file.usage.node).recorded->number;
    std::uint64_t bytes = 0;
    for (const ByteRange& range : file.ranges) {
      bytes += range.length;
      for (std::uint64_t at = range.offset; at < range.end(); at += block_size_) {
        ASSERT_EQ(inodes.at(at / block_size_), inode);
        ASSERT_EQ(uses_[at / block_size_], Use::Content);
      }
    }
    EXPECT_EQ(bytes, file.usage.allocated);
    EXPECT_EQ(bytes, bytes_by_inode[inode]);
    EXPECT_GE(file.usage.fragments, 1U);
    EXPECT_LE(file.usage.fragments, file.ranges.size());
  }
}

TEST(ExtUsageOfDamaged, ABitmapThatGroupsShareIsReadOnce) {
  const test::TemporaryDirectory directory;
  const std::string image = (directory.path() / "image").string();
  succeed("mke2fs -q -F -t ext2 -b 1024 " + image + " 20M");
  const std::uint64_t bitmap = number_in(succeed("dumpe2fs " + image), "Block bitmap at (\\d+)");
  succeed(fmt::format("debugfs -w -R 'set_block_group 1 block_bitmap {}' {}", bitmap, image));

  const Registry registry;
  Context::Settings settings;
  settings.threads = 1;
  std::vector<std::string> damage;
  settings.damage_listener = [&](std::string_view message) { damage.emplace_back(message); };
  Context context(registry, settings);
  ExtFilesystem(Generation::Ext4, {}).usage(open_file_blob(image), 10, context);
  const std::vector<std::string> expected = {
      fmt::format("block group 1: a bitmap of it, at block {}, is another one already", bitmap),
      "1 blocks are used more than once"};
  EXPECT_EQ(damage, expected);
}

INSTANTIATE_TEST_SUITE_P(
    Features, ExtUsage,
    testing::Values(UsageCase{"Ext2", "-t ext2 -b 1024", "", 20},
                    UsageCase{"Ext2WithAllCopies", "-t ext2 -b 1024 -O ^sparse_super,^resize_inode -r 1", "", 20},
                    UsageCase{"Ext3", "-t ext3 -b 4096 -J size=4", "", 40},
                    UsageCase{"Ext4", "-t ext4 -b 4096 -J size=4", "", 40},
                    UsageCase{"Ext4SmallBlocks", "-t ext4 -b 1024 -J size=4", "", 40},
                    UsageCase{"Indirect", "-t ext4 -b 1024 -O ^extent,^64bit -J size=4", "", 40},
                    UsageCase{"Bigalloc", "-t ext4 -b 4096 -C 65536 -O bigalloc -J size=4", "", 64},
                    UsageCase{"InlineData", "-t ext4 -b 4096 -I 256 -O inline_data -J size=4", "", 40},
                    UsageCase{"NoFlexBg", "-t ext4 -b 1024 -O ^flex_bg -J size=4", "", 40},
                    UsageCase{"MetaBg", "-t ext4 -b 1024 -O meta_bg,^resize_inode -g 256 -N 8000 -J size=4", "", 40},
                    UsageCase{"SparseSuper2", "-t ext4 -b 1024 -O sparse_super2,^resize_inode -J size=4", "", 40},
                    UsageCase{"Quota", "-t ext4 -b 4096 -O quota,mmp -E quotatype=usrquota:grpquota -J size=4", "", 40},
                    UsageCase{"ValueInodes", "-t ext4 -b 1024 -O ea_inode -J size=4",
                              "ea_set -f value short user.large\nea_set large user.small value\n"
                              "ea_set -f value sparse user.large\n",
                              40}),
    [](const testing::TestParamInfo<UsageCase>& param) { return param.param.name; });

}  // namespace
}  // namespace fstool::ext4
