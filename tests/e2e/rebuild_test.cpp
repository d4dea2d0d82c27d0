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
