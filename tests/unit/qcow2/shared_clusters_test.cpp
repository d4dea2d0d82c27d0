#include "write/shared_clusters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "codec_fixture.h"
#include "fstool/output_file.h"
#include "qcow2_fixture.h"

namespace fstool::qcow2::test {
namespace {

struct Stretch {
  std::uint64_t to;
  std::uint64_t from;
  std::uint64_t length;
};

class SharedClustersTest : public testing::Test {
 protected:
  SharedClustersTest() : earlier_(fstool::test::random_bytes(kMiB, 1)) {
    OutputFile file(path("earlier"));
    file.write_at(0, earlier_);
    file.commit();
    file_ = open_file_blob(path("earlier"));
  }

  std::filesystem::path path(const char* name) const { return directory_.path() / name; }

  /// Whatever the host does, the bytes are those of the earlier file.
  void expect_copied(const std::vector<Stretch>& stretches) {
    std::vector<std::byte> expected(2 * kMiB);
    {
      OutputFile output(path("new"));
      SharedClusters shared(file_.get(), output);
      for (const Stretch& stretch : stretches) {
        shared.add(stretch.to, stretch.from, stretch.length);
        std::ranges::copy(std::span(earlier_).subspan(stretch.from, stretch.length),
                          expected.begin() + static_cast<std::ptrdiff_t>(stretch.to));
      }
      shared.finish();
      output.set_size(expected.size());
      output.commit();
    }
    EXPECT_EQ(file_bytes(path("new")), expected);
  }

  const fstool::test::TemporaryDirectory directory_;
  std::vector<std::byte> earlier_;
  BlobPtr file_;
};

TEST_F(SharedClustersTest, NothingIsNothing) { expect_copied({}); }

TEST_F(SharedClustersTest, WholeBlocks) { expect_copied({{64 * kKiB, 128 * kKiB, 256 * kKiB}}); }

TEST_F(SharedClustersTest, WithinABlock) { expect_copied({{70'000, 4'464, 100}}); }

TEST_F(SharedClustersTest, WithTheSamePlaceInABlock) {
  expect_copied({{4'096 * 3 + 17, 4'096 * 9 + 17, 300'001}});
  expect_copied({{4'096 * 3 + 4'095, 4'096 * 9 + 4'095, 100'000}});
}

TEST_F(SharedClustersTest, WithAnotherPlaceInABlock) { expect_copied({{100'000, 1, 700'000}}); }

TEST_F(SharedClustersTest, OneAfterTheOther) {
  std::vector<Stretch> stretches;
  std::uint64_t offset = 4'096;
  for (const std::uint64_t length : {30'000, 1, 20'000, 65'535, 4'096, 123}) {
    stretches.push_back({kMiB + offset, offset, length});
    offset += length;
  }
  expect_copied(stretches);
}

TEST_F(SharedClustersTest, FollowingInOneFileOnly) {
  expect_copied({{4'096, 8'192, 50'000}, {54'096, 200'000, 50'000}, {150'000, 250'000, 50'000}});
}

TEST_F(SharedClustersTest, TheSameTwice) {
  expect_copied({{0, 40'960, 81'920}, {kMiB, 40'960, 81'920}, {kMiB + 81'920, 40'960, 100}});
}

}  // namespace
}  // namespace fstool::qcow2::test
