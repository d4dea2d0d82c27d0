#include "fstool/reuse.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "fstool/blob.h"
#include "run_tool.h"
#include "test_blobs.h"

namespace fstool {
namespace {

using test::bytes_of;

PieceKey key_of(const Blob& blob, std::uint64_t offset, std::uint64_t length) {
  Fingerprint fingerprint;
  blob.fingerprint(offset, length, fingerprint);
  return fingerprint.finish();
}

PieceKey key_of(const Blob& blob) { return key_of(blob, 0, blob.size()); }

TEST(FingerprintTest, SequencesAreToldApart) {
  std::map<PieceKey, int> keys;
  Fingerprint fingerprint;
  const auto add = [&](auto... changes) {
    (changes(fingerprint), ...);
    ++keys[fingerprint.finish()];
  };
  const auto hole = [](std::uint64_t length) { return [=](Fingerprint& out) { out.add_hole(length); }; };
  const auto bytes = [](std::string text) { return [=](Fingerprint& out) { out.add_bytes(bytes_of(text)); }; };
  const auto range = [](std::string source, std::uint64_t offset) {
    return [=](Fingerprint& out) { out.add_range(source, offset, 1); };
  };
  add();
  add(hole(1));
  add(hole(2));
  add(hole(1), hole(1));
  add(bytes("ab"), bytes("c"));
  add(bytes("a"), bytes("bc"));
  add(bytes("abc"));
  add(range("abc", 0));
  add(range("abc", 1));
  add(range("ab", 0));
  EXPECT_EQ(keys.size(), 10U);
  add(bytes("abc"));
  EXPECT_EQ(keys.size(), 10U) << "the same twice";
}

TEST(FingerprintTest, PartsOfAWholeCountWithTheirPlaces) {
  const BlobPtr text = make_memory_blob(bytes_of("0123456789"));
  const auto composed = [&](std::uint64_t offset, std::uint64_t part_offset) {
    BlobBuilder builder;
    builder.add(offset, text, part_offset, 4);
    return builder.finish(20);
  };
  EXPECT_EQ(key_of(*composed(3, 2)), key_of(*composed(3, 2)));
  EXPECT_NE(key_of(*composed(3, 2)), key_of(*composed(4, 2)));
  EXPECT_NE(key_of(*composed(3, 2)), key_of(*composed(3, 3)));
  EXPECT_EQ(key_of(*composed(3, 2), 3, 4), key_of(*make_slice_blob(text, 2, 4)));
  EXPECT_EQ(key_of(*composed(3, 2), 8, 5), key_of(*make_hole_blob(5)));
}

TEST(FingerprintTest, FilesThatChangedJustNowAreRead) {
  const test::TemporaryDirectory directory;
  const auto path = directory.path() / "file";
  std::ofstream(path) << "one";
  const PieceKey one = key_of(*open_file_blob(path));
  EXPECT_EQ(one, key_of(*make_memory_blob(bytes_of("one"))));
  std::ofstream(path) << "two";
  EXPECT_NE(one, key_of(*open_file_blob(path)));
}

TEST(FingerprintTest, OldTimesAreSettledAndNewOnesAreNot) {
  EXPECT_TRUE(is_settled(0));
  EXPECT_FALSE(is_settled(std::int64_t{1} << 40U));
}

}  // namespace
}  // namespace fstool
