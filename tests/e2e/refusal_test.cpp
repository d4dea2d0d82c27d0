// What fstool can't do it says in one clear message, and leaves the old output and its directory as they were.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <ostream>
#include <thread>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

constexpr int kFailure = 1;
constexpr int kUsage = 2;
const std::string kOldOutput = "the old output, which nobody may touch";

/// A directory with an old output, and what was in it before the test began.
class OutputDirectory {
 public:
  explicit OutputDirectory(std::filesystem::path directory) : directory_(std::move(directory)) {
    std::filesystem::create_directories(directory_);
    write_text(output(), kOldOutput);
  }

  std::filesystem::path output() const { return directory_ / "old.img"; }

  void expect_untouched() const {
    EXPECT_EQ(read_text(output()), kOldOutput);
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      EXPECT_EQ(entry.path(), output()) << "was left behind";
    }
  }

 private:
  std::filesystem::path directory_;
};

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

/// `result` is that of a run which failed with exit code `exit_code` and one message, with all of `words` in it.
void expect_refusal(const ProcessResult& result, int exit_code, const std::vector<std::string>& words) {
  EXPECT_EQ(result.exit_code, exit_code) << result.output();
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(result.err.starts_with("fstool: error: ")) << result.err;
  EXPECT_EQ(count(result.err, "error:"), 1U) << result.err;
  for (const std::string& word : words)
    EXPECT_NE(result.err.find(word), std::string::npos) << word << "\n" << result.err;
}

struct BadSpec {
  std::string name;
  std::string text;
  std::vector<std::string> words;  ///< of the message
};

std::ostream& operator<<(std::ostream& out, const BadSpec& spec) { return out << spec.name; }

/// A disk whose [image] and [[partitions]] have `image` and `partition` in addition.
std::string disk(const std::string& image, const std::string& partition, const std::string& filesystem = "") {
  return "[image]\npartition_table = \"gpt\"\n" + image + "\n[[partitions]]\ntype = \"linux\"\n" + partition +
         "\n[partitions.filesystem]\ntype = \"ext4\"\nsource = \"tree\"\n" + filesystem;
}

std::string bare(const std::string& filesystem) {
  return "[filesystem]\ntype = \"ext4\"\nsource = \"tree\"\n" + filesystem;
}

const std::vector<BadSpec>& bad_specs() {
  static const std::vector<BadSpec> specs = {
      {"UnknownKey", bare("block_sise = 4096\n"), {"spec.toml:4:", "block_sise", "block_size"}},
      {"UnknownSection", bare("") + "[imagge]\nsize = 1\n", {"spec.toml:4:", "imagge"}},
      {"WrongType", bare("block_size = true\n"), {"spec.toml:4:", "block_size", "integer"}},
      {"ValueOutOfRange", bare("block_size = 4000\n"), {"spec.toml:4:", "block_size", "1024"}},
      {"NotToml", "[filesystem\n", {"spec.toml:1"}},
      {"Empty", "", {"nothing to build"}},
      {"UnknownFilesystem", "[filesystem]\ntype = \"ext5\"\nsource = \"tree\"\n", {"ext5", "ext4", "looked for in"}},
      {"UnknownPartitionTable",
       "[image]\npartition_table = \"apm\"\n[[partitions]]\ntype = \"linux\"\nsize = \"1MiB\"\n",
       {"apm", "gpt", "mbr"}},
      {"UnknownContainer", "[container]\ntype = \"punchcard\"\n" + bare(""), {"punchcard", "qcow2", "raw"}},
      {"UndefinedVariable", "[filesystem]\ntype = \"ext4\"\nsource = \"${nowhere}\"\n", {"nowhere"}},
      {"MissingSource", "[filesystem]\ntype = \"ext4\"\nsource = \"absent\"\n", {"absent"}},
      {"LongVolumeLabel", bare("volume_label = \"seventeen letters\"\n"), {"spec.toml:4:", "volume_label", "16"}},
      {"LongPartitionName", disk("", "name = \"" + std::string(37, 'n') + "\""), {"36"}},
      {"LongPartitionNameOfSurrogatePairs",
       disk("", "name = \"" + std::string(35, 'n') + "\xf0\x9f\x90\xa7\""),
       {"36"}},
      {"PartitionsThatOverlap",
       disk("size = \"64MiB\"", "offset = \"1MiB\"\nsize = \"16MiB\"") +
           "[[partitions]]\ntype = \"linux\"\noffset = \"8MiB\"\nsize = \"8MiB\"\n",
       {"partition 2", "partition 1"}},
      {"PartitionsThatDoNotFit", disk("size = \"16MiB\"", "size = \"32MiB\""), {"16 MiB", "33 MiB", "auto"}},
      {"FilesystemTooSmall", bare("size = \"1MiB\"\n"), {"1 MiB", "too small", "needs"}},
      {"PartitionTooSmall", disk("", "size = \"2MiB\""), {"2 MiB", "too small", "needs"}},
      {"CodecThatRawCannotUse",
       "[container]\ntype = \"raw\"\n[codec]\ntype = \"deflate\"\n" + bare(""),
       {"codec", "deflate", "gzip"}},
  };
  return specs;
}

