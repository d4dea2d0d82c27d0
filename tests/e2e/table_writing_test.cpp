// Partition tables of many specs: sgdisk, sfdisk, fdisk, parted and the kernel see the partitions where fstool says
// that they are, with both sector sizes; specs that can't work are refused with the reason.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "harness/guest.h"
#include "harness/image.h"
#include "harness/mount.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

using nlohmann::json;

struct SpecCase {
  std::string name;
  std::string image;       ///< keys of [image]
  std::string partitions;  ///< the rest of the spec
  bool has_backup = true;  ///< false: no tool but the kernel takes a GPT for whole
  bool is_hybrid = false;  ///< tools differ on what such a disk has
};

std::ostream& operator<<(std::ostream& out, const SpecCase& spec) { return out << spec.name; }

std::string part(const std::string& keys) { return "[[partitions]]\n" + keys + "\n"; }
std::string linux_part(const std::string& keys) { return part("type = \"linux\"\n" + keys); }
std::string numbered(int count, const std::string& keys) {
  std::string text;
  for (int i = 1; i <= count; ++i) text += part(fmt::format("name = \"p{}\"\n{}", i, keys));
  return text;
}

const std::string kGpt = "partition_table = \"gpt\"\n";
const std::string kMbr = "partition_table = \"mbr\"\n";
const std::string k4096 = "sector_size = 4096\n";
const std::string kExt4 = "[partitions.filesystem]\ntype = \"ext4\"\nsource = \"tree\"\n";
const std::string kFat = "[partitions.filesystem]\ntype = \"fat\"\nsource = \"tree\"\n";

const std::string kSizedLinux = "type = \"linux\"\nsize = \"1MiB\"";

