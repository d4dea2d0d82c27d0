// Images that qemu-img makes, of all kinds, read back: the bytes are those that qemu-img reads, and check() is content.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <random>
#include <thread>

#include "codec_fixture.h"
#include "fstool/size.h"
#include "qcow2.h"
#include "qcow2_fixture.h"

namespace fstool::qcow2::test {
namespace {

using fstool::test::random_bytes;
using fstool::test::text_bytes;

enum class Compression { None, Zlib, Zstd };

struct Kind {
  const char* name;
  std::uint64_t cluster_size;
  Compression compression;
  const char* options;
};

void PrintTo(const Kind& kind, std::ostream* out) { *out << kind.name; }

std::string create_options(const Kind& kind) {
  return "-o cluster_size=" + std::to_string(kind.cluster_size) + kind.options +
         (kind.compression == Compression::Zstd ? ",compression_type=zstd" : "");
}

class MadeByQemu : public Qcow2Test, public testing::WithParamInterface<Kind> {
 protected:
  /// Makes image.qcow2 with the bytes of `disk`.
  void convert(const Blob& disk) {
    fstool::test::write_blob(disk, path("disk.raw"));
    qemu_img(std::string("convert -f raw -O qcow2 ") + (GetParam().compression == Compression::None ? "" : "-c ") +
             create_options(GetParam()) + " disk.raw image.qcow2");
  }

