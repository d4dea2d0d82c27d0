// Partition tables that other people's tools made are read exactly as they are: what `fstool info --json` says of the
// partitions is what sfdisk says of them, or partx where the sectors are of 4096 bytes. (An MBR does not say the size
// of its sectors: those of 4096 bytes are left out.)

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"

namespace fstool::e2e {
namespace {

using Json = nlohmann::json;

struct ForeignTable {
  std::string name;
  std::string table;           ///< "gpt", "mbr"
  std::string script;          ///< for sh: makes disk.img
  std::size_t partitions;      ///< that it makes
  unsigned sector_size = 512;  ///< bytes
};

std::ostream& operator<<(std::ostream& out, const ForeignTable& table) { return out << table.name; }

/// A script that makes disk.img, of 64 MiB, with a command.
std::string by(const std::string& command) { return "truncate -s 64M disk.img\n" + command + "\n"; }

std::string by_sgdisk(const std::string& arguments) { return by("sgdisk " + arguments + " disk.img"); }

std::string by_sfdisk(const std::string& input) { return by("sfdisk --quiet disk.img <<'END'\n" + input + "END"); }

std::string by_fdisk(const std::string& keys, const std::string& options = "") {
  return by("printf '" + keys + "' | fdisk " + options + " disk.img");
}

std::string by_genimage(const std::string& section, const std::string& partitions) {
  return "mkdir root tmp input\nhead -c 100000 /dev/urandom > input/bytes\ncat > config <<'END'\nimage disk.img { size "
         "= "
         "64M\n hdimage { " +
         section + " }\n" + partitions +
         "}\nEND\ngenimage --config config --rootpath root --tmppath tmp --inputpath input --outputpath .\n";
}

std::vector<ForeignTable> foreign_tables() {
  return {
      {"SgdiskGpt", "gpt",
       by_sgdisk("-n 1:2048:+1M -t 1:ef00 -c 1:ESP -n 2:0:+8M -c '2:größe 🚀' -t 2:8304 -A 2:set:2 -A 2:set:60 -n 3:0:0 "
                 "-t 3:8309"),
       3},
      {"SgdiskNumbersWithGapsOutOfOrder", "gpt",
       by_sgdisk("-n 7:4096:+1M -n 2:40960:+1M -n 128:20480:+1M -n 5:2048:+512K"), 4},
      {"SgdiskFourEntries", "gpt", by_sgdisk("-o -S 4 -n 1:0:+1M -n 4:0:+1M"), 2},
      {"Sgdisk256Entries", "gpt", by_sgdisk("-o -S 256 -n 1:0:+1M -n 200:0:+1M -n 256:0:+1M"), 3},
      {"SgdiskMovedArray", "gpt", by_sgdisk("-o -j 2048 -n 1:0:+1M -n 2:0:+1M"), 2},
      {"SgdiskHybrid", "gpt", by_sgdisk("-n 1:0:+1M -t 1:0700 -n 2:0:+4M -n 3:0:+4M") + "sgdisk -h 1:3 disk.img\n", 3},
      {"SgdiskAtEverySector", "gpt", by_sgdisk("-a 1 -n 1:34:34 -n 2:35:1000 -n 3:131038:131038"), 3},
      {"SgdiskEmpty", "gpt", by_sgdisk("-o"), 0},
      {"SfdiskGpt", "gpt",
       by_sfdisk("label: gpt\nsize=1M, type=U, name=\"a, b\", attrs=RequiredPartition\nsize=4M, type=L, "
                 "attrs=\"LegacyBIOSBootable,GUID:48,63\"\ntype=S\n"),
       3},
      {"SfdiskOneEntry", "gpt", by_sfdisk("label: gpt\ntable-length: 1\nsize=4M\n"), 1},
      {"Sfdisk200Entries", "gpt", by_sfdisk("label: gpt\ntable-length: 200\nsize=4M\n199: size=1M\n"), 2},
      {"FdiskGpt", "gpt", by_fdisk("g\\nn\\n\\n\\n+4M\\nn\\n\\n\\n+8M\\nt\\n1\\n1\\nw\\n"), 2},
      {"FdiskGptWith4096ByteSectors", "gpt", by_fdisk("g\\nn\\n\\n\\n+4M\\nn\\n9\\n\\n+8M\\nw\\n", "-b 4096"), 2, 4096},
      {"PartedGpt", "gpt",
       by("parted -s disk.img mklabel gpt mkpart first ext4 1MiB 5MiB mkpart second fat32 5MiB 60MiB set 2 esp on set "
          "1 "
          "legacy_boot on"),
       2},
      {"PartedGptWith4096ByteSectors", "gpt",
       by("PARTED_SECTOR_SIZE=4096 parted -s disk.img mklabel gpt mkpart first ext4 1MiB 5MiB mkpart second fat32 5MiB "
          "60MiB set 2 esp on"),
       2, 4096},
      {"GenimageGpt", "gpt",
       by_genimage("partition-table-type = gpt",
                   "partition a { image = bytes partition-type-uuid = U bootable = true }\n"
                   "partition b { size = 4M read-only = true hidden = true no-automount = true }\n"),
       2},
      {"GenimageMovedArrayAndLoader", "gpt",
       by_genimage("partition-table-type = gpt gpt-location = 1M align = 1M",
                   "partition spl { in-partition-table = false image = bytes offset = 8K }\n"
                   "partition a { image = bytes }\npartition b { image = bytes offset = 32M }\n"),
       2},
      {"GenimageWithoutBackup", "gpt",
       by_genimage("partition-table-type = gpt gpt-no-backup = true fill = true align = 1M",
                   "partition a { image = bytes }\npartition b { image = bytes }\n"),
       2},
      {"GenimageHybrid", "gpt",
       by_genimage("partition-table-type = hybrid align = 1M",
                   "partition a { image = bytes partition-type = 0xc partition-type-uuid = F bootable = true }\n"
                   "partition b { image = bytes }\n"),
       2},
      {"GenimageOutOfOrder", "gpt",
       by_genimage("partition-table-type = gpt align = 1M",
                   "partition a { image = bytes offset = 32M }\npartition b { image = bytes offset = 1M }\n"),
       2},
      {"SfdiskMbr", "mbr", by_sfdisk("label: dos\nsize=1M, type=c, bootable\nsize=4M, type=82\nsize=8M, type=83\n"), 3},
      {"SfdiskLogical", "mbr",
       by_sfdisk(
           "label: dos\nsize=1M, type=c\nsize=40M, type=f\nsize=4M, type=83\nsize=4M, type=82\nsize=1M, type=83\n"),
       5},
      {"SfdiskMbrOutOfOrder", "mbr",
       by_sfdisk("label: dos\nstart=40M, size=1M, type=83\nstart=1M, size=1M, type=da\nstart=20M, size=1M, type=7\n"),
       3},
      {"FdiskMbr", "mbr", by_fdisk("o\\nn\\np\\n1\\n\\n+4M\\nn\\np\\n3\\n\\n+8M\\na\\n1\\nw\\n"), 2},
      {"PartedLogical", "mbr",
       by("parted -s disk.img mklabel msdos mkpart primary fat32 1MiB 5MiB mkpart extended 5MiB 60MiB mkpart logical "
          "ext4 6MiB 10MiB mkpart logical ext4 11MiB 20MiB set 1 boot on"),
       4},
      {"GenimageLogical", "mbr",
       by_genimage("partition-table-type = mbr align = 1M fill = true",
                   "partition a { image = bytes partition-type = 0xc bootable = true }\n"
                   "partition b { image = bytes partition-type = 0x83 }\npartition c { image = bytes partition-type = "
                   "0x83 }\npartition d { image = bytes partition-type = 0x83 }\npartition e { image = bytes "
                   "partition-type = 0x83 }\n"),
       6},
  };
}

/// What is known of a partition, as all of them say it.
struct Seen {
  unsigned number = 0;
  std::uint64_t offset = 0;  ///< bytes
  std::uint64_t size = 0;    ///< bytes
  std::string type;          ///< a GUID in lower case, or "0x83"
  std::string uuid;          ///< lower case
  std::string name;
  std::uint64_t attributes = 0;
  bool operator==(const Seen&) const = default;
};

void PrintTo(const Seen& seen, std::ostream* out) {
  *out << fmt::format("{}: {} bytes from {}, type {}, uuid {}, \"{}\", attributes {:#x}", seen.number, seen.size,
                      seen.offset, seen.type, seen.uuid, seen.name, seen.attributes);
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

/// Of a partition type of an MBR as sfdisk writes it: "c".
std::string mbr_type(const std::string& text) { return fmt::format("0x{:02x}", std::stoul(text, nullptr, 16)); }

/// Bits of "RequiredPartition LegacyBIOSBootable GUID:48,60".
std::uint64_t attribute_bits(const std::string& text) {
  std::uint64_t bits = 0;
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (word == "RequiredPartition") bits |= 1;
    if (word == "NoBlockIOProtocol") bits |= 2;
    if (word == "LegacyBIOSBootable") bits |= 4;
    if (!word.starts_with("GUID:")) continue;
    std::istringstream numbers(word.substr(5));
    for (std::string number; std::getline(numbers, number, ',');) bits |= std::uint64_t{1} << std::stoul(number);
  }
  return bits;
}

std::vector<Seen> seen_by_sfdisk(const std::filesystem::path& disk, bool is_gpt) {
  const Json table = Json::parse(run({"sfdisk", "--json", disk.string()}).out).at("partitiontable");
  std::vector<Seen> partitions;
  for (const Json& each : table.value("partitions", Json::array())) {
    Seen seen;
    const std::string node = each.at("node");
    seen.number = static_cast<unsigned>(std::stoul(node.substr(disk.string().size())));
    seen.offset = each.at("start").get<std::uint64_t>() * 512;
    seen.size = each.at("size").get<std::uint64_t>() * 512;
    seen.type = is_gpt ? lower(each.at("type")) : mbr_type(each.at("type"));
    // What Linux calls the partitions of an MBR: the disk's identifier, and their number.
    seen.uuid = is_gpt ? lower(each.at("uuid"))
                       : fmt::format("{}-{:02x}", table.at("id").get<std::string>().substr(2), seen.number);
    seen.name = each.value("name", "");
    seen.attributes = is_gpt ? attribute_bits(each.value("attrs", "")) : each.value("bootable", false) ? 0x80 : 0;
    partitions.push_back(seen);
  }
  std::ranges::sort(partitions, {}, &Seen::number);
  return partitions;
}

/// Of a GPT. partx counts sectors of 512 bytes, whatever the disk's are.
std::vector<Seen> seen_by_partx(const std::filesystem::path& disk, unsigned sector_size) {
  std::istringstream lines(
      expect_success({"partx", "--sector-size", std::to_string(sector_size), "--raw", "--noheadings", "--output",
                      "NR,START,SECTORS,TYPE,FLAGS,UUID,NAME", disk.string()}));
  std::vector<Seen> partitions;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    Seen seen;
    std::string flags;
    fields >> seen.number >> seen.offset >> seen.size >> seen.type >> flags >> seen.uuid >> seen.name;
    seen.offset *= 512;
    seen.size *= 512;
    seen.attributes = std::stoull(flags, nullptr, 16);
    partitions.push_back(seen);
  }
  return partitions;
}

std::vector<Seen> seen_by_fstool(const Json& table) {
  std::vector<Seen> partitions;
  for (const Json& each : table.at("partitions")) {
    Seen seen;
    seen.number = each.at("number");
    seen.offset = each.at("offset");
    seen.size = each.at("size");
    seen.type = each.at("type");
    seen.uuid = each.at("uuid").is_null() ? "" : each.at("uuid").get<std::string>();
    seen.name = each.at("name");
    seen.attributes = each.at("attributes");
    partitions.push_back(seen);
  }
  return partitions;
}

class TableReading : public testing::TestWithParam<ForeignTable> {};

TEST_P(TableReading, EveryPartitionIsAsItsMakerSays) {
  FSTOOL_E2E_REQUIRE(false, {"sgdisk", "sfdisk", "fdisk", "parted", "partx", "genimage"});
  const ForeignTable& foreign = GetParam();
  const TempDir work;
  write_text(work / "make.sh", "set -e\n" + foreign.script);
  expect_success({"sh", "make.sh"}, {.directory = work.path()});
  const std::filesystem::path disk = work / "disk.img";
  const bool is_gpt = foreign.table == "gpt";

  const ProcessResult info = run_fstool({"info", "--json", disk.string()});
  ASSERT_EQ(info.exit_code, 0) << info.err;
  EXPECT_EQ(info.err, "");
  const Json table = Json::parse(info.out).at("partition_table");
  EXPECT_EQ(table.at("type"), foreign.table);
  EXPECT_EQ(table.at("sector_size"), foreign.sector_size);
  const std::vector<Seen> seen = seen_by_fstool(table);
  EXPECT_EQ(seen.size(), foreign.partitions);
  EXPECT_EQ(seen, foreign.sector_size == 512 ? seen_by_sfdisk(disk, is_gpt) : seen_by_partx(disk, foreign.sector_size));
}

INSTANTIATE_TEST_SUITE_P(Tools, TableReading, testing::ValuesIn(foreign_tables()),
                         [](const testing::TestParamInfo<ForeignTable>& param) { return param.param.name; });

}  // namespace
}  // namespace fstool::e2e
