#include "disk_map.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <map>
#include <set>

#include "fake_formats.h"
#include "fstool/error.h"
#include "map_paint.h"
#include "map_words.h"

namespace fstool {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// A file system of blocks of one byte, which say themselves what they are: "letters:MD.aab?" has metadata (that word
/// included), a directory, free space, the files "a" and "b", and a block that is in use for nothing.
class LettersFilesystem : public Filesystem {
 public:
  FormattedVolume format(std::shared_ptr<const Tree> /*tree*/, const FormatRequest& /*request*/,
                         Context& /*context*/) override {
    throw Error(ErrorCode::Unsupported, "it is only read");
  }
  bool probe(const Blob& image) const override { return test::text_of(image).starts_with("letters:"); }
  std::optional<VolumeUsage> usage(BlobPtr image, std::size_t largest_files, Context& context) override {
    const std::string text = test::text_of(*image);
    if (text.find('!') != std::string::npos) throw Error(ErrorCode::Corrupt, "a scratch");
    if (text.find('*') != std::string::npos) context.report_damage("a dent");
    VolumeUsage usage;
    usage.volume.facts.type = "letters";
    usage.volume.facts.size = text.size();
    usage.volume.facts.block_size = 1;
    UsageBuilder builder(text.size(), largest_files);
    builder.add({0, 8}, Use::Metadata);
    std::map<char, FileRanges> files;
    for (std::uint64_t i = 8; i < text.size(); ++i) {
      const char letter = text[i];
      if (letter == '?') builder.add_allocated({i, 1});
      if (letter == 'M') builder.add({i, 1}, Use::Metadata);
      if (letter == 'D') builder.add({i, 1}, Use::Directory);
      if (std::islower(static_cast<unsigned char>(letter)) == 0) continue;
      builder.add({i, 1}, Use::Content);
      FileRanges& file = files[letter];
      ++file.usage.allocated;
      if (!file.ranges.empty() && file.ranges.back().end() == i) {
        ++file.ranges.back().length;
      } else {
        file.ranges.push_back({i, 1});
        ++file.usage.fragments;
      }
    }
    const NodeId directory = usage.volume.tree.add(Tree::kRoot, "dir", directory_node());
    for (auto& [letter, file] : files) {
      Node node;
      node.content = make_hole_blob(file.usage.allocated);
      file.usage.node = usage.volume.tree.add(directory, std::string(1, letter), std::move(node));
      builder.add_file(std::move(file));
    }
    builder.finish(usage);
    return usage;
  }

 private:
  static Node directory_node() {
    Node node;
    node.kind = NodeKind::Directory;
    return node;
  }
};

class DiskMaps : public testing::Test {
 protected:
  DiskMaps() {
    registry_.add(make_format<Filesystem>("letters", "", OptionSet<NoOptions>(),
                                          [](const NoOptions&) { return std::make_unique<LettersFilesystem>(); }));
  }

  /// A disk image of the text.
  DiskImage image_of(std::string text) {
    DiskImage image;
    image.file = "disk.img";
    const auto bytes = std::as_bytes(std::span(text));
    image.disk = make_memory_blob({bytes.begin(), bytes.end()});
    return image;
  }
  static void add_part(DiskImage& image, std::optional<Partition> partition, const std::string& filesystem) {
    BlobPtr bytes = partition ? make_slice_blob(image.disk, partition->offset, partition->size) : image.disk;
    image.parts.push_back({.partition = partition, .bytes = std::move(bytes), .filesystem = filesystem});
  }
  static Partition partition(std::uint32_t number, std::uint64_t offset, std::uint64_t size) {
    Partition result;
    result.number = number;
    result.offset = offset;
    result.size = size;
    return result;
  }
  /// 100 bytes: a table, a partition with "letters", and one with nothing known.
  DiskImage two_partitions(const std::string& letters) {
    std::string text(100, '\0');
    text.replace(20, letters.size(), letters);
    DiskImage image = image_of(text);
    image.layout = Layout();
    image.layout->table = "row";
    image.layout->structures = {{"head", 0, 10}, {"tail", 95, 5}};
    add_part(image, partition(1, 20, 40), "letters");
    add_part(image, partition(2, 60, 30), "");
    return image;
  }

