// The examples, gathered from Debian packages and built as they are: QEMU's firmware and Debian's kernel boot them,
// and the guest sees on the disk what the host put there. The guest's kernel is the judge of FAT, whose driver hosts
// often lack.
//
// Needs the network: packages come from the host's apt sources.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/guest.h"
#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUefiFirmware = "/usr/share/ovmf/OVMF.fd";
/// For Debian's: boots into examples/debian/boot-check, which reports and switches off. A panic ends QEMU, too.
constexpr const char* kReportAndSwitchOff = " quiet panic=-1 systemd.show_status=false systemd.unit=boot-check.service";
constexpr std::string_view kReport = "fstool-boot ";

/// A guest that boots from a disk.
Guest boot(const fs::path& disk, Command arguments) {
  const std::string format = disk.extension() == ".qcow2" ? "qcow2" : "raw";
  arguments.insert(arguments.end(), {"-drive", "if=virtio,file=" + disk.string() + ",format=" + format});
  return Guest(arguments);
}

/// What follows `kReport` and `topic` in the lines of a console, in their order.
std::vector<std::string> reported(const std::string& console, const std::string& topic) {
  const std::string prefix = std::string(kReport) + topic + ' ';
  std::vector<std::string> found;
  std::istringstream lines(console);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(prefix)) found.push_back(line.substr(prefix.size()));
  }
  return found;
}

/// The partitions that sfdisk sees, in the words of boot-check.
std::vector<std::string> partitions_to_report(const fs::path& raw) {
  const auto table = nlohmann::json::parse(expect_success({"sfdisk", "--json", raw.string()})).at("partitiontable");
  std::vector<std::string> partitions;
  for (const auto& partition : table.at("partitions")) {
    const std::string number = partition.at("node").get<std::string>().substr(raw.string().size());
    const std::string disk_id = table.at("id").get<std::string>();
    std::string uuid =
        table.at("label") == "gpt" ? partition.at("uuid").get<std::string>() : disk_id.substr(2) + "-0" + number;
    std::ranges::transform(uuid, uuid.begin(), [](unsigned char c) { return std::tolower(c); });
    partitions.push_back(number + " start=" + std::to_string(partition.at("start").get<std::uint64_t>()) +
                         " size=" + std::to_string(partition.at("size").get<std::uint64_t>()) + " uuid=" + uuid +
                         " name=" + partition.value("name", ""));
  }
  return partitions;
}

/// "HASH  ./PATH" of every file in a directory, by path.
std::vector<std::string> files_to_report(const fs::path& directory) {
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(directory)) {
    if (!entry.is_regular_file()) continue;
    files.push_back(sha256(entry.path()) + "  ./" + entry.path().lexically_relative(directory).string());
  }
  std::ranges::sort(files, {}, [](const std::string& line) { return line.substr(64); });
  return files;
}

