// The renderers of maps, on maps made by hand. What they draw is read by xmllint.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "html_map.h"
#include "run_tool.h"
#include "svg_map.h"
#include "text_map.h"
#include "xml_text.h"

namespace fstool {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t kMiB = 1 << 20;

MapRegion part_of(std::uint32_t number, const ByteRange& range, const std::string& name) {
  MapRegion region;
  region.kind = RegionKind::Part;
  region.range = range;
  region.partition = Partition();
  region.partition->number = number;
  region.partition->name = name;
  region.filesystem = "ext4";
  VolumeMap volume;
  volume.facts.type = "ext4";
  volume.facts.label = "ROOT";
  const std::uint64_t used = range.length / 4;
  volume.ranges = {{{range.offset, used}, Use::Content}, {{range.offset + used, range.length - used}, Use::Free}};
  volume.totals[static_cast<std::size_t>(Use::Content)] = used;
  volume.totals[static_cast<std::size_t>(Use::Free)] = range.length - used;
  volume.largest_free = volume.ranges[1].range;
  volume.files = 2;
  volume.fragmented_files = 1;
  volume.largest_files = {{.path = "/a",
                           .size = used,
                           .allocated = used,
                           .fragments = 2,
                           .ranges = {{range.offset, used / 2}, {range.offset + used / 2, used / 2}}}};
  region.volume = std::move(volume);
  return region;
}

DiskMap one_partition() {
  DiskMap map;
  map.name = "disk.img";
  map.table = "gpt";
  map.disk_size = 10 * kMiB;
  map.shown = {0, map.disk_size};
  MapRegion table;
  table.kind = RegionKind::Structure;
  table.structure = "GPT header";
  table.range = {0, kMiB};
  map.regions = {table, part_of(1, {kMiB, 8 * kMiB}, "root")};
  MapRegion gap;
  gap.range = {9 * kMiB, kMiB};
  map.regions.push_back(gap);
  return map;
}

/// Names from an image that try to be more than names.
DiskMap hostile_map() {
  const std::string hostile = "<script>alert(\"&'\")</script>\033[31m\x01\xFF\xEF\xBF\xBE]]>";
  DiskMap map = one_partition();
  map.name = hostile;
  map.regions[1].partition->name = hostile;
  map.regions[1].volume->facts.label = hostile;
  map.regions[1].volume->largest_files[0].path = "/" + hostile;
  map.regions[0].structure = hostile;
  return map;
}

/// As many partitions as a hostile table may have, each as fragmented as it can be.
DiskMap enormous_map() {
  DiskMap map = one_partition();
  constexpr std::uint32_t kPartitions = 3000;
  map.disk_size = kPartitions * kMiB;
  map.shown = {0, map.disk_size};
  map.regions.clear();
  for (std::uint32_t i = 0; i < kPartitions; ++i) {
    MapRegion region = part_of(i + 1, {i * kMiB, kMiB}, "p");
    VolumeMap& volume = *region.volume;
    volume.ranges.clear();
    volume.largest_files.resize(10, volume.largest_files[0]);
    for (std::uint64_t block = 0; block < 256; ++block) {
      volume.ranges.push_back({{i * kMiB + block * 4096, 4096}, block % 2 == 0 ? Use::Content : Use::Free});
      for (MappedFile& file : volume.largest_files) {
        if (block % 2 == 0) file.ranges.push_back(volume.ranges.back().range);
      }
    }
    map.regions.push_back(std::move(region));
  }
  return map;
}

void expect_well_formed(const std::string& document) {
  const test::TemporaryDirectory directory;
  const std::string path = (directory.path() / "map.xml").string();
  std::ofstream(path) << document;
  const test::ToolResult result = test::run_tool("xmllint --noout --nonet --huge " + path);
  EXPECT_EQ(result.exit_code, 0) << result.output;
}

std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++count;
  return count;
}

TEST(TextMap, DrawsTheDiskAndItsParts) {
  const std::string text = text_map(one_partition(), {.columns = 42});
  EXPECT_EQ(text,
            R"(disk.img: gpt disk, 10 MiB

  TTTT11111111111111111111111111111111----

       0 bytes        1 MiB  GPT header
         1 MiB        8 MiB  partition 1 ("root")
         9 MiB        1 MiB  not in a partition

partition 1 ("root"): 8 MiB from 1 MiB on
  ext4 "ROOT", 2 MiB of 8 MiB in use, 6 MiB free
  ########################################
  ########################################
  ........................................
  ........................................
  ........................................
  ........................................
  ........................................
  ........................................
  # contents of files                2 MiB   25.0 %
  . free                             6 MiB   75.0 %
  2 files in blocks of their own, 1 in more than one piece (50.0 %); largest run of free space: 6 MiB
  the largest:
       2 MiB    2 pieces  /a
)");
}

