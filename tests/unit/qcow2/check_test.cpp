// check(): nothing to say against good images (read_test.cpp looks at those), and every fault that is put into one
// found.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <string>
#include <vector>

#include "check/cluster_uses.h"
#include "codec_fixture.h"
#include "ondisk/header.h"
#include "ondisk/mapping_entry.h"
#include "qcow2_fixture.h"

namespace fstool::qcow2::test {
namespace {

using testing::HasSubstr;

constexpr std::uint64_t kCluster = 64 * kKiB;

/// An image with plain clusters at 0, compressed ones at 1 MiB, and a snapshot, taken before the clusters at 2 MiB were
/// written.
class Qcow2CheckTest : public Qcow2Test {
 protected:
  void SetUp() override {
    qemu_img("create -q -f qcow2 image 16M");
    qemu_io("image", {"write -P 1 0 128k", "write -c -P 2 1M 64k", "write -c -P 3 1088k 64k"});
    qemu_img("snapshot -c before image");
    qemu_io("image", {"write -P 4 2M 128k"});
    ASSERT_EQ(check("image"), "");
    l1_ = number(offsetof(Header, l1_table_offset));
    l2_ = number(l1_) & kHostOffsetMask;
    refcount_table_ = number(offsetof(Header, refcount_table_offset));
    refcount_block_ = number(refcount_table_);
    snapshots_ = number(offsetof(Header, snapshots_offset));
  }

  std::uint64_t number(std::uint64_t offset) const { return load_number(path("image"), offset); }
  void set(std::uint64_t offset, std::uint64_t value) const { store_number(path("image"), offset, value); }
  /// Where the L2 entry of a guest offset is.
  std::uint64_t entry_place(std::uint64_t offset) const { return l2_ + offset / kCluster * 8; }
  void set_refcount(std::uint64_t host_offset, std::uint16_t refcount) const {
    const boost::endian::big_uint16_t stored(refcount);
    write_bytes(path("image"), refcount_block_ + host_offset / kCluster * 2, std::as_bytes(std::span(&stored, 1)));
  }