// clang-format off
std::vector<SpecCase> valid_specs() {
  return {
      {"GptOne", kGpt, linux_part("name = \"root\"\nsize = \"4MiB\"")},
      {"GptOne4096", kGpt + k4096, linux_part("name = \"root\"\nsize = \"4MiB\"")},
      {"GptFileSystems", kGpt, part("name = \"esp\"\ntype = \"esp\"\n" + kFat) + linux_part("name = \"root\"\n" + kExt4)},
      {"GptFileSystems4096", kGpt + k4096, part("type = \"esp\"\n" + kFat) + linux_part("name = \"root\"\n" + kExt4)},
      {"GptRemaining", kGpt + "size = \"64MiB\"\n", linux_part("size = \"remaining\"") + part("type = \"swap\"\nsize = \"8MiB\"")},
      {"GptShares", kGpt + "size = \"64MiB\"\n", linux_part("size = \"25%\"") + linux_part("size = \"50%\"") + linux_part("size = \"remaining\"")},
      {"GptOneEntry", kGpt + "entries = 1\n", linux_part("size = \"1MiB\"")},
      {"GptFourEntries4096", kGpt + k4096 + "entries = 4\n", numbered(4, kSizedLinux)},
      {"Gpt256Entries", kGpt + "entries = 256\n", numbered(200, "type = \"linux\"\nsize = \"64KiB\"\nalign = \"64KiB\"")},
      {"GptFull", kGpt, numbered(128, "type = \"linux\"\nsize = \"64KiB\"\nalign = 4096")},
      {"GptMovedTable", kGpt + "table_offset = \"1MiB\"\n", part("name = \"spl\"\nin_table = false\noffset = \"8KiB\"\ncontent = \"loader.bin\"") + linux_part(kExt4)},
      {"GptMovedTable4096", kGpt + k4096 + "table_offset = \"64KiB\"\n", part("in_table = false\noffset = \"8KiB\"\ncontent = \"small.bin\"") + linux_part("size = \"2MiB\"")},
      {"GptNoBackup", kGpt + "backup = false\n", linux_part("size = \"1MiB\"") + linux_part("size = \"3MiB\""), false},
      {"GptHybrid", kGpt, part("type = \"fat\"\nhybrid = 0x0c\nbootable = true\n" + kFat) + linux_part("size = \"4MiB\"\nhybrid = 0x83"), true, true},
      {"GptAttributes", kGpt, linux_part("size = \"1MiB\"\nattributes = [\"required\", \"legacy-boot\", 48]") + part("type = \"root-arm64\"\nsize = \"1MiB\"\nattributes = [\"read-only\", \"no-auto\", \"grow-file-system\"]")},
      {"GptIdentifiers", kGpt + "disk_guid = \"01234567-89ab-4def-8123-456789abcdef\"\n", linux_part("size = \"1MiB\"\nuuid = \"11111111-2222-4333-8444-555555555555\"\nlabel = \"Ωmega 🐧\"")},
      {"GptLongName", kGpt, linux_part("name = \"abcdefghijklmnopqrstuvwxyz0123456789\"\nsize = \"1MiB\"")},
      {"GptDiscoverable", kGpt, part("type = \"root-x86-64\"\nsize = \"1MiB\"") + part("type = \"root-x86-64-verity\"\nsize = \"1MiB\"") + part("type = \"usr-arm64-verity-sig\"\nsize = \"1MiB\"") + part("type = \"xbootldr\"\nsize = \"1MiB\"") + part("type = \"home\"\nsize = \"1MiB\"")},
      {"GptUnknownType", kGpt, part("type = \"deadbeef-0000-4000-8000-00000000cafe\"\nsize = \"1MiB\"")},
      {"GptOutOfOrder", kGpt + "size = \"64MiB\"\n", linux_part("size = \"4MiB\"\noffset = \"40MiB\"") + linux_part("size = \"4MiB\"\noffset = \"8MiB\"") + linux_part("size = \"1MiB\"\noffset = \"1MiB\"")},
      {"GptOddOffsets", kGpt, linux_part("size = 1536\noffset = \"17KiB\"") + linux_part("size = \"33KiB\"\noffset = 20480")},
      {"GptAlignments", kGpt + "alignment = \"8MiB\"\n", linux_part("size = \"1MiB\"") + linux_part("size = \"1MiB\"\nalign = \"4KiB\"\ngap = \"100KiB\"") + linux_part("size = \"1MiB\"")},
      {"GptBootCodeAndHoles", kGpt + "boot_code = \"boot.bin\"\n", part("in_table = false\noffset = \"1KiB\"\ncontent = \"loader.bin\"\nholes = [{ offset = 0, size = \"16KiB\" }]") + part("type = \"bios-boot\"\nsize = \"1MiB\"") + linux_part(kExt4)},
      {"GptContents", kGpt, part("type = \"u-boot-env\"\nsize = \"64KiB\"\ncontent = { fill = 0xff }") + linux_part("content = \"loader.bin\"") + linux_part("size = \"2MiB\"\ncontent = { file = \"loader.bin\" }")},
      {"MbrOne", kMbr, linux_part("size = \"4MiB\"\nbootable = true")},
      {"MbrOne4096", kMbr + k4096, linux_part("bootable = true\n" + kExt4)},
      {"MbrFour", kMbr, part("type = \"fat32\"\n" + kFat) + numbered(3, kSizedLinux)},
      {"MbrFileSystems4096", kMbr + k4096, part("type = 0x0c\n" + kFat) + linux_part(kExt4)},
      {"MbrSignature", kMbr + "disk_signature = 0x1234abcd\n", linux_part("size = \"1MiB\"")},
      {"MbrManyLogical", kMbr, numbered(12, kSizedLinux)},
      {"MbrManyLogical4096", kMbr + k4096, numbered(7, kSizedLinux)},
      {"MbrLogicalByName", kMbr, linux_part("size = \"1MiB\"") + linux_part("size = \"1MiB\"\nlogical = true") + linux_part("size = \"2MiB\"\nlogical = true")},
      {"MbrPrimaryBehindLogical", kMbr, linux_part("size = \"1MiB\"") + linux_part("size = \"1MiB\"\nlogical = true") + linux_part("size = \"1MiB\"\nlogical = true") + linux_part("size = \"3MiB\"\nlogical = false")},
      {"MbrExtendedByHand", kMbr + "size = \"64MiB\"\n", linux_part("size = \"1MiB\"") + part("type = \"extended\"\noffset = \"16MiB\"\nsize = \"32MiB\"") + linux_part("size = \"4MiB\"\nlogical = true") + linux_part("size = \"8MiB\"\nlogical = true")},
      {"MbrRemainingLogical", kMbr + "size = \"64MiB\"\n", numbered(4, kSizedLinux) + linux_part("size = \"remaining\"")},
      {"MbrLogicalFileSystems", kMbr, part("type = \"fat16\"\n" + kFat) + numbered(3, kSizedLinux) + linux_part(kExt4) + part("type = \"fat32\"\n" + kFat)},
      {"MbrBootCode", kMbr + "boot_code = \"boot.bin\"\n", part("in_table = false\noffset = 512\ncontent = \"small.bin\"") + linux_part("bootable = true\n" + kExt4)},
      {"MbrPayloadWithHole", kMbr, part("in_table = false\noffset = 0\ncontent = \"loader.bin\"\nholes = [{ offset = 440, size = 72 }]") + linux_part("size = \"1MiB\"")},
      {"MbrBeyondChs", kMbr + "size = \"20GiB\"\n", part("type = \"ntfs\"\nsize = \"9GiB\"") + linux_part("size = \"remaining\"")},
      {"MbrOutOfOrder", kMbr + "size = \"32MiB\"\n", linux_part("size = \"1MiB\"\noffset = \"20MiB\"") + part("type = \"lvm\"\nsize = \"1MiB\"\noffset = \"63KiB\"\nalign = 512")},
  };
}
// clang-format on