TEST(TextMap, ColoursAreForTerminals) {
  EXPECT_THAT(text_map(one_partition(), {.columns = 80, .colours = true}), HasSubstr("\033[48;5;"));
  EXPECT_THAT(text_map(one_partition(), {.columns = 80}), Not(HasSubstr("\033")));
}

TEST(TextMap, NoNameCommandsTheTerminal) {
  for (const Charset charset : {Charset::Ascii, Charset::Utf8}) {
    const std::string text = text_map(hostile_map(), {.columns = 80, .charset = charset});
    EXPECT_TRUE(std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ' && c != '\n') || c == '\x7F'; }));
    EXPECT_THAT(text, HasSubstr("\\033[31m\\001\\377"));
  }
}

TEST(TextMap, LinesOfCellsFitTheTerminal) {
  for (const std::size_t columns : {1U, 40U, 77U, 200U}) {
    std::istringstream lines(text_map(one_partition(), {.columns = columns}));
    for (std::string line; std::getline(lines, line);) {
      const bool is_cells = line.find_first_not_of(" #.T1-") == std::string::npos;
      if (is_cells) {
        EXPECT_LE(line.size(), std::max(columns, kMinMapColumns));
      }
    }
  }
}

class DrawnMaps : public testing::TestWithParam<std::string (*)(const DiskMap& map)> {};

TEST_P(DrawnMaps, AreWellFormed) {
  expect_well_formed(GetParam()(one_partition()));
  expect_well_formed(GetParam()(DiskMap()));
}

TEST_P(DrawnMaps, TellWhatIsThere) {
  const std::string document = GetParam()(one_partition());
  EXPECT_THAT(document, HasSubstr("disk.img: gpt disk, 10 MiB"));
  EXPECT_THAT(document, HasSubstr("partition 1 (&quot;root&quot;): 8 MiB from 1 MiB on"));
  EXPECT_THAT(document, HasSubstr("ext4 &quot;ROOT&quot;, 2 MiB of 8 MiB in use, 6 MiB free"));
  EXPECT_THAT(document, HasSubstr("<title>contents of files: 1 MiB from 1 MiB on</title>"));
  EXPECT_THAT(document, HasSubstr("2 pieces"));
  EXPECT_THAT(document, ContainsRegex("<path class=\"where"));
}

TEST_P(DrawnMaps, NoNameBecomesMarkup) {
  const std::string document = GetParam()(hostile_map());
  expect_well_formed(document);
  EXPECT_THAT(document, Not(HasSubstr("<script")));
  EXPECT_THAT(document, HasSubstr("&lt;script&gt;alert(&quot;&amp;&#39;&quot;)"));
}

TEST_P(DrawnMaps, NeedNothingFromElsewhere) {
  const std::string document = GetParam()(one_partition());
  EXPECT_EQ(count_of(document, "http"), count_of(document, "xmlns=\"http://www.w3.org/"));
  EXPECT_THAT(document, Not(HasSubstr("url(")));
  EXPECT_THAT(document, Not(HasSubstr("src=")));
  EXPECT_THAT(document, Not(HasSubstr("<script")));
}

TEST_P(DrawnMaps, HaveABoundedSize) {
  const std::string document = GetParam()(enormous_map());
  expect_well_formed(document);
  EXPECT_LT(document.size(), 2 * kMiB);
  EXPECT_LT(count_of(document, "<rect"), 6000U);
  EXPECT_THAT(document, HasSubstr("and 2968 more partitions"));
}

TEST_P(DrawnMaps, AreAlwaysTheSame) { EXPECT_EQ(GetParam()(one_partition()), GetParam()(one_partition())); }

INSTANTIATE_TEST_SUITE_P(Renderers, DrawnMaps, testing::Values(svg_map, html_map),
                         [](const auto& param) { return param.index == 0 ? "Svg" : "Html"; });

TEST(XmlText, ReplacesMarkupAndWhatXmlDoesNotAllow) {
  EXPECT_EQ(xml_text("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
  EXPECT_EQ(xml_text(std::string("\0\n\x1F", 3)), "\\000\\n\\037");
  EXPECT_EQ(xml_text("ä\xFF"), "ä\\377");
  EXPECT_EQ(xml_text("x\xEF\xBF\xBFy"), "x\xEF\xBF\xBDy");
}

TEST(XmlText, CutsBetweenCharacters) {
  EXPECT_EQ(xml_text("äöü", 3), "äöü");
  EXPECT_EQ(xml_text("äöüx", 3), "äö…");
  EXPECT_EQ(xml_text("<<<<", 2), "&lt;…");
  EXPECT_EQ(xml_text("abc", 1), "…");
}

}  // namespace
}  // namespace fstool
