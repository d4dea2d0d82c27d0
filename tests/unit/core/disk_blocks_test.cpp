#include "fstool/disk_blocks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codec_fixture.h"
#include "container_fixture.h"
#include "fstool/entry_table.h"
#include "fstool/error.h"
#include "fstool/registry.h"

namespace fstool {
namespace {

using test::expect_same;
using test::random_bytes;
using test::sparse_disk;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kTiB = kMiB * kMiB;

class CountingListener : public ProgressListener {
 public:
  void begin(std::string_view /*step*/, std::uint64_t /*total*/, std::string_view /*unit*/) override {}
  void advance(std::uint64_t more) override { done += more; }
  void warn(std::string_view message) override { ADD_FAILURE() << message; }
  std::atomic<std::uint64_t> done = 0;
};

class DataBlocksTest : public testing::Test {
 protected:
  /// The blocks that are found, by index. Fails unless they come in order, each prepared before.
  std::map<std::uint64_t, std::vector<std::byte>> blocks_of(const Blob& disk, std::uint64_t block_size,
                                                            unsigned threads = 3) {
    const Registry registry;
    Context::Settings settings;
    settings.threads = threads;
    settings.listener = listener_;
    Context context(registry, settings);
    std::vector<std::uint64_t> prepared(context.workers().slots());
    std::map<std::uint64_t, std::vector<std::byte>> blocks;
    for_each_data_block(
        disk, block_size, context,
        [&](const DataBlock& block, unsigned worker, unsigned slot) {
          EXPECT_LT(worker, threads);
          prepared[slot] = block.index + 1;
        },
        [&](const DataBlock& block, unsigned slot) {
          EXPECT_EQ(prepared[slot], block.index + 1);
          EXPECT_TRUE(blocks.empty() || blocks.rbegin()->first < block.index);
          blocks[block.index].assign(block.bytes.begin(), block.bytes.end());
        });
    return blocks;
  }

