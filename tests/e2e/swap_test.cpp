// Swap partitions: blkid and swaplabel find in the disk what the spec says.

#include <gtest/gtest.h>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"

namespace fstool::e2e {
namespace {

namespace fs = std::filesystem;

constexpr const char* kUuid = "01234567-89ab-cdef-0123-456789abcdef";

class Swap : public testing::Test {
 protected:
  void SetUp() override { FSTOOL_E2E_REQUIRE(false, {"mkswap", "blkid", "swaplabel", "sfdisk", "dd"}); }

  /// Writes a spec and runs it.
  ProcessResult build(const std::string& filesystem, const std::string& size) const {
    write_text(work_ / "spec.toml",
               "[image]\npartition_table = \"gpt\"\n[[partitions]]\nname = \"swap\"\ntype = "
               "\"swap\"\n" +
                   size + "\n[partitions.filesystem]\ntype = \"swap\"\n" + filesystem);
    return run_fstool({"run", (work_ / "spec.toml").string(), "-o", image_.string(), "--force"});
  }

  /// Copies the only partition of the image.
  fs::path partition() const {
    const Extent place = partitions_of(image_).at(0);
    const fs::path copy = work_ / "partition";
    expect_success({"dd", "if=" + image_.string(), "of=" + copy.string(), "bs=1M", "iflag=skip_bytes,count_bytes",
                    "skip=" + std::to_string(place.offset), "count=" + std::to_string(place.size), "conv=sparse"});
    return copy;
  }

  const TempDir work_;
  const fs::path image_ = work_ / "disk.img";
};

TEST_F(Swap, PartitionIsWhatTheSpecSays) {
  for (const std::string page_size : {"4KiB", "64KiB"}) {
    SCOPED_TRACE(page_size);
    const ProcessResult built =
        build("volume_label = \"SWAP\"\nuuid = \"" + std::string(kUuid) + "\"\npage_size = \"" + page_size + "\"\n",
              "size = \"8MiB\"");
    ASSERT_EQ(built.exit_code, 0) << built.output();
    const fs::path copy = partition();
    const std::string found = expect_success({"blkid", "-p", "-o", "export", copy.string()});
    EXPECT_NE(found.find("TYPE=swap"), std::string::npos) << found;
    EXPECT_NE(found.find("LABEL=SWAP"), std::string::npos) << found;
    EXPECT_NE(found.find(std::string("UUID=") + kUuid), std::string::npos) << found;
    EXPECT_NE(expect_success({"swaplabel", copy.string()}).find(kUuid), std::string::npos);
    EXPECT_EQ(run_fstool({"check", image_.string(), "--quiet"}).output(), "");
    const std::string told = run_fstool({"info", image_.string()}).output();
    EXPECT_NE(told.find("swap"), std::string::npos) << told;
  }
}

TEST_F(Swap, OfMkswapIsReadAndMapped) {
  write_text(image_, "");
  fs::resize_file(image_, 1 << 20);
  expect_success({"mkswap", "-q", "-L", "SWAP", "-U", kUuid, image_.string()});
  const ProcessResult told = run_fstool({"info", image_.string(), "--json"});
  ASSERT_EQ(told.exit_code, 0) << told.output();
  for (const char* const word : {"\"swap\"", "\"SWAP\"", kUuid, "\"ready\""}) {
    EXPECT_NE(told.out.find(word), std::string::npos) << told.out;
  }
  EXPECT_EQ(run_fstool({"check", image_.string()}).exit_code, 0);
  const ProcessResult map = run_fstool({"map", image_.string(), "--json"});
  EXPECT_EQ(map.exit_code, 0) << map.output();
}

TEST_F(Swap, OfNoSizeIsRefused) {
  const ProcessResult refused = build("", "size = \"auto\"");
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.err.find("say how large it shall be"), std::string::npos) << refused.err;
  EXPECT_FALSE(fs::exists(image_));
}

}  // namespace
}  // namespace fstool::e2e