/// A partition as some program sees it.
struct Seen {
  std::uint64_t number = 0;
  std::uint64_t offset = 0;  ///< bytes
  std::uint64_t size = 0;    ///< bytes

  friend bool operator==(const Seen&, const Seen&) = default;
  friend std::ostream& operator<<(std::ostream& out, const Seen& seen) {
    return out << fmt::format("{}: {}+{}", seen.number, seen.offset, seen.size);
  }
};

/// The number at the end of "/dev/loop3p12".
std::uint64_t number_of(const std::string& node) { return std::stoull(node.substr(node.rfind('p') + 1)); }

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

class Table {
 public:
  /// `report` as `fstool run --json` gives it.
  explicit Table(const json& report) : table_(report.at("partition_table")) {}

  std::string type() const { return table_.at("type"); }
  std::string disk_id() const { return table_.at("disk_id"); }
  std::uint64_t sector_size() const { return table_.at("sector_size"); }

  /// By number, without what is not in the table.
  std::vector<json> partitions() const {
    std::vector<json> partitions;
    for (const json& partition : table_.at("partitions")) {
      if (partition.at("number") != 0) partitions.push_back(partition);
    }
    std::ranges::sort(partitions, {}, [](const json& entry) { return entry.at("number").get<unsigned>(); });
    return partitions;
  }

  std::vector<Seen> places() const {
    std::vector<Seen> places;
    for (const json& entry : partitions()) places.push_back({entry.at("number"), entry.at("offset"), entry.at("size")});
    return places;
  }

 private:
  json table_;
};

bool is_extended(const json& partition) {
  return partition.at("type") == "0x05" || partition.at("type") == "0x0f" || partition.at("type") == "0x85";
}

