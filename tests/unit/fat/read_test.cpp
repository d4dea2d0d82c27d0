// Reads images that mkfs.vfat and mtools made.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "fstool/error.h"
#include "ondisk/boot_sector.h"
#include "ondisk/directory_entry.h"
#include "read/boot_sector_reader.h"
#include "volumes.h"

namespace fstool::fat {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// mtools takes names in the locale's encoding, and times in the local time zone.
constexpr const char* kMtools = "TZ=UTC LC_ALL=C.UTF-8 MTOOLS_SKIP_CHECK=1 ";

void make_image(const ImageFile& file, std::uint64_t kib, const std::string& options) {
  run(fmt::format("mkfs.vfat {} -C '{}' {}", options, file.path(), kib));
}

void write_file(const std::string& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }

/// Copies a file with these bytes in.
void add_file(const ImageFile& file, const std::string& name, std::string_view bytes) {
  const std::string source = file.path() + ".source";
  write_file(source, bytes);
  run(fmt::format("touch -d @1700000000 '{}'; {} mcopy -m -i '{}' '{}' '::{}'", source, kMtools, file.path(), source,
                  name));
}

/// Counts what is read of another Blob.
class CountingBlob final : public Blob {
 public:
  explicit CountingBlob(BlobPtr blob) : blob_(std::move(blob)) {}
  std::uint64_t size() const override { return blob_->size(); }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    bytes += out.size();
    blob_->read(offset, out);
  }
  Run run_at(std::uint64_t offset) const override { return blob_->run_at(offset); }

  mutable std::atomic<std::uint64_t> bytes = 0;

 private:
  BlobPtr blob_;
};

struct Made {
  std::uint64_t kib;
  const char* options;
  const char* variant;
};

class MkfsVfat : public testing::TestWithParam<Made> {};

