#include "guest.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include "image.h"

namespace fstool::e2e {

namespace fs = std::filesystem;

namespace {

/// What the kernel starts. The report has a disk of its own, the last one, because a serial console is slow, and shared
/// with the kernel.
constexpr std::string_view kInit = R"init(#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
for module in /modules/*; do insmod "$module"; done
cd /
sh /script > /tmp/report 2> /tmp/errors
status=$?
disks=$(ls -d /sys/block/nvme0n* | wc -l)
cat /tmp/report > /dev/nvme0n$disks
sync
cat /tmp/errors
echo "guest: status $status, $(wc -c < /tmp/errors) bytes of errors, $(wc -c < /tmp/report) bytes of report"
poweroff -f
)init";

constexpr std::uint64_t kMaxReport = std::uint64_t{64} << 20U;

/// Says of each disk which partitions the kernel found.
constexpr std::string_view kListPartitions = R"script(
for disk in /sys/block/nvme0n*; do
  for entry in "$disk"/*/partition; do
    [ -e "$entry" ] || continue
    partition=${entry%/partition}
    echo "partition ${disk##*nvme0n} $(cat "$entry") $(cat "$partition/start") $(cat "$partition/size")"
  done
  echo "disk ${disk##*nvme0n} $(cat "$disk/queue/logical_block_size")"
done
)script";

Command qemu_command(const Command& arguments) {
  Command command = {"timeout", "300",         "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-m",
                     "512",     "-nodefaults", "-display",           "none",   "-no-reboot",       "-serial",
                     "stdio"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

/// An initial RAM file system of busybox, `kInit`, the script and its modules.
fs::path make_initramfs(const GuestScript& script, const Kernel& kernel, const fs::path& work) {
  const fs::path root = work / "initramfs";
  for (const char* const directory : {"bin", "proc", "sys", "dev", "mnt", "tmp", "modules"}) {
    fs::create_directories(root / directory);
  }
  fs::copy_file("/bin/busybox", root / "bin/busybox");
  for (std::size_t i = 0; i < script.modules.size(); ++i) {
    // The shell sorts them by their names.
    fs::copy_file(kernel.modules / (script.modules[i] + ".ko"), root / fmt::format("modules/{:02}.ko", i));
  }
  write_text(root / "script", std::string(script.text));
  write_text(root / "init", std::string(kInit));
  fs::permissions(root / "init", fs::perms::owner_all);
  expect_success({"bsdtar", "--create", "--format=newc", "--file=../initramfs.cpio", "."}, {.directory = root});
  return work / "initramfs.cpio";
}

/// QEMU's arguments for a namespace of the NVMe controller "disks".
Command namespace_arguments(std::size_t number, const GuestDisk& disk) {
  return {"-drive",
          fmt::format("if=none,id=d{},format=raw,readonly={},file={}", number,
                      disk.access == Access::ReadOnly ? "on" : "off", disk.raw.string()),
          "-device",
          fmt::format("nvme-ns,bus=disks,drive=d{0},nsid={0},logical_block_size={1},physical_block_size={1}", number,
                      disk.sector_size)};
}

}  // namespace

Kernel fetch_kernel(const fs::path& directory) {
  fs::create_directories(directory);
  // The package of the kernel is what the one that follows its versions depends on.
  const std::string depends = expect_success({"apt-cache", "depends", "--important", "linux-image-cloud-amd64"});
  const std::size_t begin = depends.find("linux-image-", depends.find("Depends:"));
  if (begin == std::string::npos) throw std::runtime_error("apt knows no kernel: run apt-get update");
  const std::string package = depends.substr(begin, depends.find_first_of(" \n", begin) - begin);
  expect_success({"apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", package}, {.directory = directory});
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().extension() == ".deb") {
      expect_success({"dpkg-deb", "-x", entry.path().string(), (directory / "kernel").string()});
    }
  }
  Kernel kernel;
  for (const auto& entry : fs::directory_iterator(directory / "kernel/boot")) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("vmlinuz-")) continue;
    kernel.image = entry.path();
    kernel.modules = directory / "kernel/lib/modules" / name.substr(name.find('-') + 1) / "kernel";
  }
  if (kernel.image.empty()) throw std::runtime_error("no kernel in " + package);
  return kernel;
}

Guest::Guest(const Command& arguments) : qemu_(qemu_command(arguments)) {}

std::string Guest::console() {
  const ProcessResult result = qemu_.wait();
  EXPECT_EQ(result.exit_code, 0) << result.output();
  EXPECT_EQ(result.err, "");
  std::string text = result.out;
  std::erase(text, '\r');
  return text;
}

std::string run_in_guest(const GuestScript& script, const std::vector<GuestDisk>& disks, const fs::path& work) {
  const Kernel kernel = fetch_kernel(work);
  const GuestDisk report{work / "report.raw", 512, Access::ReadWrite};
  write_text(report.raw, "");
  fs::resize_file(report.raw, kMaxReport);
  Command arguments = {
      "-kernel", kernel.image.string(),          "-initrd", make_initramfs(script, kernel, work).string(),
      "-append", "console=ttyS0 quiet panic=-1", "-device", "nvme,id=disks,serial=disks"};
  std::vector<GuestDisk> attached = disks;
  attached.push_back(report);
  for (std::size_t i = 0; i < attached.size(); ++i) {
    const Command more = namespace_arguments(i + 1, attached[i]);
    arguments.insert(arguments.end(), more.begin(), more.end());
  }
  const std::string console = Guest(arguments).console();

  constexpr std::string_view kSuccess = "guest: status 0, 0 bytes of errors, ";
  const std::size_t verdict = console.find(kSuccess);
  if (verdict == std::string::npos) {
    ADD_FAILURE() << console;
    return {};
  }
  const std::uint64_t size = std::stoull(console.substr(verdict + kSuccess.size()));
  EXPECT_LE(size, kMaxReport);
  fs::resize_file(report.raw, std::min(size, kMaxReport));
  return read_text(report.raw);
}

std::vector<std::vector<KernelPartition>> partitions_seen_by_kernel(const std::vector<GuestDisk>& disks,
                                                                    const fs::path& work) {
  const std::string report = run_in_guest({.text = kListPartitions}, disks, work);
  std::vector<std::vector<KernelPartition>> seen(disks.size());
  std::size_t reported = 0;
  std::istringstream lines(report);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string word;
    std::size_t disk = 0;
    fields >> word >> disk;
    if (disk < 1 || disk > disks.size()) continue;
    if (word == "partition") {
      KernelPartition& partition = seen[disk - 1].emplace_back();
      fields >> partition.number >> partition.start >> partition.size;
    } else if (word == "disk") {
      unsigned sector_size = 0;
      fields >> sector_size;
      EXPECT_EQ(sector_size, disks[disk - 1].sector_size);
      ++reported;
    }
  }
  EXPECT_EQ(reported, disks.size()) << report;
  for (auto& partitions : seen) std::ranges::sort(partitions, {}, &KernelPartition::number);
  return seen;
}

}  // namespace fstool::e2e
