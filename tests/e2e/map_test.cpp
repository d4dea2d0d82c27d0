// Maps of a disk with three partitions: what text, JSON, SVG and HTML say is the same, and it is what sfdisk and
// dumpe2fs say. The page is opened in Chromium where that is installed; with FSTOOL_FULL=1 in the environment it has to
// be.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <random>
#include <regex>
#include <sstream>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

using Json = nlohmann::json;

/// A name that would be more than a name in HTML, and in a terminal.
const std::string kHostileName = "<img src=x onerror=alert(1)>&\"'\033[31m\xFF";

class Map : public testing::Test {
 protected:
  void SetUp() override {
    FSTOOL_E2E_REQUIRE(true, {"sfdisk", "dumpe2fs", "fsck.vfat", "xmllint", "script"});
    const TreeBuilder tree(work_ / "tree");
    std::mt19937_64 random(11);
    build_random_tree(tree, random, 200);
    tree.file("large", 5'000'000, Content::Random);
    tree.file(kHostileName, 3'000'000, Content::Random);
    tree.settle_times();
    const TreeBuilder plain(work_ / "plain");
    plain.directory("EFI");
    for (int i = 0; i < 20; ++i) plain.file("EFI/file" + std::to_string(i), 5000 * i, Content::Text);
    plain.file("large", 5'000'000, Content::Random);
    plain.settle_times(Precision::Seconds);
    write_text(work_ / "disk.toml",
               "[image]\npartition_table = \"gpt\"\nsize = \"96MiB\"\n"
               "[[partitions]]\nname = \"firmware\"\ntype = \"esp\"\nsize = \"10MiB\"\n"
               "[partitions.filesystem]\ntype = \"fat\"\nsource = \"plain\"\n"
               "[[partitions]]\nname = \"boot\"\ntype = \"linux\"\nsize = \"24MiB\"\n"
               "[partitions.filesystem]\ntype = \"ext2\"\nsource = \"tree\"\nvolume_label = \"BOOT\"\n"
               "[[partitions]]\nname = \"<root> & more\"\ntype = \"linux\"\nsize = \"48MiB\"\n"
               "[partitions.filesystem]\ntype = \"ext4\"\nsource = \"tree\"\nvolume_label = \"<ROOT>\"\n");
    expect_fstool_builds({"run", (work_ / "disk.toml").string(), "-o", disk()});
  }

  std::string disk() const { return (work_ / "disk.img").string(); }

