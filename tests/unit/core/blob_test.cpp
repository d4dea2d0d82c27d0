#include "fstool/blob.h"

#include <gtest/gtest.h>

#include "fstool/error.h"
#include "test_blobs.h"

namespace fstool {
namespace {

using test::extents_text;
using test::runs_of;
using test::text_at;
using test::text_blob;
using test::text_of;

TEST(MemoryBlob, HoldsItsBytes) {
  const BlobPtr blob = text_blob("hello");
  EXPECT_EQ(blob->size(), 5U);
  EXPECT_EQ(text_of(*blob), "hello");
  EXPECT_EQ(text_at(*blob, 1, 3), "ell");
  EXPECT_EQ(text_at(*blob, 5, 0), "");
  EXPECT_EQ(runs_of(*blob), "D5");
  EXPECT_FALSE(blob->host_range(0, 5));
}

TEST(HoleBlob, IsOneHoleOfZeros) {
  const BlobPtr blob = make_hole_blob(std::uint64_t{1} << 40U);
  EXPECT_EQ(text_at(*blob, 1U << 30U, 4), "....");
  EXPECT_TRUE(blob->run_at(7).hole);
  EXPECT_EQ(blob->run_at(7).length, (std::uint64_t{1} << 40U) - 7);
}

TEST(SliceBlob, IsAWindow) {
  const BlobPtr blob = make_slice_blob(text_blob("hello world"), 6, 4);
  EXPECT_EQ(text_of(*blob), "worl");
  EXPECT_EQ(runs_of(*blob), "D4");
  EXPECT_THROW(make_slice_blob(text_blob("hello"), 3, 3), Error);
  EXPECT_THROW(make_slice_blob(text_blob("hello"), UINT64_MAX, 2), Error);
}

TEST(GeneratedBlob, AsksForExactlyWhatIsRead) {
  const BlobPtr blob = make_generated_blob(26, [](std::uint64_t offset, std::span<std::byte> out) {
    for (std::byte& byte : out) byte = static_cast<std::byte>('a' + offset++);
  });
  EXPECT_EQ(text_at(*blob, 3, 4), "defg");
  EXPECT_EQ(text_at(*blob, 25, 1), "z");
  EXPECT_EQ(runs_of(*blob), "D26");
}

TEST(Blob, RefusesReadsBeyondItsEnd) {
  std::vector<std::byte> out(2);
  const auto nothing = [](std::uint64_t, std::span<std::byte>) {};
  for (const BlobPtr& blob : {text_blob("abc"), make_hole_blob(3), make_slice_blob(text_blob("abcd"), 0, 3),
                              make_generated_blob(3, nothing), BlobBuilder().finish(3)}) {
    EXPECT_THROW(blob->read(2, out), Error);
    EXPECT_THROW(blob->read(UINT64_MAX, out), Error);
  }
}

/// "ab", a hole up to 100, "cd", a hole up to 200.
BlobPtr sparse_blob() {
  BlobBuilder builder;
  builder.add(0, text_blob("ab"));
  builder.add(100, text_blob("cd"));
  return builder.finish(200);
}

TEST(DataExtents, LeaveHolesOut) {
  EXPECT_EQ(extents_text(data_extents(*sparse_blob(), 0, 200, 1)), "0+2 100+2");
  EXPECT_EQ(extents_text(data_extents(*sparse_blob(), 1, 100, 1)), "1+1 100+1");
  EXPECT_EQ(extents_text(data_extents(*sparse_blob(), 10, 50, 1)), "");
  EXPECT_EQ(extents_text(data_extents(*sparse_blob(), 0, 0, 1)), "");
}

TEST(DataExtents, AreWidenedToTheGranularity) {
  EXPECT_EQ(extents_text(data_extents(*sparse_blob(), 0, 200, 8)), "0+8 96+8");
  EXPECT_EQ(extents_text(data_extents(*sparse_blob(), 64, 37, 64)), "64+37") << "the last may end early";
}

TEST(DataExtents, AreMergedWhereTheyTouch) {
  EXPECT_EQ(extents_text(data_extents(*sparse_blob(), 0, 200, 64)), "0+128");
  BlobBuilder builder;
  for (std::uint64_t offset = 0; offset < 64; offset += 8) builder.add(offset, text_blob("12345678"));
  EXPECT_EQ(extents_text(data_extents(*builder.finish(64), 0, 64, 4)), "0+64");
}

TEST(ReadAll, HasALimit) {
  EXPECT_EQ(read_all(*text_blob("abc"), 3), test::bytes_of("abc"));
  try {
    read_all(*make_hole_blob(std::uint64_t{1} << 50U), 1U << 20U);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Unsupported);
  }
}

TEST(IsZero, LooksAtEveryByte) {
  EXPECT_TRUE(is_zero({}));
  for (const std::size_t size : {1U, 15U, 16U, 17U, 100U}) {
    std::vector<std::byte> bytes(size);
    EXPECT_TRUE(is_zero(bytes));
    for (std::byte& byte : bytes) {
      byte = std::byte{1};
      EXPECT_FALSE(is_zero(bytes));
      byte = std::byte{0};
    }
  }
}

}  // namespace
}  // namespace fstool