/// In "odd/", names and sizes of files that the gathered ones don't have.
void add_odd_files(const TreeBuilder& esp) {
  esp.directory("odd");
  esp.file("odd/" + std::string(251, 'n') + ".txt", "longest name");
  esp.file("odd/lower.txt", "the case is kept in two bits");
  esp.file("odd/MiXed.Case", "an alias");
  esp.file("odd/gr\xC3\xBC\xC3\x9F \xC4\x8D", "beyond ASCII");
  esp.file("odd/empty", "");
  esp.file("odd/a cluster and a byte", 4097, Content::Random);
  std::string deep = "odd/deep";
  for (int i = 0; i < 12; ++i, deep += "/level") esp.directory(deep);
  esp.file(fs::path(deep).parent_path().string() + "/bottom", 100'000, Content::Random);
  esp.directory("odd/many");
  for (int i = 0; i < 300; ++i) esp.file("odd/many/file number " + std::to_string(i), std::to_string(i));
  esp.settle_times(Precision::Seconds);
}

/// Replaces what is in `text` once.
void replace(std::string& text, const std::string& what, const std::string& by) {
  const std::size_t at = text.find(what);
  ASSERT_NE(at, std::string::npos) << what;
  text.replace(at, what.size(), by);
}

/// Puts all that mtools finds in a FAT file system into a new directory.
void copy_out(const fs::path& image, const fs::path& directory) {
  fs::create_directory(directory);
  expect_success({"mcopy", "-s", "-Q", "-i", image.string(), "::*", directory.string()},
                 {.environment = {{"LC_ALL", "C.UTF-8"}}});
}

class Examples : public testing::Test {
 protected:
  void SetUp() override {
    FSTOOL_E2E_REQUIRE(false, {"apt-get", "dpkg-deb", "e2fsck", "fsck.vfat", "mcopy", "mmdebstrap", "qemu-img",
                               "qemu-system-x86_64", "sfdisk", "sgdisk"});
    ASSERT_TRUE(fs::exists(kUefiFirmware)) << "the package ovmf is not installed";
    fs::copy(fs::path(FSTOOL_E2E_EXAMPLES) / "rootfs", work_ / "rootfs", fs::copy_options::recursive);
  }

  void gather(const std::string& name) const {
    expect_success({FSTOOL_E2E_EXAMPLES "/gather", name, inputs().string()});
  }
  fs::path inputs() const { return work_ / "inputs"; }

  /// Runs the spec of an example, which finds its inputs beside it, with `added` to the kernel's command line.
  fs::path build(const std::string& name, const std::string& extension, const std::string& added = "") const {
    std::string text = read_text(fs::path(FSTOOL_E2E_EXAMPLES) / (name + ".toml"));
    if (!added.empty()) replace(text, "console=ttyS0\n", "console=ttyS0" + added + "\n");
    const std::string esp = "volume_label = \"ESP\"\n";
    if (fs::exists(work_ / "odd") && text.find(esp) != std::string::npos)
      replace(text, esp, esp + "source = \"./odd\"\n");
    const fs::path spec = work_ / (name + ".toml");
    write_text(spec, text);
    const fs::path disk = work_ / (name + extension);
    expect_fstool_builds({"run", spec.string(), "-o", disk.string()}, 20'000);
    return disk;
  }

  /// What fstool and QEMU find in a disk that a guest has used, and the disk as raw bytes.
  static fs::path expect_good_after_use(const fs::path& disk) {
    expect_success({"qemu-img", "check", disk.string()});
    fs::path raw = disk;
    raw.replace_extension(".raw");
    expect_success({"qemu-img", "convert", "-O", "raw", disk.string(), raw.string()});
    const ProcessResult checked = run_fstool({"check", "--quiet", raw.string()});
    EXPECT_EQ(checked.exit_code, 0) << checked.output();
    return raw;
  }

  /// The FAT file system at `place`, in a file of its own.
  fs::path expect_good_fat(const fs::path& raw, const Extent& place) const {
    const fs::path image = work_ / "fat.raw";
    expect_success({"dd", "if=" + raw.string(), "of=" + image.string(), "bs=1M", "iflag=skip_bytes,count_bytes",
                    "skip=" + std::to_string(place.offset), "count=" + std::to_string(place.size), "status=none"});
    expect_success({"fsck.vfat", "-n", image.string()});
    return image;
  }

  /// The guest has read every file of the EFI system partition, and added one.
  void expect_good_esp(const fs::path& raw, const Extent& place, const std::string& console) const {
    const fs::path seen = raw.string() + ".esp";
    copy_out(expect_good_fat(raw, place), seen);
    const fs::path added = seen / "Written by the guest";
    EXPECT_TRUE(read_text(added).starts_with("written by 6.")) << read_text(added);
    fs::remove(added);
    EXPECT_EQ(reported(console, "file"), files_to_report(seen));
    expect_success({"diff", "-r", (work_ / "odd/odd").string(), (seen / "odd").string()});
    for (const char* file : {"vmlinuz", "initrd.img"}) {
      expect_success({"cmp", (inputs() / "debian" / file).string(), (seen / "debian" / file).string()});
    }
  }

  const TempDir work_;
};

/// The kernel has mounted the root, and sees the partitions that sfdisk does.
void expect_booted(const std::string& console, const std::string& root, const fs::path& raw) {
  EXPECT_EQ(reported(console, "root"), std::vector<std::string>{root}) << console;
  EXPECT_NE(console.find("fstool-boot-ok ext4\n"), std::string::npos) << console;
  EXPECT_EQ(reported(console, "partition"), partitions_to_report(raw));
}

// One test for several examples: most of the time goes into the Debian that they share. Two guests run side by side.
TEST_F(Examples, DebianBootsFromUefiAndFromBios) {
  gather("uefi-debian");
  gather("bios-debian");
  add_odd_files(TreeBuilder(work_ / "odd"));
  const fs::path uefi = build("uefi-debian", ".qcow2", kReportAndSwitchOff);
  const fs::path bios = build("bios-debian", ".qcow2", kReportAndSwitchOff);

  Guest uefi_guest = boot(uefi, {"-bios", kUefiFirmware});
  Guest bios_guest = boot(bios, {});
  {
    SCOPED_TRACE("uefi-debian");
    const std::string console = uefi_guest.console();
    const fs::path raw = expect_good_after_use(uefi);
    expect_booted(console, "/dev/vda2 ext4 rw,relatime", raw);
    const std::vector<Extent> partitions = partitions_of(raw);
    ASSERT_EQ(partitions.size(), 2U);
    expect_good_esp(raw, partitions[0], console);
    expect_clean_ext4(raw, partitions[1].offset);
  }
  {
    SCOPED_TRACE("bios-debian");
    const std::string console = bios_guest.console();
    const fs::path raw = expect_good_after_use(bios);
    expect_booted(console, "/dev/vda1 ext4 rw,relatime", raw);
    const std::vector<Extent> partitions = partitions_of(raw);
    ASSERT_EQ(partitions.size(), 1U);
    expect_clean_ext4(raw, partitions[0].offset);
  }
}

/// They take another minute.
class MoreExamples : public Examples, public testing::WithParamInterface<std::string> {};

TEST_P(MoreExamples, ARootIsCheckedByVerityAndAMicrovmBoots) {
  gather("verity-root");
  gather("microvm");
  add_odd_files(TreeBuilder(work_ / "odd"));
  const fs::path verity = build("verity-root", ".qcow2", kReportAndSwitchOff);
  const fs::path microvm = build("microvm", ".ext4");

  Guest verity_guest = boot(verity, {"-bios", kUefiFirmware});
  Guest microvm_guest = boot(microvm, {"-kernel", (inputs() / "debian/vmlinuz").string(),     //
                                       "-initrd", (inputs() / "debian/initrd.img").string(),  //
                                       "-append", "console=ttyS0 root=/dev/vda rw quiet panic=-1 poweroff"});
  {
    SCOPED_TRACE("verity-root");
    const std::string console = verity_guest.console();
    const fs::path raw = expect_good_after_use(verity);
    expect_booted(console, "/dev/mapper/root ext4 ro,relatime", raw);
    const std::vector<Extent> partitions = partitions_of(raw);
    ASSERT_EQ(partitions.size(), 3U);
    expect_good_esp(raw, partitions[2], console);
  }
  {
    SCOPED_TRACE("microvm");
    const std::string console = microvm_guest.console();
    EXPECT_NE(console.find("root: /dev/vda / ext4 rw,relatime"), std::string::npos) << console;
    expect_clean_ext4(microvm);
  }
}

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(MoreExamples);
INSTANTIATE_TEST_SUITE_P(Full, MoreExamples, testing::ValuesIn(full_runs()),
                         [](const testing::TestParamInfo<std::string>& param) { return param.param; });

TEST_F(Examples, CardsForBoardsAreWhatTheirFirmwareLooksFor) {
  gather("raspberry-pi");
  const fs::path pi = build("raspberry-pi", ".img");
  expect_success({"sfdisk", "--verify", pi.string()});
  std::vector<Extent> partitions = partitions_of(pi);
  ASSERT_EQ(partitions.size(), 2U);
  const fs::path seen = work_ / "firmware";
  copy_out(expect_good_fat(pi, partitions[0]), seen);
  EXPECT_EQ(read_text(seen / "cmdline.txt"), "console=serial0,115200 root=LABEL=ROOT rw rootwait\n");
  fs::remove(seen / "cmdline.txt");
  fs::remove(seen / "config.txt");
  expect_success({"diff", "-r", (inputs() / "raspberry-pi/firmware").string(), seen.string()});
  expect_clean_ext4(pi, partitions[1].offset);

  gather("u-boot-board");
  const fs::path board = build("u-boot-board", ".img");
  const std::string verdict = expect_success({"sgdisk", "--verify", board.string()});
  EXPECT_NE(verdict.find("No problems found"), std::string::npos) << verdict;
  const auto expect_bytes_at = [&](const std::string& offset, const char* file) {
    const fs::path content = inputs() / "u-boot-board" / file;
    expect_success({"cmp", "--ignore-initial=" + offset + ":0", "--bytes=" + std::to_string(fs::file_size(content)),
                    board.string(), content.string()});
  };
  expect_bytes_at("8192", "sunxi-spl.bin");
  expect_bytes_at("40960", "u-boot-sunxi-with-spl.fit.itb");
  partitions = partitions_of(board);
  ASSERT_EQ(partitions.size(), 1U);
  expect_clean_ext4(board, partitions[0].offset);
}

}  // namespace
}  // namespace fstool::e2e
