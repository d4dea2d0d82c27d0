// Android's sparse images, both ways: simg2img makes of those that fstool writes the raw image of the same spec, and
// fstool reads of those that img2simg makes what was put into them.
//
// FSTOOL_FULL=1 in the environment adds sizes.

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/container_fixture.h"
#include "harness/requirements.h"

namespace fstool::e2e {
namespace {

class Simg : public ContainerFixture {
 protected:
  void SetUp() override {
    FSTOOL_E2E_REQUIRE(false, {"img2simg", "simg2img", "sha256sum", "cmp"});
    make_tree();
  }

  /// simg2img makes `raw`, padded to a multiple of `block_size` bytes, of an image.
  void expect_same_to_simg2img(const std::string& image, const std::string& raw, std::uint64_t block_size) const {
    std::filesystem::remove(work_ / "back.raw");
    expect_success({"simg2img", path(image), path("back.raw")});
    const std::uint64_t size = std::filesystem::file_size(work_ / raw);
    EXPECT_EQ(std::filesystem::file_size(work_ / "back.raw"), (size + block_size - 1) / block_size * block_size);
    expect_success({"cmp", "--bytes=" + std::to_string(size), path("back.raw"), path(raw)});
  }
};

TEST_F(Simg, Simg2imgReadsWhatFstoolWrites) {
  const std::string container = "[container]\ntype = \"simg\"\n";
  struct Kind {
    std::string section;
    std::uint64_t block_size;
  };
  const Kind kinds[] = {{container, 4096},
                        {container + "block_size = 1024\ncrc32 = true\n", 1024},
                        {container + "zeros = \"dont-care\"\ncrc32 = true\n", 4096},
                        {container + "block_size = \"64KiB\"\n", 64 * kKiB}};
  std::vector<std::uint64_t> sizes = {33 * kMiB, 33 * kMiB + 1536};
  if (is_full_run()) sizes.insert(sizes.end(), {20 * kMiB, 5 * kGiB});
  for (const std::uint64_t size : sizes) {
    build("", size, "disk.raw");
    for (const Kind& kind : kinds) {
      SCOPED_TRACE(kind.section);
      build(kind.section, size, "disk.simg");
      expect_same_to_simg2img("disk.simg", "disk.raw", kind.block_size);
      EXPECT_EQ(hash("disk.simg:1"), hash("disk.raw:1"));
      // Where it is padded, the end of the disk isn't where the GPT says.
      if (size % kind.block_size == 0) expect_same_to_fstool("disk.simg", "disk.raw");
    }
  }
}

TEST_F(Simg, AFileSystemIsWhatImg2simgMakesOfIt) {
  expect_fstool_builds({"create", "-t", "ext4", path("tree"), "-o", path("root.raw")});
  expect_fstool_builds({"create", "-t", "ext4", path("tree"), "-o", path("root.simg")});
  expect_success({"img2simg", path("root.raw"), path("theirs.simg")});
  EXPECT_EQ(sha256(work_ / "root.simg"), sha256(work_ / "theirs.simg"));
  EXPECT_EQ(hash("root.simg"), hash("root.raw"));
}

TEST_F(Simg, AHugeDiskThatIsNearlyEmptyTakesLittle) {
  build("", 3 * kTiB, "disk.raw");
  build("[container]\ntype = \"simg\"\ncrc32 = true\n", 3 * kTiB, "disk.simg");
  EXPECT_LT(std::filesystem::file_size(work_ / "disk.simg"), 16 * kMiB);
  expect_same_to_fstool("disk.simg", "disk.raw");
}

TEST_F(Simg, FstoolReadsWhatImg2simgMakes) {
  for (const std::uint64_t size : {std::uint64_t{4096}, kMiB, 7 * kMiB + 8192}) {
    SCOPED_TRACE(size);
    make_raw(size, {0, size / 2, size - 512}, 100'000);
    expect_success({"img2simg", path("disk.raw"), path("disk.simg")});
    EXPECT_EQ(hash("disk.simg"), sha256(work_ / "disk.raw"));
  }
  build("", kGiB, "disk.raw");
  expect_success({"img2simg", path("disk.raw"), path("disk.simg")});
  expect_same_to_fstool("disk.simg", "disk.raw");
  const auto info = nlohmann::json::parse(output_of_fstool({"info", path("disk.simg"), "--json"}));
  EXPECT_EQ(info.at("container"), "simg");
  EXPECT_EQ(info.at("virtual_size"), kGiB);
}

TEST_F(Simg, TheBytesDoNotDependOnTheNumberOfThreads) {
  const std::string section = "[container]\ntype = \"simg\"\ncrc32 = true\n";
  build(section, 33 * kMiB, "one.simg", {"--threads", "1"});
  build(section, 33 * kMiB, "four.simg", {"--threads", "4"});
  EXPECT_EQ(sha256(work_ / "one.simg"), sha256(work_ / "four.simg"));
}

TEST_F(Simg, ACodecIsRefused) {
  const ProcessResult result =
      run_fstool({"create", "-t", "ext4", path("tree"), "-o", path("disk.simg"), "--codec", "gzip"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("can't be compressed"), std::string::npos) << result.err;
  EXPECT_FALSE(std::filesystem::exists(work_ / "disk.simg"));
}

TEST_F(Simg, DamageIsFound) {
  build("[container]\ntype = \"simg\"\ncrc32 = true\n", 33 * kMiB, "disk.simg");
  const std::string whole = read_text(work_ / "disk.simg");
  write_text(work_ / "cut.simg", whole.substr(0, whole.size() - 1));
  expect_refused("cut.simg", "cut off");
  write_text(work_ / "version.simg", std::string(whole).replace(4, 1, "\x02"));
  expect_refused("version.simg", "version 2.0");
  patch("disk.simg", 4000, "damage");
  const ProcessResult result = run_fstool({"check", path("disk.simg")});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.output().find("the CRC-32 of the first 8448 blocks is"), std::string::npos) << result.output();
}

}  // namespace
}  // namespace fstool::e2e
