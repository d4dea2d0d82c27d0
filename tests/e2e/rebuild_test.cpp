// --incremental takes what is the same from the output that is replaced: the bytes are those of a fresh build.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "harness/image.h"
#include "harness/mount.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

struct OutputKind {
  const char* name;
  const char* ending;
  Command options;
};

class RebuildTest : public testing::TestWithParam<OutputKind> {
 protected:
  explicit RebuildTest(const std::filesystem::path& work) : work_(work), tree_(work / "tree") {
    for (int i = 0; i < 200; ++i) write(i, fmt::format("file {}", i));
    tree_.write_at("large", 0, 3 << 20U, Content::Random);
    tree_.write_at("sparse", 8 << 20U, 100'000, Content::Random);
    tree_.settle_times();
  }

  void write(int number, const std::string& text) const {
    std::string content;
    while (content.size() < 9000) content += text + '\n';
    tree_.file(fmt::format("{}", number), content);
  }

  /// A file that changed just now is read again, because its times might not show another change. This makes all that
  /// is there older than that.
  static void age() { std::this_thread::sleep_for(std::chrono::milliseconds(3100)); }

  std::string output(const std::string& name) const { return (work_ / (name + GetParam().ending)).string(); }

  Command command(const std::string& name) const {
    Command command = {"create", "-t", "ext4", tree_.root().string(), "-o", output(name), "--json"};
    command.insert(command.end(), GetParam().options.begin(), GetParam().options.end());
    return command;
  }

  struct Pieces {
    std::uint64_t taken = 0;
    std::uint64_t all = 0;
  };

  Pieces rebuild(const Command& more = {}) const {
    Command incremental = command("image");
    incremental.emplace_back("--incremental");
    incremental.insert(incremental.end(), more.begin(), more.end());
    const ProcessResult result = run_fstool(incremental);
    EXPECT_EQ(result.exit_code, 0) << result.output();
    if (result.exit_code != 0) return {};
    const auto pieces = nlohmann::json::parse(result.out).at("output").at("pieces");
    return {pieces.at("taken").get<std::uint64_t>(), pieces.at("all").get<std::uint64_t>()};
  }

  void expect_as_fresh(const Command& more = {}) const {
    Command fresh = command("fresh");
    fresh.insert(fresh.end(), more.begin(), more.end());
    expect_fstool_builds(fresh);
    expect_success({"cmp", output("image"), output("fresh")});
  }

  const std::filesystem::path work_;
  const TreeBuilder tree_;
};

/// A base made before what works in it.
struct PlaceOnDisk {
  const TempDir directory;
};

class Rebuild : private PlaceOnDisk, public RebuildTest {
 protected:
  Rebuild() : RebuildTest(directory.path()) {}
};

TEST_P(Rebuild, TakesWhatIsTheSame) {
  age();
  const Pieces first = rebuild();
  EXPECT_EQ(first.taken, 0U);
  EXPECT_GT(first.all, 50U);
  const Pieces second = rebuild();
  EXPECT_EQ(second.taken, second.all);
  expect_as_fresh();

  for (const int number : {7, 150}) {
    write(number, "another content");
    tree_.time(fmt::format("{}", number), 1'000'000'000, number);
  }
  const Pieces third = rebuild({"--threads", "1"});
  EXPECT_LT(third.taken, third.all);
  EXPECT_GT(third.taken, third.all / 2);
  expect_as_fresh();
}

TEST_P(Rebuild, IsRightWhateverHasChanged) {
  rebuild();
  std::filesystem::remove(tree_.root() / "3");
  tree_.file("new", "a file that was not there");
  std::filesystem::resize_file(tree_.root() / "large", 1'000'001);
  tree_.settle_times();
  rebuild();
  expect_as_fresh();
  // Other options: nothing of before counts.
  EXPECT_EQ(rebuild({"-O", "volume_label=other"}).taken, 0U);
  expect_as_fresh({"-O", "volume_label=other"});
}

TEST_P(Rebuild, TrustsNoOutputThatIsNotWhatItWas) {
  rebuild();
  std::fstream(output("image"), std::ios::in | std::ios::out).seekp(2 << 20U) << "damage";
  EXPECT_EQ(rebuild().taken, 0U);
  expect_as_fresh();
  std::filesystem::remove(output("image"));
  EXPECT_EQ(rebuild().taken, 0U);
  expect_as_fresh();
}

TEST_P(Rebuild, TrustsNoRecordThatIsDamaged) {
  rebuild();
  const std::string record = (work_ / fmt::format(".image{}.fstool-pieces", GetParam().ending)).string();
  const std::string good = read_text(record);
  for (const std::size_t at : {std::size_t{0}, std::size_t{20}, std::size_t{64}, good.size() / 2, good.size() - 1}) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    write_text(record, bad);
    EXPECT_EQ(rebuild().taken, 0U) << at;
    write_text(record, good.substr(0, at));
    EXPECT_EQ(rebuild().taken, 0U) << at;
  }
  expect_as_fresh();
}

TEST_P(Rebuild, NeedsAFile) {
  EXPECT_EQ(run_fstool({"create", "-t", "ext4", tree_.root().string(), "-o", "-", "--incremental"}).exit_code, 2);
}

/// A record beside an output, which is no reason for that to fail.
class PieceRecord : public testing::Test {
 protected:
  PieceRecord() {
    for (int i = 0; i < 20; ++i) tree_.file(std::to_string(i), 20'000, Content::Random);
    tree_.settle_times();
  }

  Command command(const std::string& name) const {
    return {FSTOOL_E2E_PROGRAM,      "create",       "-t", "ext4", tree_.root().string(), "-o",
            (work_ / name).string(), "--incremental"};
  }

  std::string build(const std::string& name = "image") const {
    const ProcessResult result = run(command(name));
    EXPECT_EQ(result.exit_code, 0) << result.output();
    EXPECT_EQ(result.err, "");
    return result.out;
  }

  static bool takes_nothing(const std::string& said) { return said.find("; 0 of ") != std::string::npos; }

  const TempDir work_;
  const TreeBuilder tree_ = TreeBuilder(work_ / "tree");
  const std::filesystem::path record_ = work_ / ".image.fstool-pieces";
};

TEST_F(PieceRecord, OfAnOutputWithoutASyncHoldsUntilTheHostRestarts) {
  FSTOOL_E2E_REQUIRE(true, {"unshare", "mount"});
  write_text(work_ / "boot_id", "11111111-2222-3333-4444-555555555555\n");
  const auto build_after_restart = [&] {
    Command later = {"unshare",
                     "--mount",
                     "sh",
                     "-ec",
                     "mount --bind \"$0\" /proc/sys/kernel/random/boot_id; exec \"$@\"",
                     (work_ / "boot_id").string()};
    for (const std::string& argument : command("image")) later.push_back(argument);
    return expect_success(later);
  };
  EXPECT_TRUE(takes_nothing(build()));
  EXPECT_TRUE(takes_nothing(build_after_restart())) << "it was new, and nobody waited for the disk";
  EXPECT_FALSE(takes_nothing(build())) << "it replaced another one, and is on the disk";
  EXPECT_FALSE(takes_nothing(build_after_restart()));
}

TEST_F(PieceRecord, IsNeverWrittenThroughALink) {
  write_text(work_ / "victim", "mine\n");
  std::filesystem::create_symlink(work_ / "victim", record_);
  build();
  EXPECT_EQ(read_text(work_ / "victim"), "mine\n");
  EXPECT_FALSE(std::filesystem::is_symlink(record_));
  EXPECT_FALSE(takes_nothing(build()));
}

TEST_F(PieceRecord, OfTenGigabytesOfNothingIsNotRead) {
  write_text(record_, "");
  std::filesystem::resize_file(record_, std::uint64_t{10} << 30U);
  const std::string bound = kMemoryIsComparable ? "ulimit -v 4000000; " : "";
  Command bounded = {"sh", "-ec", bound + "exec \"$@\"", "sh"};
  for (const std::string& argument : command("image")) bounded.push_back(argument);
  expect_success(bounded);
}

TEST_F(PieceRecord, ThatCannotBeWrittenIsAWarning) {
  const ProcessResult result = run(command(std::string(244, 'n')));
  EXPECT_EQ(result.exit_code, 0) << result.output();
  EXPECT_NE(result.err.find("the next run can take nothing from this one: "), std::string::npos) << result.err;
}

TEST_F(PieceRecord, OfFilesOnAReadOnlyMountTrustsNoTimes) {
  FSTOOL_E2E_REQUIRE(true, {"mke2fs"});
  const std::filesystem::path disk = work_ / "disk";
  const auto make_disk = [&](const std::string& text) {
    const TreeBuilder content(work_ / "content");
    content.file("file", text);
    content.time("file", 1'000'000'000, 0);
    content.settle_times(Precision::Seconds);
    expect_success({"sh", "-ec", "rm -f \"$0\"; SOURCE_DATE_EPOCH=1000000000 \"$1\" create -t ext4 \"$2\" -o \"$0\" -q",
                    disk.string(), FSTOOL_E2E_PROGRAM, content.root().string()});
  };
  const auto content_after_rebuild = [&] {
    const LoopMount mounted(disk, Access::ReadOnly);
    const std::string image = (work_ / "image").string();
    expect_success({FSTOOL_E2E_PROGRAM, "create", "-t", "ext4", mounted.path().string(), "-o", image, "--incremental",
                    "--if-changed", "-q"});
    return expect_success({FSTOOL_E2E_PROGRAM, "cat", image, "/file"});
  };
  make_disk("one\n");
  EXPECT_EQ(content_after_rebuild(), "one\n");
  make_disk("two\n");
  EXPECT_EQ(content_after_rebuild(), "two\n");
}

/// The two have the places of the old ones together, or not at all.
TEST(ImageAndDataFile, StayWhatTheyWereIfOneOfThemCannotReachTheDisk) {
  FSTOOL_E2E_REQUIRE(false, {"strace"});
  const TempDir work;
  const std::string image = (work / "image.qcow2").string();
  const std::string data = (work / "data.raw").string();
  const auto command = [&](const std::string& size) -> Command {
    write_text(
        work / "spec.toml",
        fmt::format("[image]\npartition_table = \"gpt\"\nsize = \"{}\"\n[[partitions]]\ntype = \"linux\"\nsize = "
                    "\"4MiB\"\n[container]\ntype = \"qcow2\"\ndata_file = \"data.raw\"\ndata_file_raw = true\n",
                    size));
    return {FSTOOL_E2E_PROGRAM, "run", (work / "spec.toml").string(), "-o", image, "-q"};
  };
  expect_success(command("32MiB"));
  const std::string before = sha256(image) + sha256(data);
  for (const char* const when : {"1", "2"}) {
    Command traced = {"strace", "-f",
                      "-o",     (work / "log").string(),
                      "-e",     "trace=fsync",
                      "-e",     fmt::format("inject=fsync:error=ENOSPC:when={}", when),
                      "-E",     "ASAN_OPTIONS=detect_leaks=0"};
    for (const std::string& argument : command("16MiB")) traced.push_back(argument);
    EXPECT_EQ(run(traced).exit_code, 1) << when;
    EXPECT_EQ(sha256(image) + sha256(data), before) << when;
  }
  expect_success(command("16MiB"));
  EXPECT_EQ(std::filesystem::file_size(data), 16U << 20U);
}

TEST(PlantedLinks, AreNotFollowed) {
  FSTOOL_E2E_REQUIRE(true, {"setpriv"});
  const TempDir work;
  const TreeBuilder tree(work / "tree");
  std::filesystem::permissions(work.path(), std::filesystem::perms(0755));
  std::filesystem::create_directory(work / "shared");
  std::filesystem::permissions(work / "shared", std::filesystem::perms(01777));
  write_text(work / "victim", "mine\n");
  const std::string link = (work / "shared/image").string();
  expect_success(
      {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "ln", "-s", (work / "victim").string(), link});
  const ProcessResult result = run_fstool({"create", "-t", "ext4", tree.root().string(), "-o", link});
  EXPECT_EQ(result.exit_code, 1) << result.output();
  EXPECT_NE(result.err.find("a symbolic link of another user"), std::string::npos) << result.err;
  EXPECT_EQ(read_text(work / "victim"), "mine\n");
}

const auto kOutputs = testing::Values(OutputKind{"Raw", ".img", {}}, OutputKind{"Plain", ".qcow2", {}},
                                      OutputKind{"Deflate", ".qcow2", {"--codec", "deflate"}},
                                      OutputKind{"Zstd", ".qcow2", {"--codec", "zstd"}});

std::string name_of(const testing::TestParamInfo<OutputKind>& kind) { return kind.param.name; }

INSTANTIATE_TEST_SUITE_P(Outputs, Rebuild, kOutputs, name_of);

/// A file system whose files may share blocks.
class Xfs {
 public:
  /// Null where none can be made, or the kernel has no XFS.
  static std::unique_ptr<Xfs> mounted() {
    if (!missing_requirements(true, {"mkfs.xfs"}).missing.empty()) return nullptr;
    try {
      return std::make_unique<Xfs>();
    } catch (const std::system_error& error) {
      if (error.code() != std::errc::no_such_device) throw;
      return nullptr;
    }
  }

  const std::filesystem::path& path() const noexcept { return mount_.path(); }

 private:
  static std::filesystem::path made_in(const TempDir& directory) {
    TreeBuilder(directory.path()).truncate("xfs", 512 << 20U);
    expect_success({"mkfs.xfs", "-q", "-m", "reflink=1", (directory / "xfs").string()});
    return directory / "xfs";
  }

  const TempDir directory_;
  const LoopDevice device_ = LoopDevice(made_in(directory_), {.access = Access::ReadWrite});
  const Mount mount_ = Mount(device_.path(), "xfs", Access::ReadWrite);
};

struct PlaceOnXfs {
  const std::unique_ptr<Xfs> xfs = Xfs::mounted();
  const TempDir elsewhere;
};

class RebuildOnXfs : protected PlaceOnXfs, public RebuildTest {
 protected:
  RebuildOnXfs() : RebuildTest(xfs ? xfs->path() : elsewhere.path()) {
    for (int i = 0; i < 40; ++i) tree_.file(fmt::format("text{}", i), 200'000, Content::Text);
    tree_.settle_times();
  }

  /// Bytes of a file that it has in common with others.
  static std::uint64_t shared_bytes(const std::string& path) {
    constexpr std::uint64_t kBlock = 4096;
    std::istringstream extents(expect_success({"filefrag", "-s", "-v", fmt::format("-b{}", kBlock), path}));
    // "   3:      160..    1021:      60384..     61245:    862:      61246: shared"
    static const std::regex shared(R"(( *\d+: +\d+\.\. *\d+: +\d+\.\. *\d+: +(\d+):.*shared.*))");
    std::uint64_t blocks = 0;
    for (std::string line; std::getline(extents, line);) {
      std::smatch extent;
      if (std::regex_match(line, extent, shared)) blocks += std::stoull(extent[2]);
    }
    return blocks * kBlock;
  }
};

TEST_P(RebuildOnXfs, SharesWhatIsTheSame) {
  FSTOOL_E2E_REQUIRE(true, {"mkfs.xfs", "filefrag", "qemu-img"});
  if (!xfs) GTEST_SKIP() << "the kernel has no XFS";
  age();
  rebuild();
  const std::ifstream first(output("image"));  // has its blocks as long as it is open, though it is replaced

  // What follows these moves in a compressed image.
  for (const char* const name : {"text3", "text30"}) {
    tree_.file(name, 200'000, Content::Random);
    tree_.time(name, 1'000'000'000, 1);
  }
  const Pieces pieces = rebuild();
  EXPECT_LT(pieces.taken, pieces.all);
  expect_as_fresh();
  EXPECT_GT(shared_bytes(output("image")), std::filesystem::file_size(output("image")) / 3);

  std::filesystem::remove(tree_.root() / "text5");
  tree_.file("text50", 123'456, Content::Text);
  tree_.file("text20", 777, Content::Text);
  for (const char* const name : {"", "text50", "text20"}) tree_.time(name, 1'000'000'000, 2);
  rebuild();
  expect_as_fresh();
  rebuild({"--threads", "1"});
  expect_as_fresh();
  if (std::string_view(GetParam().ending) == ".qcow2") expect_success({"qemu-img", "check", output("image")});
}

INSTANTIATE_TEST_SUITE_P(Outputs, RebuildOnXfs, kOutputs, name_of);

}  // namespace
}  // namespace fstool::e2e