  test::FakeLog log_;
  Registry registry_ = test::make_fake_registry(log_);
  std::vector<std::string> damage_;
  Context context_{registry_,
                   {.threads = 1, .damage_listener = [this](std::string_view what) { damage_.emplace_back(what); }}};
};

std::string outline(const DiskMap& map) {
  std::string text;
  for (const MapRegion& region : map.regions) {
    text += region_title(region) + "@" + std::to_string(region.range.offset) + "+" +
            std::to_string(region.range.length) + " ";
  }
  return text;
}

TEST_F(DiskMaps, RegionsCoverTheDisk) {
  const DiskMap map = map_disk(two_partitions("letters:MD.aab?"), nullptr, 5, context_);
  EXPECT_EQ(outline(map),
            "head@0+10 not in a partition@10+10 partition 1@20+40 partition 2@60+30 not in a partition@90+5 "
            "tail@95+5 ");
  EXPECT_THAT(damage_, IsEmpty());
}

TEST_F(DiskMaps, OnePartitionIsShownAlone) {
  const DiskImage image = two_partitions("letters:MD.aab?");
  const DiskMap map = map_disk(image, &image.parts[0], 5, context_);
  EXPECT_EQ(outline(map), "partition 1@20+40 ");
  EXPECT_EQ(map.shown, (ByteRange{20, 40}));
  EXPECT_EQ(map.disk_size, 100U);
}

TEST_F(DiskMaps, PlacesAreThoseOfTheDisk) {
  const DiskMap map = map_disk(two_partitions("letters:MD..aaba?.b"), nullptr, 1, context_);
  const VolumeMap& volume = map.regions[2].volume.value();
  EXPECT_TRUE(volume.located);
  EXPECT_EQ(volume.ranges.front(), (UsedRange{{20, 9}, Use::Metadata}));
  EXPECT_EQ(volume.ranges.back(), (UsedRange{{38, 1}, Use::Content}));
  EXPECT_EQ(volume.total(Use::Metadata), 9U);
  EXPECT_EQ(volume.total(Use::Directory), 1U);
  EXPECT_EQ(volume.total(Use::Content), 5U);
  EXPECT_EQ(volume.total(Use::Free), 3U);
  EXPECT_EQ(volume.total(Use::Unaccounted), 1U);
  EXPECT_EQ(volume.largest_free, (ByteRange{30, 2}));
  EXPECT_EQ(volume.files, 2U);
  EXPECT_EQ(volume.fragmented_files, 2U);
  ASSERT_EQ(volume.largest_files.size(), 1U);
  EXPECT_EQ(volume.largest_files[0].path, "/dir/a");
  EXPECT_EQ(volume.largest_files[0].size, 3U);
  EXPECT_EQ(volume.largest_files[0].fragments, 2U);
  EXPECT_THAT(volume.largest_files[0].ranges, ElementsAre(ByteRange{32, 2}, ByteRange{35, 1}));
}

TEST_F(DiskMaps, AFileSystemThatDoesNotSayWhereIsUsedBeforeFree) {
  DiskImage image = image_of("a@1 b@2 " + std::string(92, '\0'));
  add_part(image, std::nullopt, "fake");
  const DiskMap map = map_disk(image, nullptr, 5, context_);
  EXPECT_EQ(outline(map), "file system@0+100 ");
  const VolumeMap& volume = map.regions[0].volume.value();
  EXPECT_FALSE(volume.located);
  EXPECT_THAT(volume.ranges, ElementsAre(UsedRange{{0, 100}, Use::Unaccounted}));
  EXPECT_EQ(region_summary(map.regions[0]),
            "fake, 100 bytes of 100 bytes in use, 0 bytes free; the format doesn't say where");
}

TEST_F(DiskMaps, AFileSystemThatCannotBeReadIsShownAsSuch) {
  const DiskMap map = map_disk(two_partitions("letters:!"), nullptr, 5, context_);
  EXPECT_FALSE(map.regions[2].volume);
  EXPECT_EQ(map.regions[2].problem, "partition 1: letters: a scratch");
  EXPECT_THAT(damage_, ElementsAre("partition 1: letters: a scratch"));
  EXPECT_EQ(painted_region(map.regions[2]).front().paint, Paint::Unknown);
}

TEST_F(DiskMaps, RegionsThatOverlapAreCut) {
  DiskImage image = image_of(std::string(100, '\0'));
  image.layout = Layout();
  image.layout->structures = {{"first", 0, 50}, {"second", 10, 20}, {"third", 40, 100}, {"outside", 200, 5}};
  const DiskMap map = map_disk(image, nullptr, 5, context_);
  EXPECT_EQ(outline(map), "first@0+50 third@50+50 ");
}

TEST_F(DiskMaps, WhatLiesBehindTheFileSystemIsUnused) {
  const DiskMap map = map_disk(two_partitions("letters:aa"), nullptr, 5, context_);
  const auto painted = painted_region(map.regions[2]);
  ASSERT_EQ(painted.size(), 3U);
  EXPECT_EQ(painted[2].range, (ByteRange{30, 30}));
  EXPECT_EQ(painted[2].paint, Paint::Unused);
  EXPECT_EQ(totals_of(painted)[static_cast<std::size_t>(Paint::Content)], 2U);
}

std::string drawn(const std::vector<CellRun>& runs) {
  std::string text;
  for (const CellRun& run : runs) text.append(run.count, style_of(run.paint).letter) += '|';
  return text;
}

TEST(CellGrid, CellsAreWhatMostOfThemIs) {
  const std::vector<PaintedRange> painted = {
      {{100, 4}, Paint::Metadata}, {{104, 11}, Paint::Content}, {{115, 85}, Paint::Free}};
  EXPECT_EQ(drawn(CellGrid({100, 100}, 10).paint(painted, 100)), "#|.........|");
  EXPECT_EQ(drawn(CellGrid({100, 100}, 20).paint(painted, 100)), "M|##|.................|");
  EXPECT_EQ(drawn(CellGrid({100, 100}, 10).paint(painted, 4)), "#|...|....|..|");
}

TEST(CellGrid, HasNoMoreCellsThanBytes) {
  EXPECT_EQ(CellGrid({0, 3}, 10).cells(), 3U);
  EXPECT_EQ(CellGrid({0, 0}, 10).cells(), 0U);
  EXPECT_THAT(CellGrid({0, 0}, 10).paint({}, 10), IsEmpty());
}

TEST(CellGrid, CellsCoverDisksOfAnySize) {
  const ByteRange whole{1, INT64_MAX};
  const CellGrid grid(whole, 4096);
  std::uint64_t end = whole.offset;
  for (std::size_t i = 0; i < grid.cells(); ++i) {
    EXPECT_EQ(grid.bytes(i, 1).offset, end);
    end = grid.bytes(i, 1).end();
  }
  EXPECT_EQ(end, whole.end());
}

TEST(CellGrid, FilesTouchTheCellsTheyLieIn) {
  const CellGrid grid({1000, 100}, 10);
  const std::vector<ByteRange> ranges = {{1009, 2}, {1050, 1}, {1059, 40}, {2000, 5}};
  std::vector<std::pair<std::size_t, std::size_t>> cells;
  for (const CellRun& run : grid.touched(ranges, 7)) cells.emplace_back(run.first, run.count);
  EXPECT_THAT(cells, ElementsAre(std::pair(0, 2), std::pair(5, 2), std::pair(7, 3)));
}

TEST(PaintStyle, LegendsListEveryPaintOnce) {
  std::set<Paint> listed(legend_order().begin(), legend_order().end());
  std::set<char> letters;
  for (const Paint paint : legend_order()) letters.insert(style_of(paint).letter);
  EXPECT_EQ(listed.size(), kPaintCount);
  EXPECT_EQ(letters.size(), kPaintCount);
}

}  // namespace
}  // namespace fstool