class Refusal : public testing::TestWithParam<BadSpec> {};

TEST_P(Refusal, NamesTheProblemAndChangesNothing) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("three megabytes", 3'000'000, Content::Random);
  write_text(work / "spec.toml", GetParam().text);
  const OutputDirectory directory(work / "out");
  expect_refusal(run_fstool({"run", "spec.toml", "-o", directory.output().string()}, {.directory = work.path()}),
                 kFailure, GetParam().words);
  directory.expect_untouched();
}

INSTANTIATE_TEST_SUITE_P(Specs, Refusal, testing::ValuesIn(bad_specs()),
                         [](const testing::TestParamInfo<BadSpec>& param) { return param.param.name; });

struct BadUsage {
  std::string name;
  Command arguments;
  std::vector<std::string> words;
};

std::ostream& operator<<(std::ostream& out, const BadUsage& usage) { return out << usage.name; }

class Usage : public testing::TestWithParam<BadUsage> {};

TEST_P(Usage, AWrongCommandLineExitsWithTwoAndPointsToTheHelp) {
  const TempDir work;
  const OutputDirectory directory(work / "out");
  expect_refusal(run_fstool(GetParam().arguments, {.directory = work / "out"}), kUsage, GetParam().words);
  directory.expect_untouched();
}

INSTANTIATE_TEST_SUITE_P(
    Arguments, Usage,
    testing::Values(BadUsage{"NoCommand", {}, {"command", "--help"}},
                    BadUsage{"UnknownCommand", {"biuld"}, {"biuld", "build", "--help"}},
                    BadUsage{"UnknownOption", {"run", "spec.toml", "-o", "old.img", "--fast"}, {"--fast", "--help"}},
                    BadUsage{"NoSpec", {"run", "-o", "old.img"}, {"spec", "--help"}},
                    BadUsage{"NoOutput", {"run", "spec.toml"}, {"-o", "--help"}},
                    BadUsage{"NoType", {"create", ".", "-o", "old.img"}, {"-t", "--help"}},
                    BadUsage{"TooManyArguments", {"run", "a.toml", "b.toml", "-o", "old.img"}, {"too many", "--help"}},
                    BadUsage{
                        "BadThreads", {"run", "a.toml", "-o", "old.img", "--threads", "many"}, {"--threads", "many"}},
                    BadUsage{"SyncAndNoSync",
                             {"run", "a.toml", "-o", "old.img", "--sync", "--no-sync"},
                             {"--sync", "exclude", "--help"}},
                    BadUsage{"BadDefinition", {"run", "a.toml", "-o", "old.img", "-D", "novalue"}, {"novalue"}}),
    [](const testing::TestParamInfo<BadUsage>& param) { return param.param.name; });