  void expect_good(const Blob& disk) {
    convert(disk);
    expect_same(*open("image.qcow2"), disk);
    EXPECT_EQ(check("image.qcow2"), "");
    EXPECT_EQ(warnings(), "");
  }
};

const Kind kKinds[] = {
    {"C512", 512, Compression::None, ""},
    {"C512Zlib", 512, Compression::Zlib, ""},
    {"C512Zstd", 512, Compression::Zstd, ""},
    {"C4K", 4 * kKiB, Compression::None, ""},
    {"C4KZlib", 4 * kKiB, Compression::Zlib, ""},
    {"C4KZstd", 4 * kKiB, Compression::Zstd, ""},
    {"C64K", 64 * kKiB, Compression::None, ""},
    {"C64KZlib", 64 * kKiB, Compression::Zlib, ""},
    {"C64KZstd", 64 * kKiB, Compression::Zstd, ""},
    {"C2M", 2 * kMiB, Compression::None, ""},
    {"C2MZlib", 2 * kMiB, Compression::Zlib, ""},
    {"C2MZstd", 2 * kMiB, Compression::Zstd, ""},
    {"Version2C512", 512, Compression::None, ",compat=0.10"},
    {"Version2C4KZlib", 4 * kKiB, Compression::Zlib, ",compat=0.10"},
    {"Version2C64K", 64 * kKiB, Compression::None, ",compat=0.10"},
    {"Version2C64KZlib", 64 * kKiB, Compression::Zlib, ",compat=0.10"},
    {"Version2C2MZlib", 2 * kMiB, Compression::Zlib, ",compat=0.10"},
    {"SubclustersC16K", 16 * kKiB, Compression::None, ",extended_l2=on"},
    {"SubclustersC64K", 64 * kKiB, Compression::None, ",extended_l2=on"},
    {"SubclustersC64KZlib", 64 * kKiB, Compression::Zlib, ",extended_l2=on"},
    {"SubclustersC64KZstd", 64 * kKiB, Compression::Zstd, ",extended_l2=on"},
    {"SubclustersC2M", 2 * kMiB, Compression::None, ",extended_l2=on"},
    {"Refcounts1", 64 * kKiB, Compression::None, ",refcount_bits=1"},
    {"Refcounts2", 4 * kKiB, Compression::None, ",refcount_bits=2"},
    {"Refcounts4", 512, Compression::None, ",refcount_bits=4"},
    {"Refcounts8", 512, Compression::Zlib, ",refcount_bits=8"},
    {"Refcounts32", 64 * kKiB, Compression::Zlib, ",refcount_bits=32"},
    {"Refcounts64", 64 * kKiB, Compression::Zstd, ",refcount_bits=64"},
    {"Lazy", 64 * kKiB, Compression::None, ",lazy_refcounts=on"},
    {"PreallocatedMetadata", 64 * kKiB, Compression::None, ",preallocation=metadata"},
    {"PreallocatedSubclusters", 64 * kKiB, Compression::None, ",preallocation=metadata,extended_l2=on"},
    {"PreallocatedFully", 64 * kKiB, Compression::None, ",preallocation=falloc"},
};

INSTANTIATE_TEST_SUITE_P(Qcow2, MadeByQemu, testing::ValuesIn(kKinds),
                         [](const testing::TestParamInfo<Kind>& kind) { return std::string(kind.param.name); });

TEST_P(MadeByQemu, DisksOfNoAndOneSector) {
  expect_good(*make_hole_blob(0));
  expect_good(*make_hole_blob(512));
  expect_good(*make_memory_blob(text_bytes(512, 1)));
}

TEST_P(MadeByQemu, DataOfAllKinds) {
  const std::uint64_t cluster = GetParam().cluster_size;
  std::vector<std::byte> bytes;
  for (std::uint32_t i = 0; i < 12; ++i) {
    const std::size_t length = cluster * (1 + i % 2) + (i % 5 == 0 ? 512 : 0);
    const auto piece = i % 4 == 0   ? random_bytes(length, i)
                       : i % 4 == 2 ? std::vector<std::byte>(length)
                                    : text_bytes(length, i);
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  }
  expect_good(*make_memory_blob(bytes));
}

TEST_P(MadeByQemu, ASparseGibibyte) {
  expect_good(*sparse_disk(kGiB, {{0, text_bytes(1000, 1)},
                                  {100 * kMiB + 512, random_bytes(70'000, 2)},
                                  {500 * kMiB, text_bytes(5 * kMiB, 3)},
                                  {kGiB - 512, random_bytes(512, 4)}}));
}

/// Images that were written to by a guest.
class WrittenByQemu : public MadeByQemu {};

const Kind kWritableKinds[] = {
    {"C512", 512, Compression::None, ""},
    {"C4K", 4 * kKiB, Compression::None, ""},
    {"C64K", 64 * kKiB, Compression::None, ""},
    {"C64KZstd", 64 * kKiB, Compression::Zstd, ""},
    {"C2M", 2 * kMiB, Compression::None, ""},
    {"Version2C64K", 64 * kKiB, Compression::None, ",compat=0.10"},
    {"SubclustersC16K", 16 * kKiB, Compression::None, ",extended_l2=on"},
    {"SubclustersC64K", 64 * kKiB, Compression::None, ",extended_l2=on"},
    {"SubclustersC2M", 2 * kMiB, Compression::None, ",extended_l2=on"},
    {"Refcounts1", 64 * kKiB, Compression::None, ",refcount_bits=1"},
};

INSTANTIATE_TEST_SUITE_P(Qcow2, WrittenByQemu, testing::ValuesIn(kWritableKinds),
                         [](const testing::TestParamInfo<Kind>& kind) { return std::string(kind.param.name); });

const std::vector<std::string> kWrites = {
    "write -P 1 0 200k",   "write -z 20k 40k",    "discard 100k 64k",     "write -P 2 1M 3M",    "write -zu 2M 1M",
    "write -P 3 2100k 7k", "write -c -P 4 4M 2M", "write -c -P 5 6M 2M",  "discard 12M 1M",      "write -P 6 10000k 1k",
    "write -z 10001k 3k",  "write -P 7 15M 1M",   "write -P 8 14999k 3k", "discard 15600k 100k",
};

TEST_P(WrittenByQemu, WritesDiscardsAndZeros) {
  qemu_img("create -q -f qcow2 " + create_options(GetParam()) + " image.qcow2 16M");
  qemu_io("image.qcow2", kWrites);
  expect_reads_as_qemu("image.qcow2");
  EXPECT_EQ(check("image.qcow2"), "");
}

TEST_P(WrittenByQemu, ABackingChainOfThree) {
  fstool::test::write_blob(*make_memory_blob(text_bytes(10 * kMiB + 1536, 1)), path("base.raw"));
  qemu_img("create -q -f qcow2 " + create_options(GetParam()) + " -b base.raw -F raw middle.qcow2 12M");
  qemu_io("middle.qcow2", {kWrites.begin(), kWrites.begin() + 7});
  qemu_img("create -q -f qcow2 " + create_options(GetParam()) + " -b middle.qcow2 -F qcow2 image.qcow2 16M");
  qemu_io("image.qcow2", {"write -P 9 512 512", "write -z 3M 300k", "write -P 10 11M 2M", "discard 9M 64k"});
  expect_reads_as_qemu("image.qcow2");
  EXPECT_EQ(check("image.qcow2"), "");
  EXPECT_EQ(warnings(), "");
}

TEST_P(WrittenByQemu, SnapshotsAreReadByIdAndName) {
  if (std::string(GetParam().name) == "Refcounts1") return;  // a snapshot shares clusters
  qemu_img("create -q -f qcow2 " + create_options(GetParam()) + " image.qcow2 16M");
  qemu_io("image.qcow2", {"write -P 1 0 3M", "write -P 2 8M 100k"});
  qemu_img("snapshot -c first image.qcow2");
  qemu_io("image.qcow2", {"write -P 3 1M 3M", "write -z 8M 64k"});
  qemu_img("snapshot -c 'the second' image.qcow2");
  qemu_io("image.qcow2", {"write -P 4 0 16M"});
  expect_reads_as_qemu("image.qcow2");
  for (const std::string name : {"first", "the second"}) {
    qemu_img("convert -f qcow2 -l 'snapshot.name=" + name + "' -O raw image.qcow2 snapshot.raw");
    expect_same(*open("image.qcow2", name), *open_file_blob(path("snapshot.raw")));
  }
  expect_same(*open("image.qcow2", "2"), *open_file_blob(path("snapshot.raw")));
  EXPECT_EQ(check("image.qcow2"), "");
}

class Qcow2ReadTest : public Qcow2Test {};

TEST_F(Qcow2ReadTest, AnEnormousDiskIsWalkedInFewRuns) {
  qemu_img("create -q -f qcow2 image.qcow2 64T");
  qemu_io("image.qcow2", {"write -P 1 0 64k", "write -P 2 32T 1M", "write -P 3 68719476672k 4k"});
  const BlobPtr disk = open("image.qcow2");
  ASSERT_EQ(disk->size(), 64 * kTiB);
  std::uint64_t data = 0;
  int runs = 0;
  for (std::uint64_t at = 0; at < disk->size(); ++runs) {
    const fstool::Run run = disk->run_at(at);
    if (!run.hole) data += run.length;
    at += run.length;
  }
  EXPECT_LT(runs, 50);
  EXPECT_LT(data, 3 * kMiB);
  std::array<std::byte, 4096> bytes{};
  disk->read(63 * kTiB, bytes);
  EXPECT_TRUE(is_zero(bytes));
  disk->read(32 * kTiB + kMiB - 4096, bytes);
  EXPECT_EQ(bytes[0], std::byte{2});
  EXPECT_EQ(bytes[4095], std::byte{2});
  EXPECT_EQ(check("image.qcow2"), "");
}

TEST_F(Qcow2ReadTest, RawExternalDataFile) {
  for (const char* const raw : {"off", "on"}) {
    qemu_img(std::string("create -q -f qcow2 -o data_file=data.raw,data_file_raw=") + raw + " image.qcow2 16M");
    qemu_io("image.qcow2", {"write -P 1 0 100k", "write -P 2 3M 5M", "write -z 4M 1M", "discard 6M 1M"});
    expect_reads_as_qemu("image.qcow2");
    EXPECT_EQ(check("image.qcow2"), "");
    EXPECT_EQ(inspect("image.qcow2").data_file, "data.raw");
  }
}

TEST_F(Qcow2ReadTest, BitmapsAreCounted) {
  qemu_img("create -q -f qcow2 image.qcow2 64M");
  qemu_img("bitmap --add image.qcow2 one");
  qemu_io("image.qcow2", {"write -P 1 0 3M"});
  qemu_img("bitmap --add -g 4k image.qcow2 two");
  qemu_io("image.qcow2", {"write -P 1 10M 3M"});
  expect_reads_as_qemu("image.qcow2");
  EXPECT_EQ(check("image.qcow2"), "");
}

TEST_F(Qcow2ReadTest, WhatTheWriterMakes) {
  const auto disk = sparse_disk(300 * kMiB, {{0, text_bytes(3 * kMiB, 1)}, {200 * kMiB, random_bytes(kMiB + 3, 2)}});
  for (const char* const codec : {"none", "deflate", "zstd"}) {
    for (const std::uint64_t cluster_size : {kKiB / 2, 64 * kKiB, 2 * kMiB}) {
      write(*disk, {.cluster_size = cluster_size, .codec = codec});
      expect_same(*open("disk.qcow2"), *disk);
      EXPECT_EQ(check("disk.qcow2"), "");
      std::filesystem::remove(path("disk.qcow2"));
    }
  }
}

TEST_F(Qcow2ReadTest, FactsAreThoseOfQemuImgInfo) {
  qemu_img("create -q -f raw base.raw 3M");
  qemu_img(
      "create -q -f qcow2 -o extended_l2=on,cluster_size=128k,compression_type=zstd,lazy_refcounts=on -b base.raw "
      "-F raw image.qcow2 5M");
  qemu_img("snapshot -c before image.qcow2");
  const ContainerFacts facts = inspect("image.qcow2");
  EXPECT_EQ(facts.disk_size, 5 * kMiB);
  EXPECT_EQ(facts.unit_size, 128 * kKiB);
  EXPECT_EQ(facts.features, (std::vector<std::string>{"compression type", "extended L2 entries", "lazy refcounts"}));
  EXPECT_EQ(facts.backing_file, "base.raw");
  ASSERT_EQ(facts.snapshots.size(), 1U);
  EXPECT_EQ(facts.snapshots[0].id, "1");
  EXPECT_EQ(facts.snapshots[0].name, "before");
  EXPECT_EQ(facts.snapshots[0].disk_size, 5 * kMiB);
  EXPECT_GT(facts.snapshots[0].taken.seconds, 1'000'000'000);
}

TEST_F(Qcow2ReadTest, PlainClustersLieInTheHostsFile) {
  fstool::test::write_blob(*make_memory_blob(random_bytes(3 * kMiB, 1)), path("base.raw"));
  qemu_img("create -q -f qcow2 -b base.raw -F raw image.qcow2 4M");
  qemu_io("image.qcow2", {"write -P 1 0 1M", "write -c -P 2 1M 64k"});
  const BlobPtr disk = open("image.qcow2");
  const auto plain = disk->host_range(100, kMiB - 100);
  ASSERT_TRUE(plain);
  EXPECT_NE(plain->offset % 512, 0U);
  EXPECT_FALSE(disk->host_range(kMiB, 64 * kKiB));   // compressed
  EXPECT_FALSE(disk->host_range(512 * kKiB, kMiB));  // of two kinds
  EXPECT_FALSE(disk->host_range(3 * kMiB, 512));     // behind the backing file
  EXPECT_FALSE(disk->host_range(4 * kMiB, 1));
  const auto backing = disk->host_range(2 * kMiB + 5, 1000);
  ASSERT_TRUE(backing);
  EXPECT_EQ(backing->offset, 2 * kMiB + 5);
}

TEST_F(Qcow2ReadTest, HolesAreMergedOverManyClusters) {
  qemu_img("create -q -f qcow2 -o cluster_size=4k image.qcow2 1G");
  qemu_io("image.qcow2", {"write -z 8k 32M", "write -P 1 100M 4k", "write -z 200M 4k"});
  const BlobPtr disk = open("image.qcow2");
  EXPECT_EQ(disk->run_at(0).length, 100 * kMiB);
  EXPECT_TRUE(disk->run_at(0).hole);
  EXPECT_EQ(disk->run_at(100 * kMiB + 100).length, 4096U - 100);
  EXPECT_FALSE(disk->run_at(100 * kMiB).hole);
}

/// Counts what is read of a file.
class CountingBlob : public Blob {
 public:
  explicit CountingBlob(BlobPtr blob) : blob_(std::move(blob)) {}
  std::uint64_t size() const override { return blob_->size(); }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    bytes += out.size();
    blob_->read(offset, out);
  }
  mutable std::atomic<std::uint64_t> bytes = 0;

 private:
  BlobPtr blob_;
};

TEST_F(Qcow2ReadTest, ACompressedClusterThatIsReadBitByBitIsDecompressedOnce) {
  const auto disk = make_memory_blob(text_bytes(2 * kMiB, 1));
  const auto image = write(*disk, {.cluster_size = 2 * kMiB, .codec = "zstd"});
  const auto file = std::make_shared<CountingBlob>(open_file_blob(image));
  Context context(codecs(), {.threads = 1});
  const BlobPtr opened = Qcow2Container({}).open({file}, "", context);
  std::vector<std::byte> bytes(512);
  for (std::uint64_t at = 0; at < disk->size(); at += bytes.size()) opened->read(at, bytes);
  EXPECT_LT(file->bytes, file->size() + 100 * kKiB);
}

TEST_F(Qcow2ReadTest, ManyThreadsReadOneImage) {
  const auto disk = make_memory_blob(text_bytes(24 * kMiB, 1));
  for (const std::uint64_t cluster_size : {4 * kKiB, 2 * kMiB}) {
    write(*disk, {.cluster_size = cluster_size, .codec = "deflate"});
    const BlobPtr opened = open("disk.qcow2");
    std::atomic<int> differences = 0;
    std::vector<std::thread> threads;
    for (unsigned seed = 0; seed < 8; ++seed) {
      threads.emplace_back([&, seed] {
        std::mt19937_64 random(seed);
        std::vector<std::byte> ours(200'000);
        std::vector<std::byte> theirs(ours.size());
        for (int i = 0; i < 100; ++i) {
          const std::uint64_t offset = random() % disk->size();
          const std::uint64_t length = std::min<std::uint64_t>(random() % ours.size(), disk->size() - offset);
          opened->read(offset, std::span(ours).first(length));
          disk->read(offset, std::span(theirs).first(length));
          if (!std::equal(ours.begin(), ours.begin() + static_cast<std::ptrdiff_t>(length), theirs.begin()))
            ++differences;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(differences, 0);
    std::filesystem::remove(path("disk.qcow2"));
  }
}

}  // namespace
}  // namespace fstool::qcow2::test