  std::uint64_t l1_ = 0;
  std::uint64_t l2_ = 0;
  std::uint64_t refcount_table_ = 0;
  std::uint64_t refcount_block_ = 0;
  std::uint64_t snapshots_ = 0;
};

TEST_F(Qcow2CheckTest, TheHeader) {
  set(offsetof(Header, autoclear_features), 2);
  EXPECT_THAT(check("image"), HasSubstr("the header: the data file is said to be raw, and there is none"));
  set(offsetof(Header, autoclear_features), 1);
  EXPECT_THAT(check("image"), HasSubstr("the header: there are said to be bitmaps, and there are none"));
  set(offsetof(Header, autoclear_features), 0);
  set(offsetof(Header, incompatible_features), 2);
  EXPECT_THAT(check("image"), HasSubstr("the image is marked as corrupt"));
}

TEST_F(Qcow2CheckTest, EntriesOfTheL1Table) {
  const std::uint64_t entry = number(l1_);
  set(l1_, entry | 1);
  EXPECT_THAT(check("image"), HasSubstr("L1 entry 0: its value"));
  set(l1_, entry + 512);
  EXPECT_THAT(check("image"), HasSubstr("L1 entry 0: its L2 table begins at"));
  set(l1_, entry + kGiB);
  EXPECT_THAT(check("image"), HasSubstr("L1 entry 0: its L2 table, at"));
  set(l1_, entry & ~kCopied);
  EXPECT_EQ(check("image"), "L1 entry 0: it is not marked as the only reference, and the refcount is 1\n");
  set(l1_, kCopied | l1_);
  EXPECT_THAT(check("image"), HasSubstr("L1 entry 0: its L2 table overlaps an L1 table"));
}

TEST_F(Qcow2CheckTest, EntriesOfAnL2Table) {
  const std::uint64_t place = entry_place(2 * kMiB);
  const std::uint64_t entry = number(place);
  set(place, entry | 1ULL << 57U);
  EXPECT_THAT(check("image"), HasSubstr("guest cluster 32: its L2 entry"));
  set(place, entry + 512);
  EXPECT_THAT(check("image"), HasSubstr("guest cluster 32: its data begins at"));
  set(place, entry + kGiB);
  EXPECT_THAT(check("image"), HasSubstr("guest cluster 32: its data, at"));
  set(place, entry & ~kCopied);
  EXPECT_EQ(check("image"), "guest cluster 32: it is not marked as the only reference, and the refcount is 1\n");
  set(place, kCopied);
  EXPECT_THAT(check("image"), HasSubstr("guest cluster 32: it is marked as the only reference, and has no place"));
  set(place, kCopied | refcount_table_);
  EXPECT_THAT(check("image"), HasSubstr("guest cluster 32: its data overlaps the refcount table in host cluster 1"));
  set(place, kCopied | l2_);
  EXPECT_THAT(check("image"), HasSubstr("guest cluster 32: its data overlaps an L2 table"));
  set(place, number(entry_place(2 * kMiB + kCluster)));  // two guest clusters at one place
  EXPECT_THAT(check("image"), HasSubstr("the refcount is 1 and the number of references 2: it may be overwritten"));
  set(place, number(entry_place(0)) | kCopied);  // shared with the snapshot
  EXPECT_THAT(check("image"), HasSubstr("guest cluster 32: it is marked as the only reference, and the refcount is 2"));
}

TEST_F(Qcow2CheckTest, CompressedClusters) {
  const std::uint64_t place = entry_place(kMiB);
  const std::uint64_t entry = number(place);
  set(place, entry | kCopied);
  EXPECT_THAT(check("image"), HasSubstr("guest cluster 16: it is marked as the only reference, which compressed"));
  set(place, entry + kGiB);
  EXPECT_THAT(check("image"), HasSubstr("guest cluster 16: its data, at"));
  set(place, entry);
  set(compressed_payload(Geometry(16), entry).offset, ~std::uint64_t{0});
  EXPECT_THAT(check("image"), HasSubstr("guest cluster 16: the deflate stream is damaged"));
}

TEST_F(Qcow2CheckTest, Refcounts) {
  const std::uint64_t data = number(entry_place(2 * kMiB)) & kHostOffsetMask;
  const std::string cluster = "host cluster " + std::to_string(data / kCluster);
  set_refcount(data, 2);
  EXPECT_THAT(check("image"),
              HasSubstr(cluster + ": the refcount is 2 and the number of references 1: it will be leaked"));
  set_refcount(data, 0);
  EXPECT_THAT(check("image"),
              HasSubstr(cluster + ": the refcount is 0 and the number of references 1: it may be overwritten"));
  set_refcount(data, 1);
  set_refcount(1000 * kCluster, 1);
  set_refcount(1001 * kCluster, 1);
  EXPECT_EQ(check("image"),
            "host clusters 1000 to 1001: the refcount is 1 and the number of references 0: it is leaked\n");
}

TEST_F(Qcow2CheckTest, RefcountTableAndBlocks) {
  set(refcount_table_, refcount_block_ | 1);
  EXPECT_EQ(check("image"), fmt::format("refcount block 0: its entry {:#x} has reserved bits\n", refcount_block_ | 1));
  set(refcount_table_, refcount_block_ + 512);
  EXPECT_THAT(check("image"), HasSubstr("refcount block 0: it begins at"));
  set(refcount_table_, refcount_block_ + kGiB);
  EXPECT_THAT(check("image"), HasSubstr("refcount block 0: it is at"));
  set(refcount_table_, refcount_block_);
  set(refcount_table_ + 8, refcount_block_);
  EXPECT_THAT(check("image"), HasSubstr("refcount block 1: it is at"));
  set(refcount_table_ + 8, 0);
  set(offsetof(Header, refcount_table_offset), refcount_table_ + 8);
  EXPECT_THAT(check("image"), HasSubstr("the refcount table begins at"));
  set(offsetof(Header, refcount_table_offset), kGiB);
  EXPECT_THAT(check("image"), HasSubstr("the refcount table reaches beyond the end of the file"));
  set(offsetof(Header, refcount_table_offset), l1_);
  EXPECT_THAT(check("image"), HasSubstr("the L1 table: it overlaps the refcount table"));
  set(offsetof(Header, refcount_table_offset), refcount_table_);
  set(offsetof(Header, refcount_table_clusters), number(offsetof(Header, refcount_table_clusters)) & 0xffffffffU);
  EXPECT_THAT(check("image"), HasSubstr("there is no refcount table"));
}

TEST_F(Qcow2CheckTest, TheSnapshotTable) {
  const std::uint64_t l1 = number(snapshots_);
  set(snapshots_, l1 + 512);
  EXPECT_THAT(check("image"), HasSubstr("the snapshot 1 (\"before\"): its L1 table begins at"));
  set(snapshots_, kGiB);
  EXPECT_THAT(check("image"),
              HasSubstr("the snapshot 1 (\"before\"): its L1 table reaches beyond the end of the file"));
  set(snapshots_, l1_);
  EXPECT_THAT(check("image"), HasSubstr("the snapshot 1 (\"before\"): its L1 table: it overlaps an L1 table"));
  set(snapshots_, l1);
  set(offsetof(Header, snapshots_offset), kGiB);
  EXPECT_THAT(check("image"), HasSubstr("the snapshot table is said to be at"));
  set(offsetof(Header, snapshots_offset), snapshots_);
  set(offsetof(Header, refcount_table_clusters), number(offsetof(Header, refcount_table_clusters)) + 65536);
  EXPECT_THAT(check("image"), HasSubstr("snapshots, of 65536 at most"));
}

TEST_F(Qcow2CheckTest, AnL2TableOfASnapshot) {
  const std::uint64_t snapshot_l2 = number(number(snapshots_)) & kHostOffsetMask;
  set(snapshot_l2, kCopied | (kGiB));
  EXPECT_THAT(check("image"), HasSubstr("the snapshot 1 (\"before\"): guest cluster 0: its data, at"));
}

TEST_F(Qcow2CheckTest, AFileThatIsCutOff) {
  std::filesystem::resize_file(path("image"), std::filesystem::file_size(path("image")) - kCluster);
  EXPECT_THAT(check("image"), HasSubstr("is not in the file"));
}

TEST_F(Qcow2CheckTest, LeaksOfQemuItself) {
  // Without its feature bit a bitmap is out of date, and its clusters are lost.
  qemu_img("bitmap --add image bits");
  EXPECT_EQ(check("image"), "");
  set(offsetof(Header, autoclear_features), 0);
  EXPECT_THAT(check("image"), HasSubstr("references 0: it is leaked"));
}

TEST_F(Qcow2CheckTest, AnEnormousSparseFileCostsNothing) {
  // 8 TiB of holes, in which the snapshot's L1 table and a refcount block lie.
  std::filesystem::resize_file(path("image"), 8 * kTiB);
  set(snapshots_, 4 * kTiB);
  set(refcount_table_ + 8, 6 * kTiB);
  EXPECT_THAT(check("image"), HasSubstr("the refcount is 0 and the number of references 1: it may be overwritten"));
}

TEST(ClusterUsesTest, CountsFarMoreReferencesThanABytes) {
  ClusterUses uses;
  EXPECT_EQ(uses.add(7, Use::Data, 200), Use::None);
  EXPECT_EQ(uses.add(7, Use::Data, 200), Use::None);
  EXPECT_EQ(uses.references(7), 400U);
  EXPECT_EQ(uses.add(7, Use::Data, ~0ULL), Use::None);
  EXPECT_EQ(uses.references(7), ~0ULL);
  EXPECT_EQ(uses.references(8), 0U);
}

TEST(ClusterUsesTest, FindsOverlaps) {
  ClusterUses uses;
  EXPECT_EQ(uses.add_range(10, 1ULL << 40U, Use::L1Table), Use::None);
  EXPECT_EQ(uses.add_range(5, 6, Use::SnapshotTable), Use::L1Table);
  EXPECT_EQ(uses.add_range(5, 5, Use::SnapshotTable), Use::None);
  EXPECT_EQ(uses.add_range(9, 1, Use::Header), Use::SnapshotTable);
  EXPECT_EQ(uses.add(1ULL << 39U, Use::Data, 1), Use::L1Table);
  EXPECT_EQ(uses.add(4, Use::L2Table, 3), Use::None);
  EXPECT_EQ(uses.add(4, Use::L2Table, 1), Use::L2Table);
  EXPECT_EQ(uses.add(4, Use::Data, 1), Use::L2Table);
  EXPECT_EQ(uses.references(4), 5U);
  EXPECT_EQ(uses.references(6), 1U);
  EXPECT_EQ(uses.references(1ULL << 39U), 2U);
}

}  // namespace
}  // namespace fstool::qcow2::test