TEST(RefusalOfOutputs, ABlockDeviceNeedsForce) {
  FSTOOL_E2E_REQUIRE(true, {"e2fsck"});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("file", 100'000, Content::Random);
  tree.settle_times();
  const std::string old(16 << 20U, 'o');
  write_text(work / "disk", old);
  const Command command = {"create", "-t", "ext4", tree.root().string(), "-o"};
  {
    const LoopDevice device(work / "disk", {.access = Access::ReadWrite});
    Command refused = command;
    refused.push_back(device.path());
    expect_refusal(run_fstool(refused), kFailure, {device.path(), "--force"});
  }
  EXPECT_TRUE(read_text(work / "disk") == old) << "the device was written to";
  {
    const LoopDevice device(work / "disk", {.access = Access::ReadWrite});
    Command forced = command;
    forced.insert(forced.end(), {device.path(), "--force"});
    expect_fstool_builds(forced);
  }
  expect_clean_ext4(work / "disk");
  expect_mounted_equals(work / "disk", tree.root());
}

TEST(RefusalOfOutputs, AFullDiskLeavesTheOldOutput) {
  FSTOOL_E2E_REQUIRE(true, {});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("large", 32'000'000, Content::Random);
  const Mount small("none", "tmpfs", Access::ReadWrite, "size=8m");
  const OutputDirectory directory(small.path() / "out");
  for (const char* const container : {"raw", "qcow2"}) {
    SCOPED_TRACE(container);
    expect_refusal(run_fstool({"create", "-t", "ext4", tree.root().string(), "-o", directory.output().string(),
                               "--container", container}),
                   kFailure, {directory.output().string(), "no space left"});
    directory.expect_untouched();
  }
}

TEST(RefusalOfOutputs, AMissingDirectoryIsNamed) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  const std::string output = (work / "absent" / "image.ext4").string();
  expect_refusal(run_fstool({"create", "-t", "ext4", tree.root().string(), "-o", output}), kFailure,
                 {(work / "absent").string()});
  EXPECT_FALSE(std::filesystem::exists(work / "absent"));
}

TEST(RefusalOfOutputs, AnOutputInsideTheSourceIsRefused) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("file", "x");
  const OutputDirectory directory(work / "tree" / "out");
  expect_refusal(run_fstool({"create", "-t", "ext4", tree.root().string(), "-o", directory.output().string()}),
                 kFailure, {directory.output().string(), tree.root().string()});
  directory.expect_untouched();
}

/// True once the unfinished output of `process` in `directory` has bytes in it.
bool is_writing(const Process& process, const std::filesystem::path& directory) {
  std::error_code ended;
  for (const auto& entry :
       std::filesystem::directory_iterator("/proc/" + std::to_string(process.pid()) + "/fd", ended)) {
    const std::string target = std::filesystem::read_symlink(entry.path(), ended).string();
    if (!target.starts_with(directory.string() + "/") || target == (directory / "old.img").string()) continue;
    struct stat file {};
    if (stat(entry.path().c_str(), &file) == 0 && S_ISREG(file.st_mode) && file.st_blocks > 0) return true;
  }
  return false;
}

class Interruption : public testing::TestWithParam<int> {};

TEST_P(Interruption, InTheMiddleLeavesTheOldOutputAndNothingElse) {
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  tree.file("large", 300'000'000, Content::Text);
  const OutputDirectory directory(work / "out");
  Process process({FSTOOL_E2E_PROGRAM, "create", "-t", "ext4", tree.root().string(), "-o", directory.output().string(),
                   "--container", "qcow2", "--codec", "deflate", "--threads", "1"});
  while (process.is_running() && !is_writing(process, work / "out")) std::this_thread::yield();
  ASSERT_TRUE(process.is_running()) << "it ended before it could be interrupted:\n" << process.wait().output();
  process.send_signal(GetParam());
  const ProcessResult result = process.wait();
  if (GetParam() == SIGKILL) {
    EXPECT_EQ(result.exit_code, 128 + SIGKILL);
  } else {
    EXPECT_EQ(result.exit_code, kFailure);
    EXPECT_EQ(result.err, "fstool: cancelled\n");
  }
  directory.expect_untouched();
}

INSTANTIATE_TEST_SUITE_P(Signals, Interruption, testing::Values(SIGINT, SIGTERM, SIGKILL),
                         [](const testing::TestParamInfo<int>& param) {
                           return param.param == SIGINT ? "Interrupt" : param.param == SIGTERM ? "Terminate" : "Kill";
                         });

}  // namespace
}  // namespace fstool::e2e