class TableWriting : public testing::Test {
 protected:
  TableWriting() {
    const TreeBuilder files(work_.path());
    const TreeBuilder tree(work_ / "tree");
    tree.file("hello", 100'000, Content::Text);
    tree.settle_times();
    files.file("loader.bin", 300'000, Content::Random);
    files.file("small.bin", 30'000, Content::Random);
    files.file("boot.bin", 440, Content::Random);
  }

  ProcessResult build(const SpecCase& spec, const std::string& output = "disk.img") const {
    write_text(work_ / "spec.toml", "seed = \"tables\"\n[image]\n" + spec.image + spec.partitions);
    return run_fstool({"run", (work_ / "spec.toml").string(), "-o", (work_ / output).string(), "--json"});
  }

  const TempDir work_;
};

class ValidTable : public TableWriting, public testing::WithParamInterface<SpecCase> {};

std::vector<Seen> seen_by_sfdisk(const json& table, std::uint64_t sector_size) {
  std::vector<Seen> seen;
  for (const json& entry : table.value("partitions", json::array())) {
    seen.push_back({number_of(entry.at("node")), entry.at("start").get<std::uint64_t>() * sector_size,
                    entry.at("size").get<std::uint64_t>() * sector_size});
  }
  std::ranges::sort(seen, {}, &Seen::number);
  return seen;
}

void expect_sfdisk_agrees(const std::string& device, const Table& ours) {
  const json theirs = json::parse(expect_success({"sfdisk", "--json", device})).at("partitiontable");
  EXPECT_EQ(theirs.at("label"), ours.type() == "mbr" ? "dos" : "gpt");
  EXPECT_EQ(lower(theirs.at("id")), ours.disk_id());
  EXPECT_EQ(seen_by_sfdisk(theirs, ours.sector_size()), ours.places());
  for (const json& entry : theirs.value("partitions", json::array())) {
    const std::vector<json> partitions = ours.partitions();
    const auto mine = std::ranges::find(partitions, number_of(entry.at("node")),
                                        [](const json& partition) { return partition.at("number").get<unsigned>(); });
    ASSERT_NE(mine, partitions.end());
    if (ours.type() == "mbr") {
      EXPECT_EQ(fmt::format("0x{:0>2}", entry.at("type").get<std::string>()), mine->at("type"));
      EXPECT_EQ(entry.value("bootable", false), mine->at("attributes") == 0x80) << entry;
    } else {
      EXPECT_EQ(lower(entry.at("type")), mine->at("type"));
      EXPECT_EQ(lower(entry.at("uuid")), mine->at("uuid"));
      EXPECT_EQ(entry.value("name", ""), mine->at("name"));
    }
  }
}

void expect_sfdisk_verifies(const std::string& device) {
  const ProcessResult result = run({"sfdisk", "--verify", device});
  EXPECT_EQ(result.exit_code, 0) << result.output();
  EXPECT_NE(result.output().find("No errors detected"), std::string::npos) << result.output();
}

void expect_sgdisk_verifies(const std::string& device) {
  const ProcessResult result = run({"sgdisk", "--verify", device});
  EXPECT_EQ(result.exit_code, 0) << result.output();
  EXPECT_NE(result.output().find("No problems found"), std::string::npos) << result.output();
}

/// `fdisk -l` has lines "/dev/loop0p1 * 2048 10239 8192 4M 83 Linux".
void expect_fdisk_agrees(const std::string& device, const Table& ours) {
  std::istringstream lines(expect_success({"fdisk", "-l", device}));
  std::vector<Seen> seen;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(device + "p")) continue;
    std::ranges::replace(line, '*', ' ');
    std::istringstream fields(line);
    std::string node;
    std::uint64_t start = 0;
    std::uint64_t end = 0;
    std::uint64_t sectors = 0;
    fields >> node >> start >> end >> sectors;
    EXPECT_EQ(end - start + 1, sectors) << line;
    seen.push_back({number_of(node), start * ours.sector_size(), sectors * ours.sector_size()});
  }
  std::ranges::sort(seen, {}, &Seen::number);
  EXPECT_EQ(seen, ours.places());
}

/// `parted -m` has lines "1:1048576B:5242879B:4194304B::root:;".
void expect_parted_agrees(const std::string& device, const Table& ours) {
  const ProcessResult result = run({"parted", "--script", "--machine", device, "unit", "B", "print"});
  EXPECT_EQ(result.exit_code, 0) << result.output();
  // In the C locale.
  const bool is_name = result.err == "Warning: failed to translate partition name\n";
  EXPECT_TRUE(result.err.empty() || is_name) << result.err;
  std::istringstream lines(result.out);
  std::string line;
  std::getline(lines, line);  // "BYT;"
  std::getline(lines, line);
  EXPECT_NE(line.find(ours.type() == "mbr" ? ":msdos:" : ":gpt:"), std::string::npos) << line;
  std::vector<Seen> seen;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    Seen partition;
    std::uint64_t end = 0;
    char unit = 0;
    fields >> partition.number >> unit >> partition.offset >> unit >> unit >> end >> unit >> unit >> partition.size;
    seen.push_back(partition);
  }
  std::ranges::sort(seen, {}, &Seen::number);
  EXPECT_EQ(seen, ours.places());
}

/// `seen` by the kernel of a guest.
void expect_kernel_agrees(const std::vector<KernelPartition>& kernel, const Table& ours) {
  constexpr std::uint64_t kUnit = 512;
  std::vector<Seen> seen;
  for (const KernelPartition& entry : kernel) seen.push_back({entry.number, entry.start * kUnit, entry.size * kUnit});
  std::vector<Seen> expected = ours.places();
  const std::vector<json> partitions = ours.partitions();
  for (std::size_t i = 0; i < std::min(seen.size(), expected.size()); ++i) {
    // Of an extended partition, the kernel shows the boot record alone.
    if (is_extended(partitions[i])) expected[i].size = seen[i].size;
  }
  EXPECT_EQ(seen, expected);
}

