#include "fstool/spill.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <random>

#include "fstool/error.h"
#include "run_tool.h"
#include "test_blobs.h"

namespace fstool {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;

/// Pieces of data and of zeros, of all sizes.
std::vector<std::byte> mixed_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::byte> bytes(size);
  for (std::size_t at = 0; at < size;) {
    const std::size_t length = std::min<std::size_t>(size - at, 1 + random() % (random() % 2 == 0 ? 100 : 2 * kMiB));
    if (random() % 2 == 0) {
      for (std::size_t i = 0; i < length; ++i) bytes[at + i] = static_cast<std::byte>(random() & 0xffU);
    }
    at += length;
  }
  return bytes;
}

void append_in_pieces(Spill& spill, std::span<const std::byte> bytes, unsigned seed) {
  std::mt19937 random(seed);
  while (!bytes.empty()) {
    const auto piece = bytes.first(std::min<std::size_t>(bytes.size(), 1 + random() % (3 * kMiB)));
    const std::uint64_t before = spill.size();
    EXPECT_EQ(spill.append(piece), before);
    bytes = bytes.subspan(piece.size());
  }
}

/// All that is said to be a hole is zeros.
void expect_honest_runs(const Spill& spill, std::span<const std::byte> bytes) {
  for (std::uint64_t at = 0; at < bytes.size();) {
    const Run run = spill.run_at(at);
    ASSERT_GE(run.length, 1U);
    ASSERT_LE(run.length, bytes.size() - at);
    EXPECT_TRUE(!run.hole || is_zero(bytes.subspan(at, run.length))) << at;
    at += run.length;
  }
}

class SpillOfSize : public testing::TestWithParam<std::uint64_t> {};

INSTANTIATE_TEST_SUITE_P(MemoryBytes, SpillOfSize, testing::Values(0, 1, 3 * kMiB, 64 * kMiB));

TEST_P(SpillOfSize, GivesBackWhatWasAppended) {
  for (const unsigned seed : {1U, 2U, 3U}) {
    const auto bytes = mixed_bytes(12 * kMiB + 77, seed);
    Spill spill({.memory_bytes = GetParam(), .tells_holes = true});
    append_in_pieces(spill, bytes, seed);
    ASSERT_EQ(spill.size(), bytes.size());
    EXPECT_EQ(read_all(spill, bytes.size()), bytes);
    std::vector<std::byte> part(kMiB);
    for (const std::uint64_t offset : {std::uint64_t{1}, kMiB - 1, 3 * kMiB + 5, 11 * kMiB}) {
      spill.read(offset, part);
      EXPECT_TRUE(std::ranges::equal(part, std::span(bytes).subspan(offset, part.size()))) << offset;
    }
    expect_honest_runs(spill, bytes);
  }
}

TEST_P(SpillOfSize, ZerosTakeNoPlaceAndAreHoles) {
  Spill spill({.memory_bytes = GetParam(), .tells_holes = true});
  const std::vector<std::byte> zeros(8 * kMiB);
  for (int i = 0; i < 100; ++i) spill.append(zeros);
  spill.append(test::bytes_of("end"));
  EXPECT_EQ(spill.size(), 800 * kMiB + 3);
  EXPECT_EQ(test::text_at(spill, spill.size() - 5, 5), "..end");
  EXPECT_EQ(test::text_at(spill, 400 * kMiB, 5), ".....");
  std::uint64_t data = 0;
  for (std::uint64_t at = 0; at < spill.size();) {
    const auto run = spill.run_at(at);
    data += run.hole ? 0 : run.length;
    at += run.length;
  }
  EXPECT_LE(data, kMiB);
}

TEST(Spill, CallsZerosDataUnlessToldOtherwise) {
  Spill spill;
  spill.append(std::vector<std::byte>(3 * kMiB));
  EXPECT_EQ(test::runs_of(spill), "D3145728");
}

TEST(Spill, BytesInTheFileCanBeCopiedByTheKernel) {
  Spill spill({.memory_bytes = kMiB, .tells_holes = false});
  const std::vector<std::byte> bytes(3 * kMiB, std::byte{'x'});
  spill.append(bytes);
  EXPECT_FALSE(spill.host_range(0, 10));
  EXPECT_FALSE(spill.host_range(kMiB - 1, 10));
  const auto range = spill.host_range(kMiB, 2 * kMiB);
  ASSERT_TRUE(range);
  std::vector<char> read(10);
  EXPECT_EQ(pread(range->file->fd(), read.data(), read.size(), static_cast<off_t>(range->offset)), 10);
  EXPECT_EQ(read, std::vector<char>(10, 'x'));
  EXPECT_FALSE(spill.host_range(2 * kMiB, kMiB + 1));
}

/// $TMPDIR, for as long as it lives.
class TemporaryTmpdir {
 public:
  explicit TemporaryTmpdir(const std::string& value) {
    const char* const before = std::getenv("TMPDIR");
    if (before != nullptr) before_ = before;
    setenv("TMPDIR", value.c_str(), 1);
  }
  ~TemporaryTmpdir() {
    if (before_) {
      setenv("TMPDIR", before_->c_str(), 1);
    } else {
      unsetenv("TMPDIR");
    }
  }
  TemporaryTmpdir(const TemporaryTmpdir&) = delete;
  TemporaryTmpdir& operator=(const TemporaryTmpdir&) = delete;

 private:
  std::optional<std::string> before_;
};

TEST(Spill, NamesTheDirectoryThatItCanNotUse) {
  const TemporaryTmpdir tmpdir("/nowhere/at all");
  Spill spill({.memory_bytes = 0, .tells_holes = false});
  EXPECT_NO_THROW(spill.append(std::vector<std::byte>(100))) << "zeros need no file";
  try {
    spill.append(test::bytes_of("data"));
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::NotFound);
    EXPECT_NE(std::string(error.what()).find("/nowhere/at all (TMPDIR chooses another place)"), std::string::npos)
        << error.what();
  }
}

TEST(Spill, KeepsLittleInLittleMemory) {
  const TemporaryTmpdir tmpdir("/nowhere");
  Spill spill({.memory_bytes = 64 * 1024, .tells_holes = false});
  const auto bytes = test::bytes_of(std::string(60 * 1024, 'x'));
  spill.append(bytes);
  EXPECT_EQ(read_all(spill, bytes.size()), bytes);
}

TEST(Spill, LeavesNoFileBehind) {
  const test::TemporaryDirectory directory;
  const TemporaryTmpdir tmpdir(directory.path().string());
  Spill spill({.memory_bytes = 0, .tells_holes = false});
  spill.append(test::bytes_of("data"));
  EXPECT_EQ(test::text_of(spill), "data");
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

}  // namespace
}  // namespace fstool