TEST_P(MkfsVfat, ImagesAreRead) {
  const ImageFile file;
  make_image(file, GetParam().kib, fmt::format("-n 'MY LABEL' -i 12ab34cd {}", GetParam().options));
  const std::string large(70'000, 'L');
  add_file(file, "readme.txt", "text");
  add_file(file, "UPPER.TXT", "upper");
  add_file(file, "A name that is long.text", large);
  add_file(file, "empty", "");
  run(fmt::format("{} mmd -i '{}' '::directory' '::directory/Inner Directory'", kMtools, file.path()));
  add_file(file, "directory/Inner Directory/\u00dcn\u00efcode \u65e5\u672c\u8a9e", "deep");
  run(fmt::format("{} mattrib -i '{}' +r +h '::UPPER.TXT'", kMtools, file.path()));

  EXPECT_TRUE(FatFilesystem({}).probe(*file.blob()));
  EXPECT_THAT(check_image(file.blob()), IsEmpty());
  const Opened opened = open_image(file.blob());
  EXPECT_THAT(opened.heard->damage(), IsEmpty());
  EXPECT_EQ(opened.volume.facts.type, "fat");
  EXPECT_THAT(opened.volume.facts.features, ElementsAre(GetParam().variant));
  EXPECT_EQ(opened.volume.facts.label, "MY LABEL");
  EXPECT_EQ(opened.volume.facts.uuid, "12AB-34CD");
  EXPECT_EQ(opened.tree().entries(Tree::kRoot).size(), 5U);
  EXPECT_EQ(text_of(opened.at("readme.txt").content), "text");
  EXPECT_EQ(opened.at("readme.txt").permissions, 0755);
  EXPECT_EQ(opened.at("readme.txt").xattrs, nullptr);
  EXPECT_EQ(opened.at("readme.txt").mtime, (Timestamp{1'700'000'000, 0}));
  EXPECT_EQ(opened.at("UPPER.TXT").permissions, 0555);
  EXPECT_EQ(*opened.at("UPPER.TXT").xattrs, (Xattrs{{"user.DOSATTRIB", "0x2"}}));
  EXPECT_EQ(text_of(opened.at("A name that is long.text").content), large);
  EXPECT_EQ(opened.at("empty").content, nullptr);
  EXPECT_EQ(text_of(opened.at("directory/Inner Directory/\u00dcn\u00efcode \u65e5\u672c\u8a9e").content), "deep");

  const std::uint64_t cluster = opened.volume.facts.block_size;
  EXPECT_EQ(opened.at("directory").recorded->links, 3U);
  EXPECT_EQ(opened.at("directory").recorded->size, cluster);
  EXPECT_EQ(opened.at("directory").recorded->sectors, cluster / 512);
  EXPECT_EQ(opened.at("readme.txt").recorded->sectors, cluster / 512);
  EXPECT_EQ(opened.at("readme.txt").recorded->size, 4U);
  EXPECT_EQ(opened.at("").recorded->links, 3U);

  Heard heard;
  const VolumeFacts facts = FatFilesystem({}).inspect(file.blob(), heard.context());
  EXPECT_EQ(facts.label, "MY LABEL");
  EXPECT_EQ(facts.free_blocks, opened.volume.facts.free_blocks);
  const std::string verdict = run(fmt::format("fsck.vfat -n '{}'", file.path()));
  EXPECT_THAT(verdict, HasSubstr(fmt::format("{}/{} clusters", facts.blocks - facts.free_blocks, facts.blocks)));
}

INSTANTIATE_TEST_SUITE_P(All, MkfsVfat,
                         testing::Values(Made{360, "", "fat12"}, Made{1440, "", "fat12"}, Made{8192, "", "fat12"},
                                         Made{10'000, "-f 1 -r 64", "fat16"}, Made{16'384, "", "fat16"},
                                         Made{65'536, "", "fat16"}, Made{65'536, "-S 4096", "fat16"},
                                         Made{65'536, "-F 32", "fat32"}, Made{34'000, "-F 32 -s 1", "fat32"},
                                         Made{600'000, "", "fat32"}, Made{2'000'000, "-S 2048", "fat32"},
                                         Made{70'000'000, "", "fat32"}));

TEST(FatReader, Fat32MayHaveTooFewClusters) {
  const ImageFile file;
  make_image(file, 20'000, "-F 32 -n SMALL");
  const Opened opened = open_image(file.blob());
  EXPECT_THAT(opened.volume.facts.features, ElementsAre("fat32"));
  EXPECT_EQ(opened.volume.facts.label, "SMALL");
  EXPECT_THAT(check_image(file.blob()), IsEmpty());
}

TEST(FatReader, OpensOnlyWhatIsAskedFor) {
  Tree tree;
  const NodeId a = tree.add(Tree::kRoot, "a", directory_node());
  tree.add(Tree::kRoot, "beside", file_node(1));
  const NodeId b = tree.add(a, "b", directory_node());
  tree.add(a, "beside", file_node(1));
  const NodeId c = tree.add(b, "c", directory_node());
  tree.add(b, "file", file_node(5));
  tree.add(c, "deep", file_node(1));
  const BlobPtr image = format_tree(std::move(tree)).image;
  using Depth = OpenScope::Depth;
  const auto paths = [&](const std::string& path, Depth depth) {
    const Opened opened = open_image(image, {path, depth});
    std::vector<std::string> found;
    for (const char* const known : {"a", "beside", "a/b", "a/beside", "a/b/c", "a/b/file", "a/b/c/deep"}) {
      if (opened.tree().find_path(known)) found.emplace_back(known);
    }
    return found;
  };
  EXPECT_THAT(paths("", Depth::Node), IsEmpty());
  EXPECT_THAT(paths("", Depth::Children), ElementsAre("a", "beside"));
  EXPECT_THAT(paths("a/b", Depth::Node), ElementsAre("a", "a/b"));
  EXPECT_THAT(paths("/a/b/", Depth::Children), ElementsAre("a", "a/b", "a/b/c", "a/b/file"));
  EXPECT_THAT(paths("a/b", Depth::Everything), ElementsAre("a", "a/b", "a/b/c", "a/b/file", "a/b/c/deep"));
  EXPECT_THAT(paths("a/b/file", Depth::Everything), ElementsAre("a", "a/b", "a/b/file"));
  EXPECT_THAT(paths("a/b/file/x", Depth::Node), ElementsAre("a", "a/b", "a/b/file"));
  EXPECT_THAT(paths("a/none", Depth::Node), ElementsAre("a"));
  const Opened opened = open_image(image, {"a/b", Depth::Children});
  EXPECT_EQ(opened.at("a/b/c").recorded->links, 2U);
  EXPECT_EQ(opened.at("a/b").recorded->links, 3U);
}

TEST(FatReader, ReadsOnlyTheDirectoriesOnTheWay) {
  Tree tree;
  for (unsigned i = 0; i < 100; ++i) {
    const NodeId directory = tree.add(Tree::kRoot, fmt::format("directory {}", i), directory_node());
    for (unsigned j = 0; j < 200; ++j) tree.add(directory, fmt::format("some file number {}", j), file_node(1));
  }
  const auto image = std::make_shared<const CountingBlob>(format_tree(std::move(tree)).image);
  const auto bytes_read = [&](const OpenScope& scope) {
    const std::uint64_t before = image->bytes;
    open_image(image, scope);
    return image->bytes - before;
  };
  constexpr std::uint64_t kSlotsOfFile = 3;
  constexpr std::uint64_t kDirectoryBytes = 200 * kSlotsOfFile * kSlotSize;
  const std::uint64_t everything = bytes_read({});
  EXPECT_GE(everything, 100 * kDirectoryBytes);
  EXPECT_LE(bytes_read({"directory 7", OpenScope::Depth::Children}), everything / 10);
  EXPECT_LE(bytes_read({"directory 7/some file number 9", OpenScope::Depth::Node}), everything / 10);
}

TEST(FatReader, ContentsAreSlicesOfTheImage) {
  Tree tree;
  tree.add(Tree::kRoot, "file", file_node(1'000'000));
  const FormattedVolume volume = format_tree(std::move(tree), {}, std::uint64_t{4} << 20U);
  const ImageFile file(volume.image.get());
  const Opened opened = open_image(file.blob());
  const Blob& content = *opened.at("file").content;
  EXPECT_EQ(content.run_at(0).length, 1'000'000U);
  const auto range = content.host_range(1000, 900'000);
  ASSERT_TRUE(range);
  const Boot boot = read_boot_sector(*file.blob(), 0);
  EXPECT_EQ(range->offset, boot.geometry.cluster_offset(2) + 1000);
}

TEST(FatReader, ShortNamesAreOfCodePage437) {
  Tree tree;
  tree.add(Tree::kRoot, "ABC.TXT", file_node(1));
  const FormattedVolume volume = format_tree(std::move(tree));
  std::vector<std::byte> bytes = bytes_of(*volume.image);
  const Boot boot = read_boot_sector(*volume.image, 0);
  std::byte* const slot = &bytes[boot.geometry.root_offset()];
  slot[0] = std::byte{kEscapedE5};
  slot[1] = std::byte{0x9A};
  EXPECT_EQ(open_image(make_memory_blob(bytes)).tree().entries(Tree::kRoot).front().name, "\u03c3\u00dcC.TXT");
  slot[12] = std::byte{kLowerCaseBase};
  EXPECT_EQ(open_image(make_memory_blob(bytes)).tree().entries(Tree::kRoot).front().name, "\u03c3\u00fcc.TXT");
}

TEST(FatReader, ALongNameOfAnotherFileIsNotTaken) {
  Tree tree;
  tree.add(Tree::kRoot, "Long name.text", file_node(1));
  const FormattedVolume volume = format_tree(std::move(tree));
  std::vector<std::byte> bytes = bytes_of(*volume.image);
  const Boot boot = read_boot_sector(*volume.image, 0);
  bytes[boot.geometry.root_offset() + std::size_t{2} * kSlotSize] = std::byte{'X'};
  const BlobPtr image = make_memory_blob(bytes);
  EXPECT_EQ(open_image(image).tree().entries(Tree::kRoot).front().name, "XONGNA~1.TEX");
  EXPECT_THAT(check_image(image), ElementsAre("/: it has 1 long names that belong to no file"));
}

TEST(FatProbe, OtherBootSectorsAreNotTaken) {
  const ImageFile file;
  const auto is_fat_now = [&] { return FatFilesystem({}).probe(*file.blob()); };
  write_file(file.path(), "");
  EXPECT_FALSE(is_fat_now());
  std::filesystem::resize_file(file.path(), 16 << 20);
  EXPECT_FALSE(is_fat_now());
  run(fmt::format("printf 'start=2048,type=c,bootable\\n' | sfdisk --quiet --label dos '{}'", file.path()));
  EXPECT_FALSE(is_fat_now());
  run(fmt::format("sgdisk --zap-all '{0}' && sgdisk --clear --new=1:0:0 '{0}'", file.path()));
  EXPECT_FALSE(is_fat_now());
  for (const char* const type : {"ext2", "ext4 -b 1024"}) {
    std::filesystem::resize_file(file.path(), 0);
    std::filesystem::resize_file(file.path(), 16 << 20);
    run(fmt::format("mke2fs -q -F -t {} '{}'", type, file.path()));
    EXPECT_FALSE(is_fat_now());
  }
}

TEST(FatProbe, NtfsAndExfatAreNotTaken) {
  std::vector<std::byte> bytes(1 << 20);
  Fat16BootSector sector{};
  sector.signature = kBootSignature;
  sector.head.jump = {0xEB, 0x52, 0x90};
  std::memcpy(sector.head.oem_name.data(), "NTFS    ", 8);
  sector.head.sector_size = 512;
  sector.head.sectors_per_cluster = 8;
  sector.head.media = 0xF8;
  std::memcpy(bytes.data(), &sector, sizeof(sector));
  EXPECT_FALSE(FatFilesystem({}).probe(*make_memory_blob(bytes)));
  // exFAT has zeros in place of the parameters of FAT.
  sector.head = {};
  sector.head.jump = {0xEB, 0x76, 0x90};
  std::memcpy(sector.head.oem_name.data(), "EXFAT   ", 8);
  std::memcpy(bytes.data(), &sector, sizeof(sector));
  EXPECT_FALSE(FatFilesystem({}).probe(*make_memory_blob(bytes)));
}

TEST(FatProbe, SensibleNumbersAreNotEnough) {
  Tree tree;
  const FormattedVolume volume = format_tree(std::move(tree));
  std::vector<std::byte> bytes = bytes_of(*volume.image);
  bytes[38] = std::byte{0};  // no name of its type any more, but a FAT
  EXPECT_TRUE(FatFilesystem({}).probe(*make_memory_blob(bytes)));
  bytes[512] = std::byte{0};
  EXPECT_FALSE(FatFilesystem({}).probe(*make_memory_blob(bytes)));
}

}  // namespace
}  // namespace fstool::fat