/// What fstool reads back is what it wrote.
void expect_fstool_agrees(const std::string& image, const Table& ours) {
  const json info = json::parse(expect_success({FSTOOL_E2E_PROGRAM, "info", "--json", image}));
  const json& theirs = info.at("partition_table");
  EXPECT_EQ(theirs.at("type"), ours.type());
  EXPECT_EQ(theirs.at("sector_size"), ours.sector_size());
  EXPECT_EQ(theirs.at("disk_id"), ours.disk_id());
  const std::vector<json> partitions = ours.partitions();
  ASSERT_EQ(theirs.at("partitions").size(), partitions.size());
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    const json& entry = theirs.at("partitions")[i];
    for (const char* const key : {"number", "offset", "size", "type", "uuid"}) {
      EXPECT_EQ(entry.at(key), partitions[i].at(key)) << key << " of " << entry;
    }
    if (ours.type() == "gpt") {
      EXPECT_EQ(entry.at("name"), partitions[i].at("name"));
    }
  }
}

TEST_P(ValidTable, IsSeenByEveryoneAsFstoolSays) {
  FSTOOL_E2E_REQUIRE(true, {"sgdisk", "sfdisk", "fdisk", "parted"});
  const SpecCase& spec = GetParam();
  const ProcessResult built = build(spec);
  ASSERT_EQ(built.exit_code, 0) << built.output();
  const std::string image = (work_ / "disk.img").string();
  const Table ours(json::parse(built.out));
  expect_fstool_agrees(image, ours);
  EXPECT_EQ(run_fstool({"check", image, "--quiet"}).exit_code, 0) << run_fstool({"check", image}).output();

  const LoopDevice loop(image, {.sector_size = static_cast<std::uint32_t>(ours.sector_size())});
  if (!spec.is_hybrid) {
    expect_sfdisk_agrees(loop.path(), ours);
    expect_fdisk_agrees(loop.path(), ours);
  }
  if (!spec.has_backup) return;
  if (!spec.is_hybrid) {
    expect_sfdisk_verifies(loop.path());
    expect_parted_agrees(loop.path(), ours);
  }
  if (ours.type() == "gpt") expect_sgdisk_verifies(loop.path());
}

TEST_P(ValidTable, HasTheSameBytesAlwaysAndOtherIdentifiersWithAnotherSeed) {
  FSTOOL_E2E_REQUIRE(false, {"qemu-img"});
  const SpecCase& spec = GetParam();
  const ProcessResult first = build(spec);
  ASSERT_EQ(first.exit_code, 0) << first.output();
  build(spec, "again.img");
  expect_success(
      {"qemu-img", "compare", "-f", "raw", "-F", "raw", (work_ / "disk.img").string(), (work_ / "again.img").string()});

  std::string text = read_text(work_ / "spec.toml");
  text.replace(text.find("tables"), 6, "others");
  write_text(work_ / "spec.toml", text);
  const json other = json::parse(run_fstool({"run", (work_ / "spec.toml").string(), "--plan", "--json"}).out);
  const auto is_given = [&](const std::string& identifier) { return text.find(identifier) != std::string::npos; };
  const Table ours(json::parse(first.out));
  const Table theirs(other);
  if (!is_given(ours.disk_id())) {
    EXPECT_NE(ours.disk_id(), theirs.disk_id());
  }
  if (text.find("disk_signature") != std::string::npos) return;
  const std::vector<json> partitions = ours.partitions();
  const std::vector<json> others = theirs.partitions();
  ASSERT_EQ(partitions.size(), others.size());
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    const std::string uuid = partitions[i].at("uuid");
    if (!is_given(uuid)) {
      EXPECT_NE(uuid, others[i].at("uuid"));
    }
  }
}

