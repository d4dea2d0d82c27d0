// What fstool asks of the kernel: how much it reads and writes, and when it waits for the disk.

#include <gtest/gtest.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

struct Call {
  std::string name;
  std::string arguments;  ///< file descriptors with the path of the file behind them
  std::int64_t result = 0;

  bool mentions(std::string_view text) const { return arguments.find(text) != std::string::npos; }
};

/// A line of strace(1): `pread64(3</a/file>, ""..., 10, 0) = 10`.
std::optional<Call> parse_call(std::string_view line) {
  const std::size_t open = line.find('(');
  const std::size_t equals = line.rfind(") ");
  const std::size_t number = line.rfind("= ");
  // Calls that are younger than strace are shown whatever the filter.
  if (line.starts_with("syscall_0x")) return std::nullopt;
  if (open == std::string_view::npos || equals == std::string_view::npos || number == std::string_view::npos) {
    return std::nullopt;
  }
  Call call = {std::string(line.substr(0, open)), std::string(line.substr(open + 1, equals - open - 1)), 0};
  std::from_chars(line.data() + number + 2, line.data() + line.size(), call.result);
  return call;
}

/// Runs fstool, and returns its calls of the kinds that `filter` names (strace -e).
std::vector<Call> calls_of(const Command& arguments, const std::string& filter) {
  const TempDir logs;
  Command command = {"strace", "-ff", "-y", "-s", "0", "-o", (logs / "thread").string(), "-e", filter};
  // A program that is traced can't look for its leaks.
  command.insert(command.end(), {"-E", "ASAN_OPTIONS=detect_leaks=0", FSTOOL_E2E_PROGRAM});
  command.insert(command.end(), arguments.begin(), arguments.end());
  expect_success(command);
  std::vector<Call> calls;
  for (const auto& log : std::filesystem::directory_iterator(logs.path())) {
    std::istringstream lines(read_text(log.path()));
    for (std::string line; std::getline(lines, line);) {
      if (auto call = parse_call(line)) calls.push_back(*std::move(call));
    }
  }
  return calls;
}

constexpr const char* kReading = "trace=read,pread64,readv,preadv,preadv2,copy_file_range,sendfile,splice,mmap";
constexpr const char* kSyncing = "trace=fsync,fdatasync,sync,syncfs";

/// Bytes that were read of files whose path contains `path`.
std::uint64_t bytes_read(const std::vector<Call>& calls, const std::filesystem::path& path) {
  std::uint64_t total = 0;
  for (const Call& call : calls) {
    if (!call.mentions(path.string())) continue;
    EXPECT_NE(call.name, "mmap") << "what is read through a mapping can't be counted: " << call.arguments;
    if (call.result > 0) total += static_cast<std::uint64_t>(call.result);
  }
  return total;
}

Command create(const std::filesystem::path& source, const std::filesystem::path& output, const Command& options = {}) {
  Command command = {"create", "-t", "ext4", source.string(), "-o", output.string()};
  command.insert(command.end(), options.begin(), options.end());
  return command;
}

/// True if `path` lies on ext2, ext3 or ext4, which have one magic number.
bool is_on_ext(const std::filesystem::path& path) {
  struct statfs file_system {};
  return ::statfs(path.c_str(), &file_system) == 0 && file_system.f_type == EXT4_SUPER_MAGIC;
}

TEST(SystemCalls, AnOutputIsOnStableStorageBeforeItReplacesAnother) {
  FSTOOL_E2E_REQUIRE(false, {"strace"});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("file", "content\n");
  const std::filesystem::path output = work / "image.ext4";
  EXPECT_EQ(calls_of(create(tree.root(), output), kSyncing).size(), 0U) << "nothing was replaced";
  EXPECT_EQ(calls_of(create(tree.root(), output), kSyncing).size(), 2U) << "the file and its directory";
  EXPECT_EQ(calls_of(create(tree.root(), output, {"--no-sync"}), kSyncing).size(), 0U);
  EXPECT_EQ(calls_of(create(tree.root(), work / "new.ext4", {"--sync"}), kSyncing).size(), 2U);
}

