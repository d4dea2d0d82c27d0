// The examples, gathered from Debian packages and built as they are: QEMU's firmware and Debian's kernel boot them,
// and the guest sees on the disk what the host put there. The guest's kernel is the judge of FAT, whose driver hosts
// often lack.
//
// Needs the network: packages come from the host's apt sources.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUefiFirmware = "/usr/share/ovmf/OVMF.fd";
/// Boots into examples/debian/boot-check, which reports and switches off; a panic ends QEMU, too.
constexpr const char* kKernelOptions = "quiet panic=-1 systemd.show_status=false systemd.unit=boot-check.service";
constexpr std::string_view kReport = "fstool-boot ";

/// A guest that QEMU boots from a disk, with 512 MiB of memory; what it says on its serial console is the standard
/// output. Without acceleration: where there is none, the test is the same.
class Guest {
 public:
  Guest(const fs::path& disk, const Command& arguments) : qemu_(command(disk, arguments)) {}

  /// Waits until it switches itself off, and returns its console.
  std::string console() {
    const ProcessResult result = qemu_.wait();
    EXPECT_EQ(result.exit_code, 0) << result.output();
    EXPECT_EQ(result.err, "");
    std::string text = result.out;
    std::erase(text, '\r');
    return text;
  }

 private:
  static Command command(const fs::path& disk, const Command& arguments) {
    // A guest that hangs is ended: after `timeout`'s seconds it is no longer a slow one.
    Command command = {"timeout", "300",         "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-m",
                       "512",     "-nodefaults", "-display",           "none",   "-no-reboot",       "-serial",
                       "stdio"};
    command.insert(command.end(), {"-drive", "if=virtio,file=" + disk.string() +
                                                 ",format=" + (disk.extension() == ".qcow2" ? "qcow2" : "raw")});
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
  }

  Process qemu_;
};

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

/// Names and sizes of files that the gathered ones don't have.
void add_odd_files(const TreeBuilder& esp) {
  esp.directory("Odd names");
  esp.file("Odd names/" + std::string(251, 'n') + ".txt", "longest name");
  esp.file("Odd names/lower.txt", "the case is kept in two bits");
  esp.file("Odd names/MiXed.Case", "an alias");
  esp.file(
      "Odd names/gr\xC3\xBC\xC3\x9F "
      "\xF0\x9F\x90\xA7",
      "surrogates");
  esp.file("Odd names/empty", "");
  esp.file("Odd names/a cluster and a byte", 4097, Content::Random);
  std::string deep = "deep";
  for (int i = 0; i < 12; ++i, deep += "/level") esp.directory(deep);
  esp.file(deep.substr(0, deep.rfind('/')) + "/bottom", 100'000, Content::Random);
  esp.directory("many");
  for (int i = 0; i < 300; ++i) esp.file("many/file number " + std::to_string(i), std::to_string(i));
}

class Boot : public testing::Test {
 protected:
  void SetUp() override {
    FSTOOL_E2E_REQUIRE(false, {"qemu-system-x86_64", "qemu-img", "apt-get", "dpkg-deb", "mmdebstrap", "sfdisk",
                               "fsck.vfat", "mtype", "e2fsck"});
    ASSERT_TRUE(fs::exists(kUefiFirmware)) << "the package ovmf is not installed";
  }

  void gather(const std::string& name) const {
    expect_success({FSTOOL_E2E_EXAMPLES "/gather", name, (work_ / "inputs").string()},
                   {.environment = {{"KERNEL_OPTIONS", kKernelOptions}}});
  }

  /// Runs the spec of an example, which finds its inputs beside it.
  fs::path build(const std::string& name, const std::string& extension) const {
    const fs::path spec = work_ / (name + ".toml");
    fs::copy_file(fs::path(FSTOOL_E2E_EXAMPLES) / (name + ".toml"), spec);
    const fs::path disk = work_ / (name + extension);
    expect_fstool_builds({"run", spec.string(), "-o", disk.string()}, 20'000);
    return disk;
  }

  /// What fstool and QEMU find in a disk that a guest has used, and the disk as raw bytes.
  fs::path expect_good_after_use(const fs::path& disk) const {
    expect_success({"qemu-img", "check", disk.string()});
    const ProcessResult checked = run_fstool({"check", "--quiet", disk.string()});
    EXPECT_EQ(checked.exit_code, 0) << checked.output();
    fs::path raw = disk;
    raw.replace_extension(".raw");
    expect_success({"qemu-img", "convert", "-O", "raw", disk.string(), raw.string()});
    return raw;
  }

  /// The EFI system partition, whose files the guest has read, and to which it has added one.
  void expect_good_esp(const fs::path& raw, const Extent& place, const std::string& console) const {
    EXPECT_EQ(reported(console, "file"), files_to_report(work_ / "inputs/uefi-debian/esp"));
    const fs::path esp = work_ / "esp.raw";
    expect_success({"dd", "if=" + raw.string(), "of=" + esp.string(), "bs=1M", "iflag=skip_bytes,count_bytes",
                    "skip=" + std::to_string(place.offset), "count=" + std::to_string(place.size), "status=none"});
    expect_success({"fsck.vfat", "-n", esp.string()});
    const std::string written = expect_success({"mtype", "-i", esp.string(), "::/Written by the guest"});
    EXPECT_TRUE(written.starts_with("written by 6.")) << written;
  }

  const TempDir work_;
};

/// The root was mounted and everything was looked at.
void expect_booted(const std::string& console, const std::string& root) {
  EXPECT_EQ(reported(console, "root"), std::vector<std::string>{root}) << console;
  EXPECT_NE(console.find("fstool-boot-ok ext4\n"), std::string::npos) << console;
}

// One test, because most of the time goes into the Debian that both have. Two guests run side by side.
TEST_F(Boot, DebianFromUefiAndFromBios) {
  gather("uefi-debian");
  gather("bios-debian");
  add_odd_files(TreeBuilder(work_ / "inputs/uefi-debian/esp"));
  const fs::path uefi = build("uefi-debian", ".qcow2");
  const fs::path bios = build("bios-debian", ".qcow2");

  Guest uefi_guest(uefi, {"-bios", kUefiFirmware});
  Guest bios_guest(bios, {});
  {
    SCOPED_TRACE("uefi-debian");
    const std::string console = uefi_guest.console();
    expect_booted(console, "/dev/vda2 ext4 rw,relatime");
    const fs::path raw = expect_good_after_use(uefi);
    EXPECT_EQ(reported(console, "partition"), partitions_to_report(raw));
    const std::vector<Extent> partitions = partitions_of(raw);
    ASSERT_EQ(partitions.size(), 2U);
    expect_good_esp(raw, partitions[0], console);
    expect_clean_ext4(raw, partitions[1].offset);
  }
  {
    SCOPED_TRACE("bios-debian");
    const std::string console = bios_guest.console();
    expect_booted(console, "/dev/vda1 ext4 rw,relatime");
    const fs::path raw = expect_good_after_use(bios);
    EXPECT_EQ(reported(console, "partition"), partitions_to_report(raw));
    expect_clean_ext4(raw, partitions_of(raw).at(0).offset);
  }
}

}  // namespace
}  // namespace fstool::e2e