// One guest has the disks of all specs, because most of the time goes into starting it.
TEST_F(TableWriting, TheKernelSeesWhatFstoolSays) {
  FSTOOL_E2E_REQUIRE(false, {"qemu-system-x86_64", "busybox", "bsdtar", "apt-get", "dpkg-deb"});
  const std::vector<SpecCase> specs = valid_specs();
  std::vector<Table> tables;
  std::vector<GuestDisk> disks;
  for (const SpecCase& spec : specs) {
    const ProcessResult built = build(spec, spec.name + ".img");
    ASSERT_EQ(built.exit_code, 0) << spec.name << '\n' << built.output();
    tables.emplace_back(json::parse(built.out));
    disks.push_back({work_ / (spec.name + ".img"), static_cast<unsigned>(tables.back().sector_size())});
  }
  const auto seen = partitions_seen_by_kernel(disks, work_ / "guest");
  for (std::size_t i = 0; i < specs.size(); ++i) {
    SCOPED_TRACE(specs[i].name);
    expect_kernel_agrees(seen[i], tables[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(Specs, ValidTable, testing::ValuesIn(valid_specs()),
                         [](const testing::TestParamInfo<SpecCase>& param) { return param.param.name; });

// --- What is refused ------------------------------------------------------------------------------------------------

struct InvalidCase {
  std::string name;
  std::string image;
  std::string partitions;
  std::vector<std::string> words;  ///< of the message
};

std::ostream& operator<<(std::ostream& out, const InvalidCase& spec) { return out << spec.name; }

// clang-format off
std::vector<InvalidCase> invalid_specs() {
  const std::string one = linux_part("name = \"one\"\nsize = \"1MiB\"");
  return {
      {"Overlap", kGpt, linux_part("name = \"a\"\noffset = \"1MiB\"\nsize = \"2MiB\"") + linux_part("name = \"b\"\noffset = \"2MiB\"\nsize = \"1MiB\""), {"partition 1 (\"a\") (1 MiB to 3 MiB)", "partition 2 (\"b\") (2 MiB to 3 MiB)", "overlap", "->"}},
      {"OverlapOfPayloads", kGpt, part("name = \"spl\"\nin_table = false\noffset = \"32KiB\"\ncontent = \"small.bin\"") + part("name = \"env\"\nin_table = false\noffset = \"48KiB\"\nsize = \"4KiB\"") + one, {"the payload \"spl\"", "the payload \"env\"", "overlap"}},
      {"PayloadOnTheTable", kGpt, part("name = \"spl\"\nin_table = false\noffset = \"8KiB\"\ncontent = \"small.bin\"") + one, {"GPT partition entries", "the payload \"spl\" (8 KiB to ", "overlap", "->"}},
      {"PayloadOnTheMbr", kMbr, part("name = \"spl\"\nin_table = false\noffset = 0\ncontent = \"small.bin\"") + one, {"MBR", "the payload \"spl\"", "overlap"}},
      {"PartitionInTheTable", kGpt, linux_part("name = \"a\"\noffset = \"4KiB\"\nsize = \"1MiB\""), {"offset 4 KiB lies in the first 17 KiB of the disk, where gpt keeps its table"}},
      {"PartitionBeforeAMovedTable", kGpt + "table_offset = \"1MiB\"\n", linux_part("name = \"a\"\noffset = \"64KiB\"\nsize = \"64KiB\""), {"offset 64 KiB lies in the first", "where gpt keeps its table"}},
      {"DiskTooSmall", kGpt + "size = \"4MiB\"\n", linux_part("name = \"big\"\nsize = \"8MiB\""), {"partition 1 (\"big\") does not fit on a disk of 4 MiB", "at least \"10 MiB\"", "the end of the disk"}},
      {"NoRoomForTheBackup", kGpt + "size = \"4MiB\"\n", linux_part("name = \"a\"\noffset = \"1MiB\"\nsize = \"3MiB\""), {"does not fit", "gpt needs 16.5 KiB behind it", "backup GPT"}},
      {"Misaligned", kGpt + k4096, linux_part("name = \"a\"\noffset = 1049088\nsize = \"1MiB\""), {"offset 1049088 bytes (1 MiB) is not a multiple of the 4096-byte sector", "->"}},
      {"MisalignedByItsOwnRule", kGpt, linux_part("name = \"a\"\noffset = \"5MiB\"\nalign = \"4MiB\"\nsize = \"1MiB\""), {"offset 5 MiB is not a multiple of its alignment of 4 MiB", "->"}},
      {"OddDiskSize", kGpt + "size = 10000000\n", one, {"not a multiple of the 512-byte sector: set it to 10000384"}},
      {"TwoRemaining", kGpt + "size = \"1GiB\"\n", linux_part("size = \"remaining\"") + linux_part("size = \"remaining\""), {"only one partition can have the size \"remaining\""}},
      {"ShareOfAnAutomaticDisk", kGpt, linux_part("size = \"10%\""), {"spec.toml:6:", "a share of the disk means nothing here"}},
      {"NoSize", kGpt, linux_part("name = \"a\""), {"partition 1 (\"a\") has no size"}},
      {"UnknownType", kGpt, part("type = \"root-x86_64\"\nsize = \"1MiB\""), {"root-x86_64", "root-x86-64"}},
      {"UnknownTypeOfMbr", kMbr, part("type = \"linuks\"\nsize = \"1MiB\""), {"linuks", "linux"}},
      {"TooManyPartitions", kGpt + "entries = 2\n", numbered(3, kSizedLinux), {"3 partitions", "at most 2"}},
      {"NameTooLong", kGpt, linux_part("name = \"abcdefghijklmnopqrstuvwxyz0123456789x\"\nsize = \"1MiB\""), {"37", "36"}},
      {"BadUuid", kGpt, linux_part("size = \"1MiB\"\nuuid = \"not-a-guid\""), {"not-a-guid"}},
      {"UuidInAnMbr", kMbr, linux_part("size = \"1MiB\"\nuuid = \"11111111-2222-4333-8444-555555555555\""), {"mbr"}},
      {"UnknownAttribute", kGpt, linux_part("size = \"1MiB\"\nattributes = [\"readonly\"]"), {"readonly", "read-only"}},
      {"TooManyHybrid", kGpt, part("type = \"linux\"\nsize = \"1MiB\"\nhybrid = 0x83") + part("type = \"linux\"\nsize = \"1MiB\"\nhybrid = 0x83") + part("type = \"linux\"\nsize = \"1MiB\"\nhybrid = 0x83") + part("type = \"linux\"\nsize = \"1MiB\"\nhybrid = 0x83"), {"hybrid"}},
      {"UnknownKey", kGpt, linux_part("size = \"1MiB\"\nbotable = true"), {"spec.toml:", "botable", "bootable"}},
      {"KeyOfTheOtherTable", kMbr, linux_part("size = \"1MiB\"\nattributes = [\"required\"]"), {"spec.toml:", "attributes"}},
      {"BootCodeTooLong", kMbr + "boot_code = \"small.bin\"\n", one, {"boot code", "a boot sector of 512 bytes"}},
      {"FivePrimaries", kMbr, numbered(5, kSizedLinux + "\nlogical = false"), {"primary"}},
      {"PrimaryAmidLogical", kMbr, linux_part("size = \"1MiB\"\nlogical = true\noffset = \"2MiB\"") + linux_part("size = \"1MiB\"\nlogical = false\noffset = \"4MiB\"") + linux_part("size = \"1MiB\"\nlogical = true\noffset = \"8MiB\""), {"partition"}},
      {"BeyondWhatAnMbrCanAddress", kMbr, linux_part("name = \"a\"\nsize = \"3TiB\""), {"would end beyond 2 TiB", "use another partition table"}},
      {"ContentTooLarge", kGpt, linux_part("size = \"64KiB\"\ncontent = \"loader.bin\""), {"is too small for its content"}},
      {"MissingContent", kGpt, linux_part("content = \"nowhere.bin\""), {"spec.toml:6:", "nowhere.bin"}},
  };
}
// clang-format on

class InvalidTable : public TableWriting, public testing::WithParamInterface<InvalidCase> {};

TEST_P(InvalidTable, IsRefusedWithTheReason) {
  const InvalidCase& spec = GetParam();
  const ProcessResult result = build({.name = spec.name, .image = spec.image, .partitions = spec.partitions});
  EXPECT_EQ(result.exit_code, 1) << result.output();
  for (const std::string& word : spec.words) {
    EXPECT_NE(result.err.find(word), std::string::npos) << "no \"" << word << "\" in:\n" << result.err;
  }
  EXPECT_FALSE(std::filesystem::exists(work_ / "disk.img"));
}

INSTANTIATE_TEST_SUITE_P(Specs, InvalidTable, testing::ValuesIn(invalid_specs()),
                         [](const testing::TestParamInfo<InvalidCase>& param) { return param.param.name; });

}  // namespace
}  // namespace fstool::e2e
