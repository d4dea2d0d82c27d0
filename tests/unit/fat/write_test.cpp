// What the writer writes: judged by fsck.vfat, and read back.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "fstool/error.h"
#include "fstool/size.h"
#include "ondisk/boot_sector.h"
#include "read/boot_sector_reader.h"
#include "volumes.h"

namespace fstool::fat {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;

Tree tree_of_everything() {
  Tree tree;
  tree.add(Tree::kRoot, "empty", file_node(0));
  tree.add(Tree::kRoot, "README.TXT", file_node(700, 2));
  tree.add(Tree::kRoot, "lower.txt", file_node(1, 3));
  tree.add(Tree::kRoot, "Mixed.Txt", file_node(512, 4));
  tree.add(Tree::kRoot, "a name of more than thirteen characters", file_node(40'000, 5));
  Node hidden = file_node(3, 6);
  hidden.xattrs = std::make_shared<const Xattrs>(Xattrs{{"user.DOSATTRIB", "0x6"}});
  tree.add(Tree::kRoot, "hidden.sys", std::move(hidden));
  Node read_only = file_node(4, 7);
  read_only.permissions = 0444;
  tree.add(Tree::kRoot, "read only", std::move(read_only));
  const NodeId directory = tree.add(Tree::kRoot, "\u00dcn\u00efcode", directory_node());
  tree.add(directory, "\u65e5\u672c\u8a9e \U0001F600.txt", file_node(100, 8));
  tree.add(directory, std::string(255, 'n'), file_node(5, 9));
  tree.add(directory, "thirteen char", file_node(6, 10));
  NodeId deep = directory;
  for (int level = 0; level < 30; ++level) deep = tree.add(deep, fmt::format("level {}", level), directory_node());
  tree.add(deep, "deep", file_node(2000, 11));
  const NodeId many = tree.add(Tree::kRoot, "many", directory_node());
  for (unsigned i = 0; i < 300; ++i) tree.add(many, fmt::format("some file number {}", i), file_node(i % 3, i));
  return tree;
}

ErrorCode error_of(Tree tree, FatOptions options, std::uint64_t size, std::string* message) {
  try {
    format_tree(std::move(tree), std::move(options), size);
  } catch (const Error& error) {
    *message = error.what();
    return error.code();
  }
  ADD_FAILURE() << "it was formatted";
  return ErrorCode::Internal;
}

struct Case {
  std::uint64_t size;
  std::optional<Variant> bits;
  std::uint32_t sector_size;
  const char* variant;
  std::uint32_t cluster_size;
};

class FatSizes : public testing::TestWithParam<Case> {};

TEST_P(FatSizes, AreCleanAndReadBackEqual) {
  const Case& parameters = GetParam();
  FatOptions options;
  options.fat_bits = parameters.bits;
  options.sector_size = parameters.sector_size;
  options.volume_label = "LABEL";
  const FormattedVolume volume = format_tree(tree_of_everything(), options, parameters.size);
  EXPECT_THAT(volume.facts.features, ElementsAre(parameters.variant));
  EXPECT_EQ(volume.facts.block_size, parameters.cluster_size);
  EXPECT_EQ(volume.image->size(), parameters.size);
  const ImageFile file(volume.image.get());
  EXPECT_EQ(file.fsck_complaints(), "");
  EXPECT_THAT(check_image(file.blob()), IsEmpty());
  ASSERT_TRUE(FatFilesystem({}).probe(*file.blob()));

  const Opened opened = open_image(file.blob());
  EXPECT_THAT(opened.heard->damage(), IsEmpty());
  EXPECT_THAT(tree_differences(tree_of_everything(), opened.tree()), IsEmpty());
  EXPECT_EQ(opened.at("read only").permissions, 0555);
  const VolumeFacts& facts = opened.volume.facts;
  EXPECT_EQ(facts.label, "LABEL");
  EXPECT_EQ(facts.uuid, volume.facts.uuid);
  EXPECT_EQ(facts.blocks, volume.facts.blocks);
  EXPECT_EQ(facts.free_blocks, volume.facts.free_blocks);
  EXPECT_EQ(facts.state, "clean");
  EXPECT_THAT(facts.features, ElementsAre(parameters.variant));
}

INSTANTIATE_TEST_SUITE_P(
    All, FatSizes,
    testing::Values(Case{360 * kKiB, {}, 512, "fat12", 1024}, Case{720 * kKiB, {}, 512, "fat12", 1024},
                    Case{1200 * kKiB, {}, 512, "fat12", 512}, Case{1440 * kKiB, {}, 512, "fat12", 512},
                    Case{2880 * kKiB, {}, 512, "fat12", 1024}, Case{4 * kMiB, {}, 512, "fat12", 1024},
                    Case{8 * kMiB, {}, 512, "fat16", 1024}, Case{8 * kMiB, Variant::Fat12, 512, "fat12", 4096},
                    Case{8 * kMiB, {}, 4096, "fat12", 4096}, Case{64 * kMiB, {}, 512, "fat16", 2048},
                    Case{64 * kMiB, Variant::Fat32, 512, "fat32", 512}, Case{64 * kMiB, {}, 4096, "fat16", 4096},
                    Case{511 * kMiB, {}, 512, "fat16", 8192}, Case{512 * kMiB, {}, 512, "fat32", 4096},
                    Case{kGiB, Variant::Fat16, 512, "fat16", 32768}, Case{9 * kGiB, {}, 512, "fat32", 8192},
                    Case{20 * kGiB, {}, 4096, "fat32", 16384}, Case{64 * kGiB, {}, 512, "fat32", 32768},
                    Case{300 * kGiB, {}, 512, "fat32", 32768}));

TEST(FatWriter, TwoTebibytesAreTheLimit) {
  const FormattedVolume volume = format_tree(tree_of_everything(), {}, 2 * 1024 * kGiB - 512);
  EXPECT_EQ(volume.facts.size / volume.facts.block_size, 67'108'863U);
  EXPECT_THAT(check_image(volume.image), IsEmpty());
}

TEST(FatWriter, TheSmallestHasNothingToSpare) {
  for (const std::optional<Variant> bits :
       {std::optional<Variant>(), std::optional(Variant::Fat16), std::optional(Variant::Fat32)}) {
    FatOptions options;
    options.fat_bits = bits;
    const FormattedVolume volume = format_tree(tree_of_everything(), options);
    const ImageFile file(volume.image.get());
    EXPECT_EQ(file.fsck_complaints(), "");
    EXPECT_THAT(tree_differences(tree_of_everything(), open_image(file.blob()).tree()), IsEmpty());
    if (!bits) {
      EXPECT_LE(volume.facts.free_blocks * volume.facts.block_size, 32 * kKiB);
    }
  }
}

TEST(FatWriter, FittedSizesGrowWithTheContents) {
  std::uint64_t last = 0;
  for (const std::uint64_t size : {1000 * kKiB, 1900 * kKiB, 3900 * kKiB, 4 * kMiB, 4100 * kKiB, 15 * kMiB, 17 * kMiB,
                                   127 * kMiB, 129 * kMiB, 500 * kMiB, 505 * kMiB, 515 * kMiB, 4 * kGiB - 1}) {
    Tree tree;
    tree.add(Tree::kRoot, "file", file_node(size));
    const FormattedVolume volume = format_tree(std::move(tree));
    EXPECT_GE(volume.facts.size, last);
    EXPECT_LE(volume.facts.size, size + size / 50 + 300 * kKiB) << size;
    const Opened opened = open_image(volume.image);
    EXPECT_EQ(opened.at("file").content->size(), size);
    EXPECT_THAT(opened.heard->damage(), IsEmpty());
    last = volume.facts.size;
  }
}

TEST(FatWriter, HeadroomIsFree) {
  for (const std::uint32_t percent : {0U, 10U, 50U, 95U}) {
    for (const std::uint64_t bytes : {std::uint64_t{0}, 5 * kMiB, kGiB}) {
      FormatRequest request{.size = {}, .seed = Seed("test")};
      request.size.free_bytes = bytes;
      request.size.free_percent = percent;
      const FormattedVolume volume = format_tree(tree_of_everything(), {}, request);
      const std::uint64_t free = volume.facts.free_blocks * volume.facts.block_size;
      EXPECT_GE(free, bytes);
      EXPECT_GE(free * 100, volume.facts.size * percent);
      EXPECT_THAT(check_image(volume.image), IsEmpty());
    }
  }
}

TEST(FatWriter, TooSmallSaysWhatIsNeeded) {
  std::string message;
  EXPECT_EQ(error_of(tree_of_everything(), {}, 100 * kKiB, &message), ErrorCode::NoSpace);
  EXPECT_THAT(message, HasSubstr("100 KiB is too small for the tree: FAT needs "));
  const std::uint64_t needed = std::stoull(message.substr(message.rfind(' ')));
  EXPECT_THAT(check_image(format_tree(tree_of_everything(), {}, needed).image), IsEmpty());

  FatOptions options;
  options.fat_bits = Variant::Fat32;
  EXPECT_EQ(error_of(tree_of_everything(), options, 32 * kMiB, &message), ErrorCode::NoSpace);
  EXPECT_THAT(message, HasSubstr("FAT32 needs "));
  options.fat_bits = Variant::Fat12;
  EXPECT_EQ(error_of(tree_of_everything(), options, kGiB, &message), ErrorCode::Unsupported);
  EXPECT_EQ(error_of(tree_of_everything(), {}, 3 * 1024 * kGiB, &message), ErrorCode::Unsupported);
  Tree large;
  large.add(Tree::kRoot, "file", file_node(300 * kMiB));
  EXPECT_EQ(error_of(std::move(large), options, 0, &message), ErrorCode::NoSpace);
  EXPECT_THAT(message, HasSubstr("more than FAT12 has"));
}

TEST(FatWriter, OptionsAreInTheBootSector) {
  FatOptions options;
  options.fat_bits = Variant::Fat32;
  options.cluster_size = Bytes{2048};
  options.volume_label = "Some label";
  options.volume_id = "12ab-CD34";
  options.oem_name = "TEST";
  options.fats = 1;
  options.reserved_sectors = 100;
  options.backup_boot_sector = 50;
  options.sectors_per_track = 17;
  options.heads = 5;
  options.media = 0xF9;
  options.drive_number = 0x81;
  FormatRequest request{.size = {.fixed = 300 * kMiB}, .seed = Seed("test")};
  request.partition_offset = 3 * kMiB;
  const FormattedVolume volume = format_tree(tree_of_everything(), options, request);
  const Boot boot = read_boot_sector(*volume.image, 0);
  EXPECT_EQ(std::string(boot.head.oem_name.data(), 8), "TEST    ");
  EXPECT_EQ(boot.geometry.cluster_size(), 2048U);
  EXPECT_EQ(boot.head.fats, 1);
  EXPECT_EQ(boot.head.reserved_sectors, 100);
  EXPECT_EQ(boot.fat32->backup_boot_sector, 50);
  EXPECT_EQ(boot.head.sectors_per_track, 17);
  EXPECT_EQ(boot.head.heads, 5);
  EXPECT_EQ(boot.head.media, 0xF9);
  EXPECT_EQ(boot.head.hidden_sectors, 3 * kMiB / 512);
  EXPECT_EQ(boot.extended.drive_number, 0x81);
  EXPECT_EQ(volume_id_of(boot), "12AB-CD34");
  EXPECT_EQ(label_of(boot), "Some label");
  EXPECT_EQ(open_image(volume.image).volume.facts.label, "Some label");
  EXPECT_THAT(check_image(volume.image), IsEmpty());
  const ImageFile file(volume.image.get());
  EXPECT_EQ(file.fsck_complaints(), "");
}

TEST(FatWriter, HiddenSectorsAndRootEntriesAreThoseThatAreAskedFor) {
  FatOptions options;
  options.hidden_sectors = 63;
  options.root_entries = 2000;
  FormatRequest request{.size = {.fixed = 16 * kMiB}, .seed = Seed("test")};
  request.partition_offset = 3 * kMiB;
  const FormattedVolume volume = format_tree(tree_of_everything(), options, request);
  const Boot boot = read_boot_sector(*volume.image, 0);
  EXPECT_EQ(boot.head.hidden_sectors, 63U);
  EXPECT_EQ(boot.head.root_entries, 2000);
  EXPECT_THAT(check_image(volume.image), IsEmpty());
  const ImageFile file(volume.image.get());
  EXPECT_EQ(file.fsck_complaints(), "");
}

TEST(FatWriter, TheBackupsOfFat32AreCopies) {
  FatOptions options;
  options.backup_boot_sector = 12;
  const FormattedVolume volume = format_tree(tree_of_everything(), options, 600 * kMiB);
  const std::uint64_t sector_size = read_boot_sector(*volume.image, 0).geometry.sector_size;
  std::vector<std::byte> sectors(2 * sector_size);
  std::vector<std::byte> copies(2 * sector_size);
  volume.image->read(0, sectors);
  volume.image->read(12 * sector_size, copies);
  EXPECT_EQ(sectors, copies);
  FsInfo fsinfo{};
  std::memcpy(&fsinfo, sectors.data() + sector_size, sizeof(fsinfo));
  EXPECT_EQ(fsinfo.lead_signature, FsInfo::kLeadSignature);
  EXPECT_EQ(fsinfo.free_clusters, volume.facts.free_blocks);
}

TEST(FatWriter, WrongOptionsAreRefused) {
  const auto refuses = [](auto&& change, std::uint64_t size = 0) {
    FatOptions options;
    change(options);
    std::string message;
    return error_of(Tree(), options, size, &message) == ErrorCode::InvalidArgument;
  };
  EXPECT_TRUE(refuses([](FatOptions& o) { o.cluster_size = Bytes{3000}; }));
  EXPECT_TRUE(refuses([](FatOptions& o) { o.cluster_size = Bytes{131072}; }));
  EXPECT_TRUE(refuses([](FatOptions& o) { o.cluster_size = Bytes{512}, o.sector_size = 4096; }));
  EXPECT_TRUE(refuses([](FatOptions& o) { o.volume_label = "twelve chars"; }));
  EXPECT_TRUE(refuses([](FatOptions& o) { o.volume_label = "a.b"; }));
  EXPECT_TRUE(refuses([](FatOptions& o) { o.volume_label = "\u00fc"; }));
  EXPECT_TRUE(refuses([](FatOptions& o) { o.volume_id = "1234"; }));
  EXPECT_TRUE(refuses([](FatOptions& o) { o.volume_id = "1234-567g"; }));
  EXPECT_TRUE(refuses([](FatOptions& o) { o.oem_name = "\u00fc"; }));
  EXPECT_TRUE(refuses([](FatOptions& o) { o.media = 0x80; }));
  EXPECT_TRUE(refuses([](FatOptions& o) { o.fat_bits = Variant::Fat32, o.root_entries = 512; }));
  EXPECT_TRUE(refuses([](FatOptions& o) { o.fat_bits = Variant::Fat16, o.backup_boot_sector = 6; }));
  EXPECT_TRUE(refuses([](FatOptions& o) { o.fat_bits = Variant::Fat32, o.reserved_sectors = 2; }));
  EXPECT_TRUE(refuses([](FatOptions& o) { o.fat_bits = Variant::Fat32, o.backup_boot_sector = 1; }));
}

TEST(FatWriter, TheRootDirectoryGrowsWithItsEntries) {
  const auto make = [] {
    Tree tree;
    for (unsigned i = 0; i < 700; ++i) tree.add(Tree::kRoot, fmt::format("some file number {}", i), file_node(1, i));
    return tree;
  };
  const FormattedVolume volume = format_tree(make());
  EXPECT_GE(read_boot_sector(*volume.image, 0).head.root_entries, 2100);
  EXPECT_THAT(tree_differences(make(), open_image(volume.image).tree()), IsEmpty());
  FatOptions options;
  options.root_entries = 512;
  std::string message;
  EXPECT_EQ(error_of(make(), options, 4 * kMiB, &message), ErrorCode::NoSpace);
  EXPECT_THAT(message, HasSubstr("512 entries in the root directory"));
}

TEST(FatWriter, WhatFatCantHoldIsAnErrorWithItsPath) {
  const auto message_of = [](auto&& build) {
    Tree tree;
    const NodeId directory = tree.add(Tree::kRoot, "dir", directory_node());
    build(tree, directory);
    std::string message;
    EXPECT_EQ(error_of(std::move(tree), {}, 0, &message), ErrorCode::Unsupported);
    return message;
  };
  EXPECT_THAT(message_of([](Tree& tree, NodeId directory) {
                Node link;
                link.kind = NodeKind::Symlink;
                link.target = "x";
                tree.add(directory, "link", std::move(link));
              }),
              HasSubstr("/dir/link: FAT has no symbolic links; set on_unsupported = \"skip\""));
  EXPECT_THAT(message_of([](Tree& tree, NodeId directory) {
                Node device;
                device.kind = NodeKind::CharDevice;
                tree.add(directory, "null", std::move(device));
              }),
              HasSubstr("/dir/null: FAT has no devices"));
  EXPECT_THAT(message_of([](Tree& tree, NodeId directory) {
                tree.link(directory, "b", tree.add(directory, "a", file_node(1)));
              }),
              HasSubstr("/dir/b: it is a second name"));
  EXPECT_THAT(message_of([](Tree& tree, NodeId directory) {
                tree.add(directory, "\u00c4", file_node(1));
                tree.add(directory, "\u00e4", file_node(1));
              }),
              HasSubstr("/dir/\u00e4: its name differs only in case from \"\u00c4\""));
  EXPECT_THAT(message_of([](Tree& tree, NodeId directory) { tree.add(directory, "a?", file_node(1)); }),
              HasSubstr("/dir/a?: names can't have the character '?'"));
  EXPECT_THAT(message_of([](Tree& tree, NodeId directory) { tree.add(directory, "f", file_node(4 * kGiB)); }),
              HasSubstr("/dir/f: its 4 GiB are more than the 4 GiB - 1"));
  EXPECT_THAT(message_of([](Tree& tree, NodeId directory) {
                for (int i = 0; i < 33'000; ++i) tree.add(directory, fmt::format("a name {}", i), file_node(0));
              }),
              HasSubstr("/dir: its names need more than the 65536 slots"));
}

TEST(FatWriter, WhatFatCantHoldIsLeftOutWhereAsked) {
  Tree tree;
  const NodeId bad = tree.add(Tree::kRoot, "bad:", directory_node());
  tree.add(bad, "inside", file_node(1));
  Node link;
  link.kind = NodeKind::Symlink;
  link.target = "x";
  tree.add(Tree::kRoot, "link", std::move(link));
  tree.link(Tree::kRoot, "second", tree.add(Tree::kRoot, "first", file_node(5)));
  FatOptions options;
  options.on_unsupported = OnUnsupported::Skip;
  Heard heard;
  const FormattedVolume volume = format_tree(std::move(tree), options, 0, &heard);
  EXPECT_THAT(heard.warnings(),
              ElementsAre(HasSubstr("/bad: is left out: names can't"), HasSubstr("/link is left out: FAT has no"),
                          HasSubstr("/second is left out: it is a second name")));
  const Opened opened = open_image(volume.image);
  EXPECT_EQ(opened.tree().entries(Tree::kRoot).size(), 1U);
  EXPECT_EQ(opened.at("first").content->size(), 5U);
}

TEST(FatWriter, WhatIsLostOfFilesIsOneWarning) {
  Tree tree;
  Node node = file_node(1);
  node.uid = 1000;
  node.permissions = 04755;
  node.xattrs = std::make_shared<const Xattrs>(Xattrs{{"user.DOSATTRIB", "0x2"}, {"user.other", "x"}});
  tree.add(Tree::kRoot, "a", std::move(node));
  Node old = file_node(1);
  old.uid = 1000;
  old.mtime = {1, 0};
  tree.add(Tree::kRoot, "b", std::move(old));
  Heard heard;
  const FormattedVolume volume = format_tree(std::move(tree), {}, 0, &heard);
  EXPECT_THAT(heard.warnings(),
              ElementsAre("FAT doesn't keep the owners of 2 files, the set-id and sticky bits of 1 files, extended "
                          "attributes of 1 files, the exact times, before 1980 or after 2107, of 1 files"));
  EXPECT_EQ(open_image(volume.image).at("b").mtime.seconds, 315'532'800);
  Heard silent;
  format_tree(tree_of_everything(), {}, 0, &silent);
  EXPECT_THAT(silent.warnings(), IsEmpty());
}

TEST(FatWriter, ATimeThatNobodyKnowsIsNotLost) {
  Tree tree;
  Node node = file_node(1);
  node.mtime = {};
  tree.add(Tree::kRoot, "file", std::move(node));
  Heard heard;
  const FormattedVolume volume = format_tree(std::move(tree), {}, 0, &heard);
  EXPECT_THAT(heard.warnings(), IsEmpty());
  EXPECT_EQ(open_image(volume.image).at("file").mtime.seconds, 315'532'800);
}

TEST(FatWriter, BytesDontDependOnHowTheyAreRead) {
  const FormattedVolume volume = format_tree(tree_of_everything());
  const std::vector<std::byte> whole = bytes_of(*volume.image);
  EXPECT_EQ(whole, bytes_of(*format_tree(tree_of_everything()).image));
  for (const std::size_t piece : {1U, 7U, 33U, 1000U, 4097U}) {
    std::vector<std::byte> bytes(whole.size());
    // Of single bytes, the metadata is enough.
    const std::size_t end = piece < 10 ? std::min<std::size_t>(whole.size(), 100'000) : whole.size();
    for (std::size_t at = 0; at < end; at += piece) {
      volume.image->read(at, std::span(bytes).subspan(at, std::min(piece, end - at)));
    }
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(end), whole.begin())) << piece;
  }
}

TEST(FatWriter, EmptySpaceIsAHole) {
  Tree tree;
  tree.add(Tree::kRoot, "file", file_node(10));
  const FormattedVolume volume = format_tree(std::move(tree), {}, 64 * kGiB);
  std::uint64_t data = 0;
  for (const DataExtent& extent : data_extents(*volume.image, 0, volume.image->size(), 4096)) data += extent.length;
  EXPECT_LE(data, 10 * 4096U);
}

}  // namespace
}  // namespace fstool::fat
