// Block maps made by hand.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "fstool/error.h"
#include "fstool/registry.h"
#include "ondisk/extent_tree.h"
#include "read/file_map.h"
#include "read/volume_state.h"

namespace fstool::ext4 {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint32_t kBlockSize = 1024;
constexpr std::uint64_t kBlocks = 1000;

class FileMaps : public testing::Test {
 protected:
  FileMaps() : context_(registry_, {}) {
    layout_.block_size = kBlockSize;
    layout_.blocks = kBlocks;
    layout_.first_data_block = 1;
  }

  template <class T>
  void put(std::uint64_t block, std::size_t offset, const T& object) {
    std::memcpy(image_.data() + block * kBlockSize + offset, &object, sizeof(object));
  }

  FileMap read(const MapRoot& root, std::uint64_t limit = kMaxFileBlocks) {
    const VolumeState volume(layout_, make_memory_blob(image_), context_);
    BlockClaims claims;
    return read_file_map(volume, root, limit, claims);
  }

  void expect_corrupt(const MapRoot& root) {
    try {
      read(root);
      FAIL() << "the map was read";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Corrupt);
    }
  }

  static ExtentHeader header(std::size_t entries, unsigned depth, std::size_t room) {
    ExtentHeader result{};
    result.magic = kExtentMagic;
    result.entries = static_cast<std::uint16_t>(entries);
    result.max_entries = static_cast<std::uint16_t>(room);
    result.depth = static_cast<std::uint16_t>(depth);
    return result;
  }
  static ExtentLeaf leaf(std::uint32_t logical, std::uint32_t length, std::uint32_t physical) {
    ExtentLeaf result{};
    result.first_block = logical;
    result.length = static_cast<std::uint16_t>(length);
    result.start_lo = physical;
    return result;
  }
  static ExtentIndex index(std::uint32_t logical, std::uint32_t block) {
    ExtentIndex result{};
    result.first_block = logical;
    result.leaf_lo = block;
    return result;
  }
  template <class Entry>
  static MapRoot extent_root(unsigned depth, const std::vector<Entry>& entries) {
    MapRoot root;
    root.flags = kInodeExtents;
    const ExtentHeader head = header(entries.size(), depth, kInlineExtents);
    std::memcpy(root.block.data(), &head, sizeof(head));
    std::ranges::copy(std::as_bytes(std::span(entries)), root.block.begin() + sizeof(head));
    return root;
  }
  template <class Entry>
  void put_node(std::uint64_t block, unsigned depth, const std::vector<Entry>& entries) {
    put(block, 0, header(entries.size(), depth, 84));
    for (std::size_t i = 0; i < entries.size(); ++i) put(block, sizeof(ExtentHeader) + i * sizeof(Entry), entries[i]);
  }
  static MapRoot pointer_root(const std::vector<std::pair<std::size_t, std::uint32_t>>& pointers) {
    MapRoot root;
    for (const auto& [place, block] : pointers) {
      const little_uint32_t word(block);
      std::memcpy(root.block.data() + place * sizeof(word), &word, sizeof(word));
    }
    return root;
  }

  Registry registry_;
  Context context_;
  Layout layout_;
  std::vector<std::byte> image_ = std::vector<std::byte>(kBlocks * kBlockSize);
};

TEST_F(FileMaps, ExtentsThatTouchAreJoined) {
  EXPECT_THAT(read(extent_root<ExtentLeaf>(0, {leaf(0, 2, 50), leaf(2, 3, 52), leaf(7, 1, 57)})),
              ElementsAre(MappedExtent{0, 5, 50}, MappedExtent{7, 1, 57}));
}

TEST_F(FileMaps, UnwrittenExtentsAreHoles) {
  EXPECT_THAT(read(extent_root<ExtentLeaf>(0, {leaf(0, 32768 + 10, 50), leaf(10, 1, 60)})),
              ElementsAre(MappedExtent{10, 1, 60}));
}

TEST_F(FileMaps, TreesOfExtentsAreFollowed) {
  put_node<ExtentIndex>(20, 1, {index(0, 21), index(100, 22)});
  put_node<ExtentLeaf>(21, 0, {leaf(0, 1, 500), leaf(5, 2, 510)});
  put_node<ExtentLeaf>(22, 0, {leaf(100, 4, 600)});
  const MapRoot root = extent_root<ExtentIndex>(2, {index(0, 20)});
  EXPECT_THAT(read(root), ElementsAre(MappedExtent{0, 1, 500}, MappedExtent{5, 2, 510}, MappedExtent{100, 4, 600}));
  EXPECT_THAT(read(root, 6), ElementsAre(MappedExtent{0, 1, 500}, MappedExtent{5, 2, 510}));
}