  /// Standard output of `fstool map`, which has to have nothing to complain of.
  std::string map(const Command& arguments, const ProcessOptions& options = {}) const {
    Command command = {"map"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const ProcessResult result = run_fstool(command, options);
    EXPECT_EQ(result.exit_code, 0) << result.output();
    EXPECT_EQ(result.err, "");
    return result.out;
  }

  Json json() const { return Json::parse(map({disk(), "--json"})); }

  std::string drawn(const std::string& name) const {
    EXPECT_EQ(map({disk(), "-o", (work_ / name).string()}), "");
    expect_success({"xmllint", "--noout", "--nonet", (work_ / name).string()});
    return read_text(work_ / name);
  }

  const TempDir work_;
};

std::vector<Json> parts_of(const Json& map) {
  std::vector<Json> parts;
  for (const Json& region : map.at("regions")) {
    if (region.at("kind") == "part") parts.push_back(region);
  }
  return parts;
}

/// The document without its tags, style sheet and titles, with the characters that its references stand for.
std::string visible_text(std::string document) {
  document = std::regex_replace(document, std::regex("<(style|title)>[^<]*</(style|title)>"), "");
  document = std::regex_replace(document, std::regex("<[^>]*>"), "\n");
  for (const auto& [reference, character] : std::vector<std::pair<std::string, std::string>>{
           {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&#39;", "'"}, {"&amp;", "&"}}) {
    for (std::size_t at = 0; (at = document.find(reference, at)) != std::string::npos; at += character.size()) {
      document.replace(at, reference.size(), character);
    }
  }
  return document;
}

/// What the text map says in lines of its own: headings, summaries, sizes with what they are of, and files.
std::vector<std::string> statements_of(const std::string& text) {
  std::vector<std::string> statements;
  std::istringstream lines(text);
  static const std::regex legend("  [^ ] (.+?) {2,}([0-9.]+ [a-zA-Z]+) +[0-9.]+ %");
  static const std::regex file(" +([0-9.]+ [a-zA-Z]+) +([0-9]+ pieces?)  (/.*)");
  static const std::regex cells("  [^ ]+");
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    if (std::regex_match(line, match, legend) || std::regex_match(line, match, file)) {
      statements.insert(statements.end(), match.begin() + 1, match.end());
    } else if (!line.empty() && !std::regex_match(line, cells) && !line.starts_with("   ") &&
               line != "  the largest:") {
      statements.push_back(line.substr(std::min(line.find_first_not_of(' '), line.size())));
    }
  }
  return statements;
}

void expect_all(const std::string& document, const std::vector<std::string>& statements) {
  EXPECT_GT(statements.size(), 60U);
  for (const std::string& statement : statements) {
    EXPECT_NE(document.find(statement), std::string::npos) << statement;
  }
}

TEST_F(Map, RegionsAreThePartitionsThatSfdiskSees) {
  const Json map = json();
  const auto parts = parts_of(map);
  const auto expected = partitions_of(disk());
  ASSERT_EQ(parts.size(), expected.size());
  for (std::size_t i = 0; i < parts.size(); ++i) {
    EXPECT_EQ(parts[i].at("offset"), expected[i].offset);
    EXPECT_EQ(parts[i].at("size"), expected[i].size);
    EXPECT_EQ(parts[i].at("partition").at("number"), i + 1);
  }
  std::uint64_t end = 0;
  for (const Json& region : map.at("regions")) {
    EXPECT_EQ(region.at("offset"), end);
    end += region.at("size").get<std::uint64_t>();
  }
  EXPECT_EQ(end, map.at("disk_size"));
  EXPECT_EQ(map.at("regions").at(0).at("structure"), "protective MBR");
  EXPECT_EQ(map.at("regions").back().at("structure"), "backup GPT header");
}

TEST_F(Map, SumsAreThoseOfDumpe2fs) {
  for (const Json& part : parts_of(json())) {
    const Json& volume = part.at("filesystem");
    if (volume.at("type") == "fat") continue;
    const auto fields = ext4_fields(disk() + "?offset=" + part.at("offset").dump());
    const std::uint64_t block_size = ext4_number(fields, "Block size");
    EXPECT_EQ(volume.at("totals").at("free"), ext4_number(fields, "Free blocks") * block_size);
    std::uint64_t all = 0;
    for (const Json& bytes : volume.at("totals")) all += bytes.get<std::uint64_t>();
    EXPECT_EQ(all, ext4_number(fields, "Block count") * block_size);
    EXPECT_EQ(volume.at("totals").at("unaccounted"), 0);
    std::uint64_t summed = 0;
    for (const Json& range : volume.at("ranges")) summed += range.at("size").get<std::uint64_t>();
    EXPECT_EQ(summed, all);
  }
}

TEST_F(Map, SumsAreThoseOfFsckVfat) {
  const Json part = parts_of(json()).at(0);
  const std::string image = read_text(disk()).substr(part.at("offset"), part.at("size"));
  write_text(work_ / "fat.img", image);
  const std::string verdict = expect_success({"fsck.vfat", "-n", "-v", (work_ / "fat.img").string()});
  std::smatch clusters;
  std::smatch size;
  ASSERT_TRUE(std::regex_search(verdict, clusters, std::regex("files, ([0-9]+)/([0-9]+) clusters"))) << verdict;
  ASSERT_TRUE(std::regex_search(verdict, size, std::regex("([0-9]+) bytes per cluster"))) << verdict;
  const Json& totals = part.at("filesystem").at("totals");
  EXPECT_EQ(totals.at("free"), (std::stoull(clusters[2]) - std::stoull(clusters[1])) * std::stoull(size[1]));
  EXPECT_EQ(totals.at("unaccounted"), 0);
  EXPECT_EQ(part.at("filesystem").at("files").at("count"), 20);
}

TEST_F(Map, FilesLieWhereTheirBytesAre) {
  const std::string image = read_text(disk());
  unsigned found = 0;
  for (const Json& part : parts_of(json())) {
    const bool is_fat = part.at("filesystem").at("type") == "fat";
    const std::string content = read_text(work_ / (is_fat ? "plain/large" : "tree/large"));
    const Json& file = part.at("filesystem").at("files").at("largest").at(0);
    EXPECT_EQ(file.at("path"), "/large");
    EXPECT_EQ(file.at("size"), content.size());
    std::string bytes;
    for (const Json& range : file.at("ranges")) bytes += image.substr(range.at("offset"), range.at("size"));
    EXPECT_EQ(bytes.size(), file.at("allocated"));
    EXPECT_EQ(bytes.substr(0, content.size()), content);
    ++found;
  }
  EXPECT_EQ(found, 3U);
}

TEST_F(Map, PicturesSayWhatTheTextSays) {
  const auto statements = statements_of(map({disk()}));
  expect_all(visible_text(drawn("map.svg")), statements);
  expect_all(visible_text(drawn("map.html")), statements);
}

TEST_F(Map, SumsOfThePageAreThoseOfTheJson) {
  const std::string page = drawn("map.html");
  for (const Json& part : parts_of(json())) {
    for (const Json& bytes : part.at("filesystem").at("totals")) {
      if (bytes != 0) {
        EXPECT_NE(page.find("title=\"" + bytes.dump() + " bytes\""), std::string::npos) << bytes;
      }
    }
  }
}

TEST_F(Map, NoNameCommandsTerminalOrBrowser) {
  const std::string text = map({disk()});
  EXPECT_EQ(text.find('\033'), std::string::npos);
  EXPECT_NE(text.find("\\033[31m\\377"), std::string::npos);
  for (const std::string name : {"map.svg", "map.html"}) {
    const std::string document = drawn(name);
    EXPECT_EQ(document.find("<img"), std::string::npos);
    EXPECT_NE(document.find("/&lt;img src=x onerror=alert(1)&gt;&amp;&quot;&#39;\\033[31m\\377"), std::string::npos);
  }
}

/// What fstool map prints on a terminal of 60 columns.
std::string on_terminal(const std::string& disk, const std::string& environment) {
  return expect_success({"script", "--quiet", "--return", "--command",
                         "stty cols 60; TERM=xterm " + environment + " '" FSTOOL_E2E_PROGRAM "' map '" + disk + "'",
                         "/dev/null"});
}

TEST_F(Map, TerminalsGetColoursUnlessTheyAreUnwanted) {
  const std::string coloured = on_terminal(disk(), "");
  EXPECT_NE(coloured.find("\033[48;5;"), std::string::npos);
  EXPECT_EQ(coloured.find("\033[31m"), std::string::npos);
  const std::string plain = on_terminal(disk(), "NO_COLOR=1");
  EXPECT_EQ(plain.find('\033'), std::string::npos);
  EXPECT_NE(plain.find("\n  " + std::string(58, '#') + "\r\n"), std::string::npos) << plain;
}

TEST_F(Map, OnePartitionCanBeShown) {
  const Json map = Json::parse(this->map({disk() + ":boot", "--json"}));
  ASSERT_EQ(map.at("regions").size(), 1U);
  EXPECT_EQ(map.at("regions").at(0).at("filesystem").at("label"), "BOOT");
  EXPECT_EQ(map.at("shown").at("offset"), map.at("regions").at(0).at("offset"));
}

TEST_F(Map, OutputIsAlwaysTheSame) {
  EXPECT_EQ(map({disk()}), map({disk()}));
  EXPECT_EQ(drawn("a.html"), drawn("b.html"));
  EXPECT_EQ(drawn("a.svg"), drawn("b.svg"));
}

TEST_F(Map, AnUnknownEndingIsRefused) {
  const ProcessResult result = run_fstool({"map", disk(), "-o", (work_ / "map.png").string()});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_NE(result.err.find(".svg"), std::string::npos) << result.err;
}

TEST_F(Map, ABrowserShowsWhatTheTextSays) {
  const Requirements browser = missing_requirements(false, {"chromium"});
  if (!browser.missing.empty() && !is_full_run()) GTEST_SKIP() << browser.missing;
  ASSERT_EQ(browser.missing, "");
  drawn("map.html");
  const std::string page = expect_success(
      {"chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
       "--disable-background-networking", "--disable-component-update", "--disable-sync",
       "--user-data-dir=" + (work_ / "profile").string(), "--dump-dom", "file://" + (work_ / "map.html").string()},
      {.environment = {{"HOME", work_.path().string()}}});
  EXPECT_EQ(page.find("<img"), std::string::npos);
  expect_all(visible_text(page), statements_of(map({disk()})));
}

}  // namespace
}  // namespace fstool::e2e
