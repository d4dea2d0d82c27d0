// Hash trees: veritysetup makes the same bytes and accepts ours, whatever the size of the data and wherever its holes
// are.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ondisk/tree_shape.h"
#include "verity_fixture.h"

namespace fstool::verity {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kBlock = 4096;

/// Fails unless veritysetup makes the same tree of `data`, of which only whole hash blocks count, and accepts ours.
void expect_as_veritysetup(const VerityOptions& with, const BlobPtr& data) {
  const Veritysetup veritysetup(*data);
  const Derived derived = derive(with, data);
  EXPECT_THAT(veritysetup.format(with), HasSubstr(value_of(derived, "hash")));
  std::vector<std::byte> theirs = bytes_of(*open_file_blob(veritysetup.path("tree")));
  theirs.resize(derived.bytes->size());  // over a single block it stops behind the superblock
  EXPECT_TRUE(bytes_of(*derived.bytes) == theirs);
  if (with.superblock) {
    EXPECT_TRUE(veritysetup.accepts(*derived.bytes, value_of(derived, "hash")));
  }
}

struct Vector {
  const char* name;
  std::uint64_t blocks;
  const char* hash;
  std::uint32_t hash_block_size;
  HashType type;
  const char* salt;
  const char* root_hash;  ///< as veritysetup 2.6.1 says
};

class VerityVectors : public testing::TestWithParam<Vector> {};

TEST_P(VerityVectors, HaveTheRootHashThatVeritysetupFound) {
  VerityOptions with = options();
  with.hash = GetParam().hash;
  with.salt = GetParam().salt;
  with.hash_block_size = Bytes{GetParam().hash_block_size};
  with.hash_type = static_cast<std::uint32_t>(GetParam().type);
  EXPECT_EQ(value_of(derive(with, pattern(GetParam().blocks * kBlock)), "hash"), GetParam().root_hash);
}

INSTANTIATE_TEST_SUITE_P(
    All, VerityVectors,
    testing::Values(
        Vector{"OneBlock", 1, "sha256", 4096, HashType::Normal, "-",
               "338c29b00b16b246bf428c2b8a4c5e9c727948019fb895b04a7a2a9a58cb2ec1"},
        Vector{"OneLevel", 3, "sha256", 4096, HashType::Normal, "00112233",
               "6abecc8c4cd99729c691150f5634f2e6ca3ee97c62353b0d653045f0bcf0c7e4"},
        Vector{"TwoLevels", 129, "sha256", 4096, HashType::Normal, "00112233",
               "4f43cf784c8255291f8df8dbff3527128e3af962d8818a9781decea749fc3e6e"},
        Vector{"Sha1", 3, "sha1", 4096, HashType::Normal, "00112233", "b0c51751e7d3c41f1ed65a73ed629b07eaa14041"},
        Vector{"ChromeOs", 3, "sha512", 4096, HashType::ChromeOs, "00112233",
               "f737799b9e95853ecf199a574f4f33c5e26c17648b813c2f805184955e8d101e7dcd890902b90f6072f6a418a2ae075f2f2ca58"
               "4c0fb3f9b01f5ded977814f98"},
        Vector{"Sha384", 3, "sha384", 512, HashType::Normal, "00112233",
               "67e1bc75a45777be7c6ca836c4b59a2373dfd973149ecd626f303a3caf5526c786c9a73c3dfa38e743b3df8df00d3e78"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Verity, OfSizesWhereLevelsChangeIsWhatVeritysetupMakes) {
  for (const std::uint64_t blocks : {1U, 2U, 127U, 128U, 129U, 255U, 256U, 257U}) {
    SCOPED_TRACE(blocks);
    expect_as_veritysetup(options(), pattern(blocks * kBlock));
  }
  VerityOptions small = options();
  small.data_block_size = small.hash_block_size = Bytes{512};  // 16 hashes a block
  for (const std::uint64_t blocks : {15U, 16U, 17U, 255U, 256U, 257U, 4095U, 4096U, 4097U}) {
    SCOPED_TRACE(blocks);
    expect_as_veritysetup(small, pattern(blocks * 512));
  }
}

TEST(Verity, OfThreeLevelsIsWhatVeritysetupMakes) {
  // 128² + 1 blocks, most of which are a hole.
  const std::uint64_t size = (128 * 128 + 1) * kBlock;
  BlobBuilder builder;
  builder.add(size - kBlock, pattern(kBlock));
  builder.add(700 * kBlock, pattern(300 * kBlock));
  const BlobPtr data = builder.finish(size);
  const TreeShape shape = TreeShape::make(128 * 128 + 1, kBlock, 32, HashType::Normal);
  ASSERT_EQ(shape.levels.size(), 3U);
  EXPECT_EQ(shape.blocks, 129U + 2 + 1);
  expect_as_veritysetup(options(), data);
}

TEST(Verity, WithEachOptionIsWhatVeritysetupMakes) {
  const BlobPtr data = pattern(65'536 * 5);
  for (const std::string hash : {"sha1", "sha224", "sha256", "sha384", "sha512"}) {
    for (const HashType type : {HashType::Normal, HashType::ChromeOs}) {
      for (const std::uint64_t block_size : {512U, 1024U, 4096U, 65'536U}) {
        SCOPED_TRACE(hash + " " + std::to_string(block_size));
        VerityOptions with = options();
        with.hash = hash;
        with.hash_type = static_cast<std::uint32_t>(type);
        with.hash_block_size = Bytes{block_size};
        expect_as_veritysetup(with, data);
      }
    }
  }
  for (const std::uint64_t block_size : {512U, 1024U, 2048U, 8192U, 16'384U, 32'768U, 65'536U}) {
    SCOPED_TRACE(block_size);
    VerityOptions with = options();
    with.data_block_size = Bytes{block_size};
    expect_as_veritysetup(with, data);
  }
  VerityOptions with = options();
  with.superblock = false;
  with.uuid.reset();
  expect_as_veritysetup(with, data);
  for (const std::string& salt : {std::string("-"), std::string("FF"), std::string(512, 'a')}) {
    with = options();
    with.salt = salt;
    expect_as_veritysetup(with, data);
  }
}

TEST(Verity, IsTheSameForHolesAndZeros) {
  const std::uint64_t blocks = 128 * 5 + 7;
  const auto with_holes = [&](std::uint64_t first_hole, std::uint64_t count) {
    BlobBuilder builder;
    builder.add(0, pattern(blocks * kBlock), 0, first_hole * kBlock);
    const std::uint64_t end = (first_hole + count) * kBlock;
    builder.add(end, pattern(blocks * kBlock), end, blocks * kBlock - end);
    return builder.finish(blocks * kBlock);
  };
  const std::vector<std::pair<std::uint64_t, std::uint64_t>> holes = {
      {0, 647}, {0, 128}, {0, 129}, {1, 128}, {127, 258}, {128, 384}, {100, 547}, {646, 1}, {512, 135}};
  for (const auto& [first, count] : holes) {
    SCOPED_TRACE(std::to_string(first) + "+" + std::to_string(count));
    const BlobPtr sparse = with_holes(first, count);
    const Derived from_zeros = derive(options(), make_memory_blob(bytes_of(*sparse)));
    const Derived from_holes = derive(options(), sparse);
    EXPECT_EQ(value_of(from_holes, "hash"), value_of(from_zeros, "hash"));
    EXPECT_TRUE(bytes_of(*from_holes.bytes) == bytes_of(*from_zeros.bytes));
    EXPECT_TRUE(Veritysetup(*sparse).accepts(*from_holes.bytes, value_of(from_holes, "hash")));
  }
}

/// All of it is a hole, and nobody may read it.
class UnreadHole : public Blob {
 public:
  explicit UnreadHole(std::uint64_t size) : size_(size) {}
  std::uint64_t size() const override { return size_; }
  void read(std::uint64_t /*offset*/, std::span<std::byte> /*out*/) const override {
    throw Error(ErrorCode::Io, "a hole was read");
  }
  Run run_at(std::uint64_t offset) const override { return {size_ - offset, true}; }

 private:
  std::uint64_t size_;
};

TEST(Verity, OfAHugeHoleIsMadeAtOnce) {
  const Derived derived = derive(options(), std::make_shared<UnreadHole>(std::uint64_t{1} << 50U));
  // Any block of level 0 is the same: it lies at the end.
  std::vector<std::byte> first(kBlock);
  std::vector<std::byte> last(kBlock);
  derived.bytes->read(derived.bytes->size() - 1000 * kBlock, first);
  derived.bytes->read(derived.bytes->size() - kBlock, last);
  EXPECT_TRUE(first == last);
  EXPECT_FALSE(is_zero(last));
}

TEST(Verity, DoesNotDependOnTheNumberOfThreads) {
  BlobBuilder builder;
  builder.add(0, pattern(9 << 20U));
  builder.add(20 << 20U, pattern(3 << 20U));
  const BlobPtr data = builder.finish(24 << 20U);
  const Derived one = derive(options(), data, 1);
  for (const unsigned threads : {2U, 5U}) {
    const Derived more = derive(options(), data, threads);
    EXPECT_EQ(value_of(more, "hash"), value_of(one, "hash"));
    EXPECT_TRUE(bytes_of(*more.bytes) == bytes_of(*one.bytes));
  }
}

TEST(Verity, ReadsTheDataOnce) {
  class Counted : public Blob {
   public:
    explicit Counted(BlobPtr blob) : blob_(std::move(blob)) {}
    std::uint64_t size() const override { return blob_->size(); }
    void read(std::uint64_t offset, std::span<std::byte> out) const override {
      bytes += out.size();
      blob_->read(offset, out);
    }
    mutable std::atomic<std::uint64_t> bytes = 0;

   private:
    BlobPtr blob_;
  };
  const auto data = std::make_shared<Counted>(pattern(3'000 * kBlock));
  derive(options(), data);
  EXPECT_EQ(data->bytes, data->size());
}

TEST(Verity, TellsWhatOthersNeedToKnow) {
  VerityOptions with = options();
  const Derived derived = derive(with, pattern(3 * kBlock));
  EXPECT_EQ(value_of(derived, "salt"), "00112233");
  EXPECT_EQ(value_of(derived, "hash_uuid_data"), "6abecc8c-4cd9-9729-c691-150f5634f2e6");
  EXPECT_EQ(value_of(derived, "hash_uuid_hash"), "ca3ee97c-6235-3b0d-6530-45f0bcf0c7e4");
  with.salt = "-";
  EXPECT_EQ(value_of(derive(with, pattern(kBlock)), "salt"), "-");
}

TEST(Verity, TakesSaltAndUuidFromTheSeed) {
  const Derived derived = derive({}, pattern(3 * kBlock));
  EXPECT_EQ(value_of(derived, "salt").size(), 64U);
  EXPECT_TRUE(bytes_of(*derived.bytes) == bytes_of(*derive({}, pattern(3 * kBlock)).bytes));
  Superblock superblock;
  derived.bytes->read(0, std::as_writable_bytes(std::span(&superblock, 1)));
  EXPECT_EQ(superblock.salt_size, 32);
  Uuid uuid;
  uuid.bytes = superblock.uuid;
  EXPECT_EQ(uuid, Seed("test").uuid("uuid"));
  EXPECT_TRUE(Veritysetup(*pattern(3 * kBlock)).accepts(*derived.bytes, value_of(derived, "hash")));
}

TEST(Verity, OfOtherDataIsRejected) {
  const std::uint64_t size = 300 * kBlock;
  const Derived derived = derive(options(), pattern(size));
  std::vector<std::byte> data = bytes_of(*pattern(size));
  EXPECT_TRUE(Veritysetup(*make_memory_blob(data)).accepts(*derived.bytes, value_of(derived, "hash")));
  data[200 * kBlock + 17] ^= std::byte{0x20};
  EXPECT_FALSE(Veritysetup(*make_memory_blob(data)).accepts(*derived.bytes, value_of(derived, "hash")));
}

void expect_refused(const VerityOptions& with, std::uint64_t data_size, const std::string& words) {
  const auto [code, text] = test::thrown_by([&] { VerityDerivation(with).size(data_size); });
  EXPECT_EQ(code, ErrorCode::InvalidArgument);
  EXPECT_THAT(text, HasSubstr(words));
}

TEST(Verity, SaysWhatSizesWouldDo) {
  expect_refused(options(), 0, "there is no data");
  expect_refused(options(), 5 * kBlock - 1536, "make them \"20KiB\", or set data_block_size = \"512\"");
  expect_refused(options(), 4097, "make them \"8KiB\"");
  VerityOptions bare = options();
  bare.uuid.reset();
  bare.superblock = false;
  expect_refused(bare, kBlock, "nothing would be stored");
}

TEST(Verity, RefusesBlocksThatAreSmallerThanSectors) {
  VerityOptions with = options();
  with.hash_block_size = Bytes{2048};
  test::HeardContext heard;
  const DerivationRequest request{.seed = Seed("test"), .sector_size = 4096};
  const auto [code, text] =
      test::thrown_by([&] { VerityDerivation(with).derive(pattern(kBlock), request, heard.context()); });
  EXPECT_EQ(code, ErrorCode::InvalidArgument);
  EXPECT_THAT(text, HasSubstr("hash_block_size = \"2KiB\""));
}

TEST(Verity, RefusesWrongOptions) {
  for (const std::string& salt : {std::string(""), std::string("0"), std::string("0g"), std::string("--"),
                                  std::string("+1"), std::string(514, 'a')}) {
    VerityOptions with = options();
    with.salt = salt;
    expect_refused(with, kBlock, "salt");
  }
  VerityOptions with = options();
  with.superblock = false;
  expect_refused(with, kBlock, "no place for a uuid");
}

}  // namespace
}  // namespace fstool::verity