  const std::shared_ptr<CountingListener> listener_ = std::make_shared<CountingListener>();
};

TEST_F(DataBlocksTest, AreTheOnesThatAreNotZeros) {
  std::vector<std::byte> bytes(100 * kKiB + 100);
  bytes[3 * 4096] = std::byte{1};
  bytes[3 * 4096 + 8191] = std::byte{2};
  bytes.back() = std::byte{3};
  const auto blocks = blocks_of(*make_memory_blob(bytes), 4096);
  ASSERT_EQ(blocks.size(), 3U);
  EXPECT_EQ(blocks.at(3)[0], std::byte{1});
  EXPECT_EQ(blocks.at(4)[4095], std::byte{2});
  EXPECT_EQ(blocks.at(25)[99], std::byte{3});
  for (const auto& [index, block] : blocks) EXPECT_EQ(block.size(), 4096U);
  EXPECT_TRUE(is_zero(std::span(blocks.at(25)).subspan(100)));
  EXPECT_EQ(listener_->done, bytes.size());
}

TEST_F(DataBlocksTest, DoNotDependOnWhatIsKnownOfHoles) {
  const auto piece = random_bytes(10'000, 1);
  std::vector<std::byte> whole(300 * kKiB);
  std::ranges::copy(piece, whole.begin() + 5);
  std::ranges::copy(piece, whole.begin() + 200'000);
  const auto sparse = sparse_disk(whole.size(), {{5, piece}, {200'000, piece}});
  for (const std::uint64_t block_size : {512U, 4096U, 65536U, 1048576U}) {
    EXPECT_EQ(blocks_of(*sparse, block_size, 1), blocks_of(*make_memory_blob(whole), block_size, 4)) << block_size;
  }
}

TEST_F(DataBlocksTest, OfAHugeDiskAreFoundByItsHoles) {
  const auto disk = sparse_disk(1000 * kTiB, {{0, random_bytes(1, 1)}, {999 * kTiB + 12345, random_bytes(kMiB, 2)}});
  const auto blocks = blocks_of(*disk, kMiB);
  EXPECT_EQ(blocks.size(), 3U);
  EXPECT_EQ(blocks.rbegin()->first, 999 * kMiB + 1);
  EXPECT_EQ(listener_->done, disk->size());
}

TEST_F(DataBlocksTest, OfAnEmptyDiskThereAreNone) { EXPECT_TRUE(blocks_of(*make_hole_blob(0), 4096).empty()); }

TEST(ContentSeedTest, DependsOnContentAndPlace) {
  const auto uuid_of = [](std::uint64_t size, const std::vector<std::pair<std::uint64_t, char>>& blocks) {
    ContentSeed seed(1, size);
    for (const auto& [index, value] : blocks) {
      const std::vector<std::byte> bytes(512, static_cast<std::byte>(value));
      seed.take({index, bytes}, 0);
      seed.add({index, bytes}, 0);
    }
    return seed.seed().uuid("test");
  };
  EXPECT_EQ(uuid_of(4096, {{0, 'a'}, {3, 'b'}}), uuid_of(4096, {{0, 'a'}, {3, 'b'}}));
  std::vector<Uuid> all = {uuid_of(4096, {}),         uuid_of(8192, {}),         uuid_of(4096, {{0, 'a'}}),
                           uuid_of(4096, {{1, 'a'}}), uuid_of(4096, {{0, 'b'}}), uuid_of(4096, {{0, 'a'}, {1, 'a'}})};
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
}

class BlockFileTest : public test::ContainerFixture {
 protected:
  /// Writes with `write` to a file of `size` bytes, and returns how many were handed to the output.
  template <class Write>
  std::uint64_t make_file(std::uint64_t size, Write&& write) {
    OutputFile output(path("file"), {.force = false, .sync = OutputFile::Sync::Never});
    output.set_size(size);
    write(output);
    output.commit();
    return output.bytes_written();
  }
};

TEST_F(BlockFileTest, ZeroBlocksOfTheFileAreNotWritten) {
  std::vector<std::byte> bytes(10 * 4096);
  bytes[0] = std::byte{1};                 // at 4095 of the file
  bytes[1 + 2 * 4096 + 7] = std::byte{2};  // in the fourth block of the file
  bytes.back() = std::byte{3};
  const std::uint64_t written = make_file(100'000, [&](OutputFile& output) { write_sparse(output, 4095, bytes); });
  EXPECT_EQ(written, 1U + 4096U + 4095U);
  const auto made = file_bytes("file");
  EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), made.begin() + 4095));
  EXPECT_TRUE(is_zero(std::span(made).first(4095)));
}

using Entry = boost::endian::big_uint32_t;

TEST_F(BlockFileTest, ATableIsReadAsItWasWritten) {
  constexpr std::uint64_t kEntries = 100'000;
  const std::map<std::uint64_t, std::uint32_t> set = {{0, 5}, {1, 6}, {16'383, 7}, {16'384, 8}, {99'999, 9}};
  make_file(0, [&](OutputFile& output) {
    EntryTableWriter<Entry> writer(output, 512, kEntries, Entry(0xffffffff));
    for (const auto& [index, value] : set) writer.set(index, Entry(value));
    writer.finish();
  });
  EXPECT_EQ(std::filesystem::file_size(path("file")), 512 + kEntries * 4);
  const EntryTable<Entry> table(open_file_blob(path("file")), 512, kEntries);
  EXPECT_EQ(table.size(), kEntries);
  for (std::uint64_t i = 0; i < kEntries; ++i) {
    const auto found = set.find(i);
    ASSERT_EQ(table[i], found == set.end() ? 0xffffffff : found->second) << i;
  }
}

TEST_F(BlockFileTest, ATableOfNothingIsNothing) {
  const std::uint64_t written =
      make_file(0, [&](OutputFile& output) { EntryTableWriter<Entry>(output, 512, 0, Entry(1)).finish(); });
  EXPECT_EQ(written, 0U);
}

class BlockedBlobTest : public testing::Test {
 protected:
  static constexpr std::uint64_t kBlock = 4096;
  static constexpr std::uint64_t kHole = ~std::uint64_t{0};

  /// A disk of `size` bytes whose blocks lie at `places` of file_, given in blocks.
  BlobPtr disk(std::uint64_t size, std::vector<std::uint64_t> places) const {
    return make_blocked_blob({.name = "the image",
                              .file = file_,
                              .size = size,
                              .block_size = kBlock,
                              .place = [places](std::uint64_t block) -> std::optional<std::uint64_t> {
                                if (places.at(block) == kHole) return std::nullopt;
                                return places[block] * kBlock;
                              }});
  }

  /// The first eight blocks are data, the next eight are a hole.
  const std::vector<std::byte> bytes_ = random_bytes(8 * kBlock, 1);
  const BlobPtr file_ = sparse_disk(16 * kBlock, {{0, bytes_}});
};

TEST_F(BlockedBlobTest, HasItsBlocksInOrder) {
  BlobBuilder expected;
  const std::vector<std::uint64_t> places = {3, kHole, 0, 1, 2, kHole, kHole, 7, 9, 10, 5};
  for (std::uint64_t i = 0; i < places.size(); ++i) {
    if (places[i] != kHole) expected.add(i * kBlock, file_, places[i] * kBlock, i == 10 ? 100 : kBlock);
  }
  expect_same(*disk(10 * kBlock + 100, places), *expected.finish(10 * kBlock + 100));
}

TEST_F(BlockedBlobTest, JoinsWhatBelongsTogether) {
  const BlobPtr joined = disk(8 * kBlock, {kHole, kHole, 0, 1, 2, 9, kHole, 5});
  EXPECT_EQ(joined->run_at(100).length, 2 * kBlock - 100);
  EXPECT_TRUE(joined->run_at(100).hole);
  EXPECT_EQ(joined->run_at(2 * kBlock).length, 3 * kBlock);
  EXPECT_FALSE(joined->run_at(2 * kBlock).hole);
  EXPECT_EQ(joined->run_at(5 * kBlock).length, kBlock);
  EXPECT_TRUE(joined->run_at(5 * kBlock).hole);  // of the file
}

TEST_F(BlockedBlobTest, WhatIsNotInTheFileIsAnErrorToThoseWhoAskForIt) {
  const BlobPtr damaged = disk(4 * kBlock, {14, 15, 16, kHole});
  EXPECT_EQ(damaged->run_at(0).length, 2 * kBlock);
  std::vector<std::byte> bytes(kBlock);
  damaged->read(kBlock, bytes);
  damaged->read(3 * kBlock, bytes);
  for (const auto& ask : {std::function<void()>([&] { damaged->read(2 * kBlock, bytes); }),
                          std::function<void()>([&] { damaged->run_at(2 * kBlock); })}) {
    try {
      ask();
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Corrupt);
      EXPECT_STREQ(
          error.what(),
          "reading the image: block 2 of the disk, at byte 65536 of the file, reaches beyond its end: it may be "
          "cut off");
    }
  }
  const BlobPtr overflow = disk(kBlock, {std::uint64_t{1} << 51U});
  EXPECT_THROW(overflow->read(0, bytes), Error);
}

TEST_F(BlockedBlobTest, OfTheLastBlockOnlyTheDisksBytesNeedBeThere) {
  const BlobPtr cut =
      make_blocked_blob({.name = "the image",
                         .file = make_memory_blob(std::vector<std::byte>(100, std::byte{1})),
                         .size = 100,
                         .block_size = kBlock,
                         .place = [](std::uint64_t /*block*/) { return std::optional<std::uint64_t>(0); }});
  std::vector<std::byte> bytes(100);
  cut->read(0, bytes);
  EXPECT_EQ(bytes[99], std::byte{1});
}

}  // namespace
}  // namespace fstool
