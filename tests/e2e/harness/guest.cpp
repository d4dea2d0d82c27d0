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

/// Says of each namespace of the NVMe controller which partitions the kernel found.
constexpr std::string_view kInit = R"init(#!/bin/busybox sh
busybox mount -t proc none /proc
busybox mount -t sysfs none /sys
for disk in /sys/block/nvme0n*; do
  for entry in "$disk"/*/partition; do
    [ -e "$entry" ] || continue
    partition=${entry%/partition}
    echo "partition ${disk##*nvme0n} $(busybox cat "$entry") $(busybox cat "$partition/start") $(busybox cat "$partition/size")"
  done
  echo "disk ${disk##*nvme0n} $(busybox cat "$disk/queue/logical_block_size")"
done
busybox poweroff -f
)init";

Command qemu_command(const Command& arguments) {
  Command command = {"timeout", "300",         "qemu-system-x86_64", "-accel", "tcg,thread=multi", "-m",
                     "512",     "-nodefaults", "-display",           "none",   "-no-reboot",       "-serial",
                     "stdio"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

/// An initial RAM file system of busybox and `kInit`.
fs::path make_initramfs(const fs::path& work) {
  const fs::path root = work / "initramfs";
  for (const char* const directory : {"bin", "proc", "sys", "dev"}) fs::create_directories(root / directory);
  fs::copy_file("/bin/busybox", root / "bin/busybox");
  write_text(root / "init", std::string(kInit));
  fs::permissions(root / "init", fs::perms::owner_all);
  expect_success({"bsdtar", "--create", "--format=newc", "--file=../initramfs.cpio", "."}, {.directory = root});
  return work / "initramfs.cpio";
}

}  // namespace

fs::path fetch_kernel(const fs::path& directory) {
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
  for (const auto& entry : fs::directory_iterator(directory / "kernel/boot")) {
    if (entry.path().filename().string().starts_with("vmlinuz")) return entry.path();
  }
  throw std::runtime_error("no kernel in " + package);
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

std::vector<std::vector<KernelPartition>> partitions_seen_by_kernel(const std::vector<GuestDisk>& disks,
                                                                    const fs::path& work) {
  Command arguments = {"-kernel", fetch_kernel(work).string(),    "-initrd", make_initramfs(work).string(),
                       "-append", "console=ttyS0 quiet panic=-1", "-device", "nvme,id=disks,serial=tables"};
  for (std::size_t i = 0; i < disks.size(); ++i) {
    arguments.insert(
        arguments.end(),
        {"-drive", fmt::format("if=none,id=d{},format=raw,readonly=on,file={}", i, disks[i].raw.string()), "-device",
         fmt::format("nvme-ns,bus=disks,drive=d{0},nsid={1},logical_block_size={2},"
                     "physical_block_size={2}",
                     i, i + 1, disks[i].sector_size)});
  }
  const std::string console = Guest(arguments).console();
  std::vector<std::vector<KernelPartition>> seen(disks.size());
  std::size_t reported = 0;
  std::istringstream lines(console);
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
  EXPECT_EQ(reported, disks.size()) << console;
  for (auto& partitions : seen) std::ranges::sort(partitions, {}, &KernelPartition::number);
  return seen;
}

}  // namespace fstool::e2e
