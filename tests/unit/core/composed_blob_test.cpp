#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "fstool/blob.h"
#include "fstool/error.h"
#include "test_blobs.h"

namespace fstool {
namespace {

using test::runs_of;
using test::text_at;
using test::text_blob;
using test::text_of;

TEST(ComposedBlob, PutsPiecesInTheirPlaceInAnyOrder) {
  BlobBuilder builder;
  builder.reserve(3);
  builder.add(8, text_blob("xyz"), 1, 2);
  builder.add(0, text_blob("abc"));
  builder.add(3, text_blob("de"));
  builder.add(4, text_blob("ignored"), 3, 0);
  const BlobPtr blob = builder.finish(12);
  EXPECT_EQ(text_of(*blob), "abcde...yz..");
  EXPECT_EQ(runs_of(*blob), "D3 D2 H3 D2 H2");
}

TEST(ComposedBlob, ReadsTheSameFromEveryOffset) {
  BlobBuilder builder;
  builder.add(2, text_blob("abc"));
  builder.add(5, text_blob("de"));
  builder.add(10, text_blob("f"));
  const BlobPtr blob = builder.finish(13);
  const std::string whole = "..abcde...f..";
  for (std::size_t offset = 0; offset <= whole.size(); ++offset) {
    for (std::size_t length = 0; length <= whole.size() - offset; ++length) {
      EXPECT_EQ(text_at(*blob, offset, length), whole.substr(offset, length)) << offset << ' ' << length;
    }
  }
}

TEST(ComposedBlob, KnowsTheHolesOfItsParts) {
  BlobBuilder inner;
  inner.add(4, text_blob("abcd"));
  const BlobPtr part = inner.finish(12);
  BlobBuilder outer;
  outer.add(10, part, 2, 8);
  const BlobPtr blob = outer.finish(20);
  EXPECT_EQ(runs_of(*blob), "H10 H2 D4 H2 H2");
  EXPECT_EQ(text_of(*blob), "............abcd....");
}

TEST(ComposedBlob, OfNothingIsAHole) {
  EXPECT_EQ(runs_of(*BlobBuilder().finish(5)), "H5");
  EXPECT_EQ(BlobBuilder().finish(0)->size(), 0U);
}

TEST(BlobBuilder, RefusesOverlapsAndOverhangs) {
  BlobBuilder overlapping;
  overlapping.add(0, text_blob("abc"));
  overlapping.add(2, text_blob("d"));
  EXPECT_THROW(overlapping.finish(10), Error);
  BlobBuilder too_long;
  too_long.add(8, text_blob("abc"));
  EXPECT_THROW(too_long.finish(10), Error);
  BlobBuilder far_away;
  far_away.add(UINT64_MAX - 1, text_blob("abc"));
  EXPECT_THROW(far_away.finish(UINT64_MAX), Error);
}

TEST(BlobBuilder, RefusesWhatAPartDoesNotHave) {
  BlobBuilder builder;
  EXPECT_THROW(builder.add(0, text_blob("abc"), 2, 2), Error);
  EXPECT_THROW(builder.add(0, text_blob("abc"), UINT64_MAX, 2), Error);
}

TEST(BlobBuilder, IsEmptyAfterFinishing) {
  BlobBuilder builder;
  builder.add(0, text_blob("abc"));
  builder.finish(3);
  EXPECT_EQ(runs_of(*builder.finish(3)), "H3");
}

TEST(ComposedBlob, HoldsAMillionShuffledPieces) {
  constexpr std::uint64_t kPieces = 1'000'000;
  constexpr std::uint64_t kStride = 4;
  std::vector<std::uint64_t> order(kPieces);
  for (std::uint64_t i = 0; i < kPieces; ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937_64(1));
  const BlobPtr part = text_blob("ab");
  BlobBuilder builder;
  for (const std::uint64_t i : order) builder.add(i * kStride, part);
  const BlobPtr blob = builder.finish(kPieces * kStride);
  EXPECT_EQ(text_at(*blob, (kPieces - 2) * kStride + 1, 6), "b..ab.");
  EXPECT_EQ(data_extents(*blob, 0, blob->size(), 1).size(), kPieces);
}

}  // namespace
}  // namespace fstool