TEST(SystemCalls, WhatTheDiskIsWaitedForIsWrittenOutWhileItIsMade) {
  FSTOOL_E2E_REQUIRE(false, {"strace"});
  constexpr std::size_t kMebibytes = 40;
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("file", kMebibytes << 20U, Content::Random);
  const std::filesystem::path output = work / "image.ext4";
  const auto write_outs = [&](const std::filesystem::path& path, const Command& options) {
    return calls_of(create(tree.root(), path, options), "trace=sync_file_range").size();
  };
  const std::size_t every_few_mebibytes = kMebibytes / 4;
  EXPECT_EQ(write_outs(output, {}), 0U) << "nothing was replaced";
  EXPECT_GE(write_outs(output, {}), every_few_mebibytes);
  EXPECT_GE(write_outs(work / "new.ext4", {"--sync"}), every_few_mebibytes);
  EXPECT_EQ(write_outs(work / "newer.ext4", {"--no-sync"}), 0U);
  const std::size_t replacing = write_outs(output, {"--no-sync"});
  if (is_on_ext(work.path())) {
    EXPECT_GE(replacing, every_few_mebibytes) << "the rename waits for the disk";
  } else {
    EXPECT_EQ(replacing, 0U);
  }
}

TEST(SystemCalls, EachByteOfTheSourceIsReadOnce) {
  FSTOOL_E2E_REQUIRE(false, {"strace"});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  std::uint64_t bytes = 0;
  for (unsigned i = 0; i < 300; ++i) {
    const std::uint64_t size = i % 50 == 0 ? 3'000'000 : std::uint64_t{i} * 111;
    tree.file("file-" + std::to_string(i), size, i % 2 == 0 ? Content::Random : Content::Text);
    bytes += size;
  }
  for (const Command& options : std::vector<Command>{{}, {"--container", "qcow2"}, {"--codec", "zstd"}}) {
    const auto calls = calls_of(create(tree.root(), work / "image", options), kReading);
    EXPECT_EQ(bytes_read(calls, tree.root()), bytes) << to_string(options);
  }
}

TEST(SystemCalls, NothingButTheOutputIsWritten) {
  FSTOOL_E2E_REQUIRE(false, {"strace"});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("file", 5'000'000, Content::Random);
  const std::filesystem::path output = work / "image.qcow2";
  const auto calls = calls_of(create(tree.root(), output, {"--codec", "zstd", "--quiet"}),
                              "trace=write,pwrite64,writev,pwritev,pwritev2,copy_file_range,sendfile,splice");
  std::uint64_t written = 0;
  for (const Call& call : calls) {
    if (call.result > 0) written += static_cast<std::uint64_t>(call.result);
  }
  EXPECT_LE(written, std::filesystem::file_size(output) + 256 * 1024);
}

TEST(SystemCalls, LookingIntoAnImageReadsLittleOfIt) {
  FSTOOL_E2E_REQUIRE(true, {"strace"});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  build_system_tree(tree);
  tree.file("etc/added by the test", "content\n");
  const std::filesystem::path image = work / "image.qcow2";
  expect_fstool_builds(create(tree.root(), image, {"--codec", "zstd", "--quiet"}), 20'000);
  const std::uint64_t two_percent = std::filesystem::file_size(image) / 50;
  EXPECT_LE(bytes_read(calls_of({"ls", "-l", image.string(), "/etc"}, kReading), image), two_percent);
  EXPECT_LE(bytes_read(calls_of({"cat", image.string(), "/etc/added by the test"}, kReading), image), two_percent);
}

TEST(SystemCalls, LookingIntoACompressedStreamReadsFewFramesOfIt) {
  FSTOOL_E2E_REQUIRE(false, {"strace"});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("a large file", 40'000'000, Content::Random);
  tree.file("a small file", 1000, Content::Text);
  for (const char* const ending : {".zst", ".gz", ".lz4"}) {
    const std::filesystem::path image = work / (std::string("image.img") + ending);
    expect_fstool_builds(create(tree.root(), image, {"--quiet"}));
    const std::uint64_t third = std::filesystem::file_size(image) / 3;
    EXPECT_LE(bytes_read(calls_of({"ls", "-l", image.string(), "/"}, kReading), image), third) << ending;
    EXPECT_LE(bytes_read(calls_of({"cat", image.string(), "/a small file"}, kReading), image), third) << ending;
  }
}

}  // namespace
}  // namespace fstool::e2e