TEST_F(FileMaps, DamagedTreesAreRefused) {
  expect_corrupt(extent_root<ExtentLeaf>(0, {leaf(5, 2, 50), leaf(6, 2, 60)}));  // they overlap
  expect_corrupt(extent_root<ExtentLeaf>(0, {leaf(5, 2, 50), leaf(1, 2, 60)}));  // out of order
  expect_corrupt(extent_root<ExtentLeaf>(0, {leaf(0, 0, 50)}));
  expect_corrupt(extent_root<ExtentLeaf>(0, {leaf(0, 1, 0)}));
  expect_corrupt(extent_root<ExtentLeaf>(0, {leaf(0, 2, kBlocks - 1)}));
  expect_corrupt(extent_root<ExtentLeaf>(0, {leaf(UINT32_MAX, 2, 50)}));
  expect_corrupt(extent_root<ExtentLeaf>(6, {}));
  MapRoot no_magic = extent_root<ExtentLeaf>(0, {leaf(0, 1, 50)});
  no_magic.block[0] = std::byte{0};
  expect_corrupt(no_magic);
}

TEST_F(FileMaps, LoopsAreRefused) {
  put_node<ExtentIndex>(20, 1, {index(0, 20)});  // to itself
  expect_corrupt(extent_root<ExtentIndex>(2, {index(0, 20)}));
  put_node<ExtentLeaf>(21, 0, {leaf(0, 1, 500)});
  put_node<ExtentIndex>(22, 1, {index(0, 21), index(50, 21)});  // twice to the same
  expect_corrupt(extent_root<ExtentIndex>(2, {index(0, 22)}));
  put_node<ExtentLeaf>(23, 0, {leaf(70, 1, 500)});  // outside of its parent's range
  put_node<ExtentIndex>(24, 1, {index(0, 23), index(60, 21)});
  expect_corrupt(extent_root<ExtentIndex>(2, {index(0, 24)}));
}

TEST_F(FileMaps, PointersAreFollowedOnAllLevels) {
  constexpr std::uint32_t kPerBlock = kBlockSize / 4;
  put(30, 0, little_uint32_t(300));  // single
  put(31, 4, little_uint32_t(32));   // double
  put(32, 8, little_uint32_t(301));  // …
  put(33, 0, little_uint32_t(34));   // triple
  put(34, 0, little_uint32_t(35));   // …
  put(35, 4 * 255, little_uint32_t(302));
  const MapRoot root = pointer_root({{0, 100}, {1, 101}, {11, 200}, {12, 30}, {13, 31}, {14, 33}});
  constexpr std::uint32_t kDouble = 12 + kPerBlock;
  constexpr std::uint32_t kTriple = kDouble + kPerBlock * kPerBlock;
  EXPECT_THAT(read(root),
              ElementsAre(MappedExtent{0, 2, 100}, MappedExtent{11, 1, 200}, MappedExtent{12, 1, 300},
                          MappedExtent{kDouble + kPerBlock + 2, 1, 301}, MappedExtent{kTriple + 255, 1, 302}));
  EXPECT_THAT(read(root, 12), ElementsAre(MappedExtent{0, 2, 100}, MappedExtent{11, 1, 200}));
}

TEST_F(FileMaps, DamagedPointersAreRefused) {
  expect_corrupt(pointer_root({{0, kBlocks}}));
  expect_corrupt(pointer_root({{0, 1}}));  // the superblock
  put(30, 0, little_uint32_t(30));         // a block of pointers to itself
  expect_corrupt(pointer_root({{13, 30}}));
  expect_corrupt(pointer_root({{12, 31}, {13, 31}}));
}

TEST_F(FileMaps, AFileCannotHaveMoreBlocksThanTheFileSystem) {
  for (std::size_t i = 0; i < 256; ++i) {
    for (std::uint64_t block : {40, 41, 42, 43}) put(block, 4 * i, little_uint32_t(500));
  }
  for (std::uint32_t i = 0; i < 4; ++i) put(44, 4 * i, little_uint32_t(40 + i));
  expect_corrupt(pointer_root({{13, 44}}));
}

TEST(BlockClaims, GiveEachBlockOnce) {
  BlockClaims claims;
  EXPECT_TRUE(claims.claim(10, 5));
  EXPECT_TRUE(claims.claim(20, 5));
  EXPECT_TRUE(claims.claim(15, 5));  // joins them
  EXPECT_FALSE(claims.claim(9, 2));
  EXPECT_FALSE(claims.claim(24, 1));
  EXPECT_FALSE(claims.claim(0, 100));
  EXPECT_FALSE(claims.claim(17, 1));
  EXPECT_TRUE(claims.claim(9, 1));
  EXPECT_TRUE(claims.claim(25, 1));
  EXPECT_FALSE(claims.claim(9, 1));
}

}  // namespace
}  // namespace fstool::ext4
