// fstool check: of images that mke2fs, the kernel, resize2fs, sgdisk, sfdisk, qemu-img and fstool made, it says nothing
// against any; of single faults, each is found, and in the layer where it is.

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <ostream>
#include <regex>
#include <set>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kBlock = 1024;  // of the file systems that are damaged

/// What `fstool check --json` says.
struct Verdict {
  bool clean = false;
  std::set<std::string> damaged;  ///< layers
  std::string messages;           ///< of damage, a line each
  std::string text;               ///< all of it
};

Verdict verdict_of(const std::filesystem::path& image) {
  const ProcessResult result = run_fstool({"check", "--json", image.string()});
  Verdict verdict;
  verdict.text = result.output();
  EXPECT_LE(result.exit_code, 1) << verdict.text;
  const auto report = nlohmann::json::parse(result.out, nullptr, false);
  if (report.is_discarded()) return verdict;
  verdict.clean = report["clean"];
  EXPECT_EQ(result.exit_code, verdict.clean ? 0 : 1);
  for (const auto& layer : report["layers"]) {
    if (!layer["clean"]) verdict.damaged.insert(layer["layer"]);
    for (const auto& finding : layer["findings"]) {
      if (finding["severity"] == "damage") verdict.messages += finding["message"].get<std::string>() + '\n';
    }
  }
  return verdict;
}

/// Nothing is wrong, and there is nothing to warn of.
void expect_nothing_said(const std::filesystem::path& image) {
  const ProcessResult result = run_fstool({"check", image.string()});
  EXPECT_EQ(result.exit_code, 0) << result.output();
  EXPECT_EQ(result.out.find("warning"), std::string::npos) << result.out;
}

/// The first group of `pattern` in `text`, a number.
std::uint64_t number_in(const std::string& text, const std::string& pattern) {
  std::smatch match;
  if (!std::regex_search(text, match, std::regex(pattern))) {
    ADD_FAILURE() << "no " << pattern << " in:\n" << text;
    return 0;
  }
  return std::stoull(match[1]);
}

/// An image to damage, and where things are in it.
class Victim {
 public:
  explicit Victim(std::filesystem::path path) : path_(std::move(path)) {}

  const std::filesystem::path& path() const { return path_; }

  void flip(std::uint64_t offset, unsigned char mask = 0x10) const {
    std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(static_cast<std::streamoff>(offset));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(static_cast<char>(static_cast<unsigned char>(byte) ^ mask));
    EXPECT_TRUE(file.good());
  }
  void flip_block(std::uint64_t block, std::uint64_t offset, unsigned char mask = 0x10) const {
    EXPECT_NE(block, 0U);
    flip(block * kBlock + offset, mask);
  }
  /// A big-endian number of 64 bits.
  std::uint64_t number_at(std::uint64_t offset) const {
    std::ifstream file(path_, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(offset));
    std::uint64_t number = 0;
    for (int i = 0; i < 8; ++i) number = number << 8 | static_cast<unsigned char>(file.get());
    return number;
  }
  std::uint64_t size() const { return std::filesystem::file_size(path_); }

  std::string debugfs(const std::string& request) const {
    return expect_success({"debugfs", "-w", "-R", request, path_.string()});
  }
  /// Where `dumpe2fs` says that something of group 0 is: "Block bitmap at ".
  std::uint64_t place(const std::string& what) const {
    return number_in(expect_success({"dumpe2fs", path_.string()}), what + "([0-9]+)");
  }
  /// A block that debugfs's stat of a file names: "ETB0".
  std::uint64_t block_of(const std::string& file, const std::string& name) const {
    return number_in(debugfs("stat " + file), "\\(" + name + "\\):([0-9]+)");
  }
  std::uint64_t first_block(const std::string& file) const { return number_in(debugfs("blocks " + file), "([0-9]+)"); }
  /// Byte of an inode.
  std::uint64_t inode(const std::string& file) const {
    const std::string text = debugfs("imap " + file);
    const std::uint64_t block = number_in(text, "block ([0-9]+), offset");
    std::smatch match;
    EXPECT_TRUE(std::regex_search(text, match, std::regex("offset 0x([0-9a-f]+)")));
    return block * kBlock + std::stoull(match[1], nullptr, 16);
  }

 private:
  std::filesystem::path path_;
};

enum class Base { Ext4, Ext2, ValueInodes, OrphanFile, Gpt, Mbr, Qcow2 };

/// Who else finds the fault.
enum class Judge { E2fsck, Sgdisk, QemuImg, Nobody };

/// Whether what lies in the damaged layer can still be read as it was.
enum class Inside { Intact, Lost };

struct Fault {
  const char* name;
  Base base;
  const char* layer;
  const char* message;  ///< part of what is said
  Judge judge;
  std::function<void(const Victim&)> inflict;
  Inside inside = Inside::Intact;
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

void build_tree(const TreeBuilder& tree) {
  for (const unsigned size : {0U, 100U, 3000U, 50'000U}) tree.file("f" + std::to_string(size), size, Content::Text);
  tree.hard_link("hard", "f100");
  tree.symlink("slow", std::string(200, 's'));
  for (unsigned i = 0; i < 20; ++i) tree.write_at("fragmented", i * 9000ULL, 100, Content::Text);
  tree.write_at("indirect", 0, 40'000, Content::Text);
  tree.directory("many");
  for (unsigned i = 0; i < 100; ++i) tree.file("many/" + std::string(60, 'n') + std::to_string(i), "");
  tree.directory("one");
  tree.file("one/f", "");
  tree.file("small", "x");
  tree.xattr("small", "user.small", "in the inode");
  for (const char* name : {"shares", "also"}) {
    tree.file(name, "x");
    tree.xattr(name, "user.comment", std::string(300, 'c'));
  }
}

void make_empty_file(const std::filesystem::path& path, std::uint64_t bytes) {
  write_text(path, "");
  std::filesystem::resize_file(path, bytes);
}

void run_mke2fs(const std::filesystem::path& image, Command arguments, std::uint64_t bytes) {
  make_empty_file(image, bytes);
  arguments.insert(arguments.begin(), {"mke2fs", "-q", "-F"});
  arguments.push_back(image.string());
  expect_success(arguments);
}

class CheckTest : public testing::Test {
 protected:
  std::filesystem::path build(Base base) {
    const std::filesystem::path tree_path = work_ / "tree";
    const TreeBuilder tree(tree_path);
    build_tree(tree);
    const std::filesystem::path image = work_ / "image";
    const std::string source = tree_path.string();
    switch (base) {
      case Base::Ext4:
        run_mke2fs(image, {"-t", "ext4", "-b", "1024", "-d", source}, 24 * kMiB);
        // mke2fs makes no hash trees.
        EXPECT_LE(run({"e2fsck", "-fyD", image.string()}).exit_code, 1);
        break;
      case Base::Ext2:
        run_mke2fs(image, {"-t", "ext2", "-b", "1024", "-d", source}, 24 * kMiB);
        break;
      case Base::OrphanFile:
        run_mke2fs(image, {"-t", "ext4", "-b", "1024", "-O", "orphan_file", "-d", source}, 24 * kMiB);
        break;
      case Base::ValueInodes:
        tree.xattr("small", "user.large", std::string(3000, 'v'));
        expect_fstool_builds({"create", "-t", "ext4", source, "-o", image.string(), "-O", "block_size=1024"});
        break;
      case Base::Gpt:
        build_from_spec("gpt", "raw", image);
        break;
      case Base::Mbr:
        build_from_spec("mbr", "raw", image);
        break;
      case Base::Qcow2:
        build_from_spec("gpt", "qcow2\"\n[codec]\ntype = \"zstd", image);
        break;
    }
    return image;
  }

  void build_from_spec(const std::string& table, const std::string& container, const std::filesystem::path& image) {
    write_text(work_ / "spec.toml",
               "[container]\ntype = \"" + container + "\"\n[image]\npartition_table = \"" + table +
                   "\"\n[[partitions]]\ntype = \"linux\"\n[partitions.filesystem]\ntype = \"ext4\"\nsource = \"" +
                   (work_ / "tree").string() + "\"\n[[partitions]]\ntype = \"linux\"\nsize = \"1MiB\"\n");
    expect_fstool_builds({"run", (work_ / "spec.toml").string(), "-o", image.string()});
  }

  const TempDir work_;
};

class Faults : public CheckTest, public testing::WithParamInterface<Fault> {};

void expect_found_by(Judge judge, const std::filesystem::path& image) {
  ProcessResult result;
  switch (judge) {
    case Judge::Nobody:
      return;
    case Judge::E2fsck:
      result = run({"e2fsck", "-fn", image.string()});
      // Some counts are wrong to e2fsck without being an error.
      EXPECT_TRUE(result.exit_code != 0 || result.output().find("? no") != std::string::npos) << result.output();
      return;
    case Judge::Sgdisk:
      result = run({"sgdisk", "-v", image.string()});
      EXPECT_TRUE(result.output().find("ERROR") != std::string::npos ||
                  result.output().find("No problems found") == std::string::npos)
          << result.output();
      return;
    case Judge::QemuImg:
      result = run({"qemu-img", "check", image.string()});
      EXPECT_NE(result.exit_code, 0) << result.output();
      return;
  }
}

TEST_P(Faults, IsFoundInItsLayer) {
  FSTOOL_E2E_REQUIRE(false, {"mke2fs", "debugfs", "dumpe2fs", "e2fsck", "sgdisk", "qemu-img"});
  const std::filesystem::path image = build(GetParam().base);
  expect_nothing_said(image);
  GetParam().inflict(Victim(image));
  const Verdict verdict = verdict_of(image);
  EXPECT_FALSE(verdict.clean);
  if (GetParam().inside == Inside::Intact) {
    EXPECT_EQ(verdict.damaged, std::set<std::string>{GetParam().layer}) << verdict.text;
  } else {
    EXPECT_TRUE(verdict.damaged.contains(GetParam().layer)) << verdict.text;
  }
  EXPECT_NE(verdict.messages.find(GetParam().message), std::string::npos) << verdict.messages;
  expect_found_by(GetParam().judge, image);
}

constexpr const char* kFilesystem = "filesystem";
constexpr const char* kTable = "partition_table";

constexpr std::uint64_t kSector = 512;
/// The first partition begins here.
constexpr std::uint64_t kRecord = 446;

std::vector<Fault> ext4_faults() {
  const auto debugfs = [](const char* request) { return [request](const Victim& victim) { victim.debugfs(request); }; };
  return {
      {"SuperblockField", Base::Ext4, kFilesystem, "the checksum of the superblock is wrong", Judge::E2fsck,
       [](const Victim& v) { v.flip(kBlock + 0x78); }},
      {"SuperblockMagic", Base::Ext4, kFilesystem, "its magic number is missing", Judge::E2fsck,
       [](const Victim& v) { v.flip(kBlock + 0x38); }},
      {"BackupSuperblock", Base::Ext4, kFilesystem, "the copy of the superblock in group 1", Judge::Nobody,
       [](const Victim& v) { v.flip_block(8193, 0x78); }},
      {"GroupDescriptor", Base::Ext4, kFilesystem, "group 0: the checksum of its descriptor", Judge::E2fsck,
       [](const Victim& v) { v.flip_block(2, 12); }},
      {"BackupDescriptor", Base::Ext4, kFilesystem, "the copy of its descriptor in group 1", Judge::Nobody,
       [](const Victim& v) { v.flip_block(8194, 0); }},
      {"BlockBitmap", Base::Ext4, kFilesystem, "the checksum of its block bitmap", Judge::E2fsck,
       [](const Victim& v) { v.flip_block(v.place("Block bitmap at "), 10); }},
      {"BlockBitmapWithoutChecksum", Base::Ext2, kFilesystem, "marked as in use", Judge::E2fsck,
       [](const Victim& v) { v.flip_block(v.place("Block bitmap at "), 1000); }},
      {"InodeBitmap", Base::Ext4, kFilesystem, "the checksum of its inode bitmap", Judge::E2fsck,
       [](const Victim& v) { v.flip_block(v.place("Inode bitmap at "), 20); }},
      {"InodeBitmapWithoutChecksum", Base::Ext2, kFilesystem, "inodes are marked as in use", Judge::E2fsck,
       [](const Victim& v) { v.flip_block(v.place("Inode bitmap at "), 100); }},
      {"Inode", Base::Ext4, kFilesystem, "its checksum is wrong", Judge::E2fsck,
       [](const Victim& v) { v.flip(v.inode("/f3000") + 8); }},
      {"InodeMode", Base::Ext2, kFilesystem, "is no kind of file", Judge::E2fsck,
       [](const Victim& v) { v.flip(v.inode("/f3000") + 1); }},
      {"InodeSize", Base::Ext4, kFilesystem, "its map goes on", Judge::E2fsck, debugfs("sif /f50000 size 3")},
      {"RootWithoutBlocks", Base::Ext4, kFilesystem, "it is the root and has no blocks", Judge::E2fsck,
       debugfs("sif <2> blocks 0")},
      {"InodeBlocks", Base::Ext4, kFilesystem, "i_blocks says 999", Judge::E2fsck, debugfs("sif /f3000 blocks 999")},
      {"DeletionTime", Base::Ext4, kFilesystem, "time of deletion", Judge::E2fsck,
       debugfs("sif /f3000 dtime 20200101")},
      {"ExtentHeader", Base::Ext4, kFilesystem, "no magic number", Judge::E2fsck,
       [](const Victim& v) { v.flip(v.inode("/fragmented") + 0x28); }},
      {"ExtentLeaf", Base::Ext4, kFilesystem, "the checksum of its extent block", Judge::E2fsck,
       [](const Victim& v) { v.flip_block(v.block_of("/fragmented", "ETB0"), 12 + 8, 1); }},
      {"ExtentLeafThatBeginsLater", Base::Ext4, kFilesystem, "says 0 where its leaf begins with block 2", Judge::E2fsck,
       [](const Victim& v) { v.flip_block(v.block_of("/fragmented", "ETB0"), 12, 2); }},
      {"ExtentRoom", Base::Ext4, kFilesystem, "1 entries of 1 in a place for 4", Judge::E2fsck,
       [](const Victim& v) { v.flip(v.inode("/fragmented") + 0x28 + 4, 5); }},
      {"IndirectBlock", Base::Ext2, kFilesystem, "outside of the file system", Judge::E2fsck,
       [](const Victim& v) { v.flip_block(v.block_of("/indirect", "IND"), 3); }},
      {"DirectoryEntry", Base::Ext2, kFilesystem, "has a length of", Judge::E2fsck,
       [](const Victim& v) { v.flip_block(v.first_block("/one"), 24 + 4, 1); }},
      {"DirectoryEntryType", Base::Ext2, kFilesystem, "has file type", Judge::E2fsck,
       [](const Victim& v) { v.flip_block(v.first_block("/one"), 24 + 7, 3); }},
      {"DirectoryEntryOfNoInode", Base::Ext2, kFilesystem, "which is not in use", Judge::E2fsck,
       [](const Victim& v) { v.flip_block(v.first_block("/one"), 24 + 1, 4); }},
      {"DirectoryTail", Base::Ext4, kFilesystem, "the checksum of its block 0", Judge::E2fsck,
       [](const Victim& v) { v.flip_block(v.first_block("/one"), kBlock - 1); }},
      {"DirectoryParent", Base::Ext2, kFilesystem, "\"..\"", Judge::E2fsck,
       [](const Victim& v) { v.flip_block(v.first_block("/one"), 12, 0x0E); }},
      {"HashTreeNode", Base::Ext4, kFilesystem, "the checksum of its block 0", Judge::E2fsck,
       [](const Victim& v) { v.flip_block(v.first_block("/many"), 0x28 + 1, 1); }},
      {"XattrInInode", Base::Ext4, kFilesystem, "its checksum is wrong", Judge::E2fsck,
       [](const Victim& v) { v.flip(v.inode("/small") + 255); }},
      {"XattrBlock", Base::Ext4, kFilesystem, "their checksum is wrong", Judge::E2fsck,
       [](const Victim& v) { v.flip_block(number_in(v.debugfs("stat /shares"), "File ACL: ([0-9]+)"), 1000); }},
      {"XattrReferences", Base::Ext2, kFilesystem, "they count", Judge::E2fsck,
       [](const Victim& v) { v.flip_block(number_in(v.debugfs("stat /shares"), "File ACL: ([0-9]+)"), 4, 0x20); }},
      {"XattrHash", Base::Ext2, kFilesystem, "the hash of the extended attribute comment", Judge::E2fsck,
       [](const Victim& v) { v.flip_block(number_in(v.debugfs("stat /shares"), "File ACL: ([0-9]+)"), 1000); }},
      {"ValueInode", Base::ValueInodes, kFilesystem, "the hash of the extended attribute that it holds", Judge::Nobody,
       [](const Victim& v) {
         const std::string bytes = read_text(v.path());
         v.flip(bytes.find(std::string(1500, 'v')) + 700);
       }},
      {"JournalSuperblock", Base::Ext4, kFilesystem, "the journal", Judge::E2fsck,
       [](const Victim& v) { v.flip_block(v.first_block("<8>"), 0x01); }},
      {"OrphanFile", Base::OrphanFile, kFilesystem, "the orphan file", Judge::E2fsck,
       [](const Victim& v) {
         v.flip_block(v.first_block("<" +
                                    std::to_string(number_in(expect_success({"dumpe2fs", "-h", v.path().string()}),
                                                             "Orphan file inode: +([0-9]+)")) +
                                    ">"),
                      kBlock - 1);
       }},
      {"OrphanFileOfPartOfABlock", Base::OrphanFile, kFilesystem, "the orphan file: it has 5000 bytes", Judge::E2fsck,
       debugfs("sif <12> size 5000")},
      {"OrphanFileWithAHole", Base::OrphanFile, kFilesystem, "the orphan file: ", Judge::E2fsck,
       debugfs("sif <12> size 400000")},
      {"OrphanFileWithoutItsFeature", Base::Ext4, kFilesystem, "an orphan file without the feature", Judge::E2fsck,
       debugfs("ssv orphan_file_inum 12")},
      {"JournalsHereAndElsewhere", Base::Ext4, kFilesystem, "and one on another device", Judge::Nobody,
       debugfs("ssv journal_dev 5")},
      {"ClustersPerGroup", Base::Ext4, kFilesystem, "s_clusters_per_group is 100", Judge::E2fsck,
       debugfs("ssv clusters_per_group 100")},
      {"GroupsPerFlex", Base::Ext4, kFilesystem, "s_log_groups_per_flex is 40", Judge::E2fsck,
       debugfs("ssv log_groups_per_flex 40")},
      {"Revision", Base::Ext4, kFilesystem, "s_rev_level is 7", Judge::E2fsck, debugfs("ssv rev_level 7")},
      {"SizeOfADevice", Base::Ext4, kFilesystem, "but has a size", Judge::E2fsck,
       [](const Victim& v) {
         v.debugfs("mknod device c 1 3");
         v.debugfs("sif device size 0x100000000");
       }},
      {"ContentOfADevice", Base::Ext4, kFilesystem, "is said to have content", Judge::E2fsck,
       [](const Victim& v) {
         v.debugfs("mknod device c 1 3");
         v.debugfs("sif device flags 0x80000");
       }},
      {"OrphanList", Base::Ext2, kFilesystem, "the list of orphans", Judge::Nobody, debugfs("ssv last_orphan 999999")},
      {"FreeBlocks", Base::Ext4, kFilesystem, "free blocks", Judge::E2fsck, debugfs("ssv free_blocks_count 77")},
      {"FreeInodes", Base::Ext4, kFilesystem, "free inodes", Judge::E2fsck, debugfs("ssv free_inodes_count 77")},
      {"FreeBlocksOfGroup", Base::Ext2, kFilesystem, "group 0: its descriptor counts 77 free blocks", Judge::E2fsck,
       debugfs("set_bg 0 free_blocks_count 77")},
      {"DirectoriesOfGroup", Base::Ext2, kFilesystem, "directories", Judge::E2fsck,
       debugfs("set_bg 0 used_dirs_count 77")},
      {"LinkCount", Base::Ext4, kFilesystem, "it counts 9 links, and has 2", Judge::E2fsck,
       debugfs("sif /hard links_count 9")},
      {"LostFile", Base::Ext4, kFilesystem, "no directory has it", Judge::E2fsck, debugfs("unlink /f3000")},
      {"LostDirectory", Base::Ext4, kFilesystem, "no directory has it", Judge::E2fsck, debugfs("unlink /one")},
      {"DuplicateBlock", Base::Ext2, kFilesystem, "in use by others too", Judge::E2fsck,
       [](const Victim& v) { v.debugfs("sif /f100 block[0] " + std::to_string(v.first_block("/f3000"))); }},
      {"BlockOfMetadata", Base::Ext2, kFilesystem, "in use by others too", Judge::E2fsck,
       [](const Victim& v) { v.debugfs("sif /f100 block[0] " + std::to_string(v.place("Inode table at "))); }},
      {"NameTwice", Base::Ext2, kFilesystem, "twice", Judge::E2fsck,
       [](const Victim& v) {
         v.debugfs("link /f100 one/g");
         const std::string bytes = read_text(v.path());
         const std::uint64_t block = v.first_block("/one") * kBlock;
         v.flip(bytes.find(std::string("\x01\x01g", 3), block) + 2, 'f' ^ 'g');
       }},
  };
}

std::vector<Fault> table_faults() {
  const auto flip = [](std::uint64_t offset, unsigned char mask) {
    return [offset, mask](const Victim& victim) { victim.flip(offset, mask); };
  };
  const auto flip_from_end = [](std::uint64_t offset) {
    return [offset](const Victim& victim) { victim.flip(victim.size() - offset); };
  };
  return {
      {"GptPrimaryHeader", Base::Gpt, kTable,
       "the primary GPT is damaged: the header's CRC is wrong; the backup is good", Judge::Sgdisk,
       flip(kSector + 60, 1)},
      {"GptPrimarySignature", Base::Gpt, kTable, "the primary GPT is damaged", Judge::Sgdisk, flip(kSector, 1)},
      {"GptEntry", Base::Gpt, kTable, "the partition entry array's CRC is wrong; the backup is good", Judge::Sgdisk,
       flip(2 * kSector + 32, 1)},
      {"GptBackupHeader", Base::Gpt, kTable, "the backup GPT is damaged", Judge::Sgdisk, flip_from_end(kSector - 60)},
      {"GptBackupEntries", Base::Gpt, kTable, "the backup GPT is damaged", Judge::Sgdisk,
       flip_from_end(33 * kSector - 32)},
      {"GptProtectiveType", Base::Gpt, kTable, "no record has type 0xee", Judge::Nobody, flip(kRecord + 4, 0x10)},
      {"GptProtectiveSignature", Base::Gpt, kTable, "the protective MBR is missing", Judge::Nobody, flip(510, 1)},
      {"GptProtectiveSize", Base::Gpt, kTable, "the protective MBR covers", Judge::Nobody, flip(kRecord + 12, 1)},
      {"GptDiskMadeLarger", Base::Gpt, kTable, "it was made larger", Judge::Sgdisk,
       [](const Victim& v) { std::filesystem::resize_file(v.path(), v.size() + kMiB); }},
      {"MbrSignature", Base::Mbr, kTable, "the signature of the MBR is missing", Judge::Nobody, flip(510, 0x10)},
      {"MbrOverlap", Base::Mbr, kTable, "partitions 1 and 2 overlap", Judge::Nobody,
       // The second partition follows the first: a little less, and it begins in it.
       [](const Victim& v) { v.flip(kRecord + 12 + 1, 0x80); }},
      {"MbrBeyondTheEnd", Base::Mbr, kTable, "the image may be cut off", Judge::Nobody,
       [](const Victim& v) { v.flip(kRecord + 16 + 15, 0x40); }},
  };
}

/// A qcow2 of version 3 (QEMU docs/interop/qcow2.txt); numbers are big-endian.
std::vector<Fault> qcow2_faults() {
  constexpr const char* kContainer = "container";
  constexpr std::uint64_t kL1Table = 40;
  constexpr std::uint64_t kRefcountTable = 48;
  constexpr std::uint64_t kOffsetMask = 0x00FFFFFFFFFFFE00;
  const auto first_l2_table = [](const Victim& v) { return v.number_at(v.number_at(kL1Table)) & kOffsetMask; };
  return {
      {"Qcow2Header", Base::Qcow2, kContainer, "", Judge::QemuImg, [](const Victim& v) { v.flip(23, 0x20); },
       Inside::Lost},
      {"Qcow2L1", Base::Qcow2, kContainer, "", Judge::QemuImg,
       [](const Victim& v) { v.flip(v.number_at(kL1Table) + 2, 0x10); }, Inside::Lost},
      {"Qcow2L2", Base::Qcow2, kContainer, "", Judge::QemuImg,
       [first_l2_table](const Victim& v) { v.flip(first_l2_table(v) + 3, 0x10); }, Inside::Lost},
      {"Qcow2RefcountTable", Base::Qcow2, kContainer, "", Judge::QemuImg,
       [](const Victim& v) { v.flip(v.number_at(kRefcountTable) + 2, 0x10); }},
      {"Qcow2RefcountBlock", Base::Qcow2, kContainer, "", Judge::QemuImg,
       // The header's cluster: it counts 1, and then 0.
       [](const Victim& v) { v.flip((v.number_at(v.number_at(kRefcountTable)) & kOffsetMask) + 1, 1); }},
      {"Qcow2CompressedData", Base::Qcow2, kContainer, "", Judge::Nobody,
       [first_l2_table](const Victim& v) {
         // The magic number of the frame that holds the disk's first cluster, of 64 KiB.
         constexpr std::uint64_t kCompressed = std::uint64_t{1} << 62;
         constexpr std::uint64_t kCompressedOffsetMask = (std::uint64_t{1} << (62 - (16 - 8))) - 1;
         const std::uint64_t entry = v.number_at(first_l2_table(v));
         EXPECT_NE(entry & kCompressed, 0U);
         v.flip(entry & kCompressedOffsetMask, 0x10);
       },
       Inside::Lost},
  };
}

std::string fault_name(const testing::TestParamInfo<Fault>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Ext, Faults, testing::ValuesIn(ext4_faults()), fault_name);
INSTANTIATE_TEST_SUITE_P(Tables, Faults, testing::ValuesIn(table_faults()), fault_name);
INSTANTIATE_TEST_SUITE_P(Containers, Faults, testing::ValuesIn(qcow2_faults()), fault_name);

TEST_F(CheckTest, WhatNothingIsKnownOfIsNotCalledClean) {
  FSTOOL_E2E_REQUIRE(false, {});
  const std::filesystem::path image = work_ / "image";
  make_empty_file(image, kMiB);
  const ProcessResult result = run_fstool({"check", image.string()});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("neither a file system nor a partition table"), std::string::npos) << result.output();
}

TEST_F(CheckTest, OneLineForEachLayer) {
  FSTOOL_E2E_REQUIRE(false, {"mke2fs"});
  const std::filesystem::path image = build(Base::Gpt);
  EXPECT_EQ(run_fstool({"check", image.string()}).out,
            "gpt: ok\npartition 1, ext4: ok\npartition 2: no file system that a plugin knows\n");
  EXPECT_EQ(run_fstool({"check", image.string() + ":1"}).out, "partition 1, ext4: ok\n");
  EXPECT_EQ(run_fstool({"check", image.string() + ":2"}).exit_code, 1);
  EXPECT_EQ(run_fstool({"check", image.string(), "--quiet"}).out, "");
}

/// Damage above does not hide what is below.
TEST_F(CheckTest, GoesOnBehindADamagedLayer) {
  FSTOOL_E2E_REQUIRE(false, {"mke2fs"});
  const std::filesystem::path image = build(Base::Gpt);
  const Victim victim(image);
  victim.flip(kSector + 60, 1);
  victim.flip(kMiB + 1024 + 0x78);
  EXPECT_EQ(verdict_of(image).damaged, (std::set<std::string>{kTable, kFilesystem}));
}

struct Features {
  const char* name;
  Command arguments;
  bool large_xattrs = false;
};

void PrintTo(const Features& features, std::ostream* out) { *out << features.name; }

/// Images of others, used by the kernel and resized, are clean.
class CleanImages : public CheckTest, public testing::WithParamInterface<Features> {};

TEST_P(CleanImages, OfOthersAreClean) {
  FSTOOL_E2E_REQUIRE(true, {"mke2fs", "e2fsck", "resize2fs"});
  const std::filesystem::path image = work_ / "image";
  run_mke2fs(image, GetParam().arguments, 96 * kMiB);
  expect_nothing_said(image);
  {
    const LoopMount mounted(image, Access::ReadWrite);
    const TreeBuilder tree(mounted.path());
    build_tree(tree);
    for (unsigned i = 0; i < 50; ++i)
      std::filesystem::remove(tree.root() / "many" / (std::string(60, 'n') + std::to_string(i)));
    for (unsigned i = 0; i < 300; ++i) tree.write_at("large", i * 8192ULL, 50, Content::Random);
    tree.write_at("sparse", 5'000'000'000, 10, Content::Text);
    tree.special("fifo", S_IFIFO | 0600);
    tree.xattr("also", "system.posix_acl_access", acl_for_user(70'000));
    if (GetParam().large_xattrs) {
      for (const char* name : {"also", "f100"}) tree.xattr(name, "user.huge", std::string(50'000, 'h'));
    }
  }
  expect_nothing_said(image);
  expect_clean_ext4(image);
  std::filesystem::resize_file(image, 200 * kMiB);
  if (run({"resize2fs", image.string()}).exit_code == 0) {
    expect_nothing_said(image);
    expect_clean_ext4(image);
  }
  if (run({"resize2fs", "-M", image.string()}).exit_code == 0) expect_nothing_said(image);
}

INSTANTIATE_TEST_SUITE_P(
    Features, CleanImages,
    testing::Values(Features{"ext2", {"-t", "ext2"}}, Features{"revision0", {"-t", "ext2", "-r", "0", "-O", "none"}},
                    Features{"ext3_inode128", {"-t", "ext3", "-b", "1024", "-I", "128"}},
                    Features{"ext4", {"-t", "ext4"}}, Features{"ext4_1k", {"-t", "ext4", "-b", "1024"}},
                    Features{"bigalloc", {"-t", "ext4", "-O", "bigalloc", "-C", "16384"}},
                    Features{"bigalloc_1k", {"-t", "ext4", "-b", "1024", "-O", "bigalloc", "-C", "8192"}},
                    Features{"inline_data", {"-t", "ext4", "-O", "inline_data"}},
                    Features{"meta_bg", {"-t", "ext4", "-O", "meta_bg,^resize_inode", "-b", "1024"}},
                    Features{
                        "meta_bg_32bit",
                        {"-t", "ext4", "-O", "meta_bg,^resize_inode,^64bit", "-b", "1024", "-g", "256", "-N", "5000"}},
                    Features{"no_extents", {"-t", "ext4", "-O", "^extent,^64bit"}},
                    Features{"no_filetype", {"-t", "ext4", "-O", "^filetype"}},
                    Features{"ea_inode", {"-t", "ext4", "-O", "ea_inode,inline_data"}, true},
                    Features{"sparse_super2", {"-t", "ext4", "-O", "sparse_super2"}},
                    Features{"uninit_bg", {"-t", "ext4", "-O", "^metadata_csum,uninit_bg"}},
                    Features{"no_checksums", {"-t", "ext4", "-O", "^metadata_csum,^uninit_bg"}},
                    Features{"metadata_csum_seed", {"-t", "ext4", "-O", "metadata_csum_seed,large_dir"}},
                    Features{"orphan_file", {"-t", "ext4", "-O", "orphan_file"}},
                    Features{"no_flex_bg", {"-t", "ext4", "-O", "^flex_bg", "-b", "1024"}},
                    Features{"no_sparse_super", {"-t", "ext4", "-O", "^sparse_super,^resize_inode", "-b", "1024"}},
                    Features{"no_journal", {"-t", "ext4", "-O", "^has_journal"}},
                    Features{"mmp", {"-t", "ext4", "-O", "mmp"}}),
    [](const auto& test) { return std::string(test.param.name); });

/// Extents that lie in one cluster may have their places in two leaves of the tree.
TEST_F(CheckTest, ClustersOfTwoLeavesCountOnce) {
  FSTOOL_E2E_REQUIRE(true, {"mke2fs", "e2fsck"});
  const std::filesystem::path image = work_ / "image";
  run_mke2fs(image, {"-t", "ext4", "-b", "1024", "-O", "bigalloc", "-C", "65536"}, 96 * kMiB);
  {
    const LoopMount mounted(image, Access::ReadWrite);
    const TreeBuilder tree(mounted.path());
    for (std::uint64_t i = 0; i < 1500; ++i) tree.write_at("fragments", i * 8192, 4096, Content::Text);
  }
  expect_clean_ext4(image);
  expect_nothing_said(image);
}

/// A disk that others partitioned: nothing is said.
TEST_F(CheckTest, TablesOfOthersAreClean) {
  FSTOOL_E2E_REQUIRE(false, {"sgdisk", "sfdisk"});
  const std::filesystem::path gpt = work_ / "gpt";
  make_empty_file(gpt, 64 * kMiB);
  expect_success({"sgdisk", "-n", "1:0:+10M", "-c", "1:größe", "-n", "2:0:0", gpt.string()});
  expect_nothing_said(gpt);
  const std::filesystem::path mbr = work_ / "mbr";
  make_empty_file(mbr, 64 * kMiB);
  write_text(work_ / "script", "label: dos\n,10M,83,*\n,20M,5\n,,83\n,4M,83\n,4M,83\n");
  expect_success({"sh", "-c", "sfdisk -q \"$0\" < \"$1\"", mbr.string(), (work_ / "script").string()});
  expect_nothing_said(mbr);
}

/// A copy of a file system that the kernel is about to go on with, made with these arguments of mke2fs.
class FileSystemInUse : public CheckTest {
 protected:
  std::filesystem::path copy(const Command& arguments) {
    const std::filesystem::path image = work_ / "image";
    const std::filesystem::path copied = work_ / "copied";
    run_mke2fs(image, arguments, 64 * kMiB);
    const LoopMount mounted(image, Access::ReadWrite);
    build_tree(TreeBuilder(mounted.path()));
    expect_success({"sync", "-f", mounted.path().string()});
    std::filesystem::copy_file(image, copied);
    return copied;
  }
};

/// The kernel would replay the journal: it is a warning, and what is checked is what the kernel would see.
TEST_F(FileSystemInUse, AJournalToReplayIsAWarning) {
  FSTOOL_E2E_REQUIRE(true, {"mke2fs", "sync"});
  const ProcessResult result = run_fstool({"check", copy({"-t", "ext4"}).string()});
  EXPECT_EQ(result.exit_code, 0) << result.output();
  EXPECT_NE(result.out.find("warning: it was not unmounted"), std::string::npos) << result.out;
}

/// Nor is it damage that the superblock's sums are those of the last time that it was unmounted.
TEST_F(FileSystemInUse, SumsOfTheSuperblockAreAWarning) {
  FSTOOL_E2E_REQUIRE(true, {"mke2fs", "sync"});
  const ProcessResult result = run_fstool({"check", copy({"-t", "ext4", "-O", "^has_journal"}).string()});
  EXPECT_EQ(result.exit_code, 0) << result.output();
  EXPECT_NE(result.out.find("free blocks, and there are"), std::string::npos) << result.out;
}

/// As the kernel reads it, which has left such files when they were made longer.
TEST_F(CheckTest, AnInlineFileMayHaveZerosBehindItsInode) {
  FSTOOL_E2E_REQUIRE(false, {"mke2fs", "debugfs", "e2fsck"});
  const std::filesystem::path image = work_ / "image";
  run_mke2fs(image, {"-t", "ext4", "-b", "1024", "-O", "inline_data"}, 8 * kMiB);
  write_text(work_ / "hi", "hi\n");
  const Victim victim(image);
  victim.debugfs("write " + (work_ / "hi").string() + " a");
  victim.debugfs("sif a size 100000");
  expect_success({"e2fsck", "-fn", image.string()});
  expect_nothing_said(image);
  EXPECT_EQ(run_fstool({"cat", image.string(), "/a"}).out, "hi\n" + std::string(99'997, '\0'));
}

/// 12 TiB of nothing take no memory. They have more block groups than a copy of the superblock can number.
TEST_F(CheckTest, ALargeEmptyFileSystemTakesLittle) {
  FSTOOL_E2E_REQUIRE(false, {"mke2fs"});
  const std::filesystem::path image = work_ / "image";
  make_empty_file(image, std::uint64_t{12} << 40);
  expect_success({"mke2fs", "-q", "-F", "-t", "ext4", "-E", "lazy_itable_init=1", "-O", "^resize_inode", "-J", "size=4",
                  "-i", "67108864", image.string()});
  const ProcessResult result = run_fstool({"check", image.string()});
  EXPECT_EQ(result.exit_code, 0) << result.output();
  if (kMemoryIsComparable) {
    EXPECT_LT(result.peak_memory, 128 * kMiB);
  }
}

}  // namespace
}  // namespace fstool::e2e
