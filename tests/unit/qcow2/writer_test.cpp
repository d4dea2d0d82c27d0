#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "codec_fixture.h"
#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/output_file.h"
#include "fstool/size.h"
#include "qcow2.h"
#include "qcow2_fixture.h"

namespace fstool::qcow2::test {
namespace {

using fstool::test::random_bytes;
using fstool::test::text_bytes;

/// Bytes of all kinds, next to each other: text, random bytes, zeros that are stored as data, and some of each within
/// one cluster.
std::vector<std::byte> mixed_bytes(std::size_t size, std::size_t cluster_size) {
  std::vector<std::byte> bytes;
  for (std::uint32_t i = 0; bytes.size() < size; ++i) {
    const std::size_t length = cluster_size * (1 + i % 3) + (i % 5 == 0 ? cluster_size / 2 : 0);
    const auto piece = i % 4 == 0   ? random_bytes(length, i)
                       : i % 4 == 2 ? std::vector<std::byte>(length)
                                    : text_bytes(length, i);
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  }
  bytes.resize(size);
  return bytes;
}

using Combination = std::tuple<std::uint64_t, std::string>;

class EveryKind : public Qcow2Test, public testing::WithParamInterface<Combination> {
 protected:
  Settings settings() const { return {.cluster_size = std::get<0>(GetParam()), .codec = std::get<1>(GetParam())}; }
  std::uint64_t cluster_size() const { return std::get<0>(GetParam()); }

  void expect_good(const Blob& disk) {
    const auto image = write(disk, settings());
    expect_clean(image);
    expect_content(image, disk);
  }
};

std::string combination_name(const testing::TestParamInfo<Combination>& combination) {
  return size_text(std::get<0>(combination.param)) + "_" + std::get<1>(combination.param);
}

INSTANTIATE_TEST_SUITE_P(Qcow2, EveryKind,
                         testing::Combine(testing::Values(512, 4 * kKiB, 64 * kKiB, 2 * kMiB),
                                          testing::Values("none", "deflate", "zstd")),
                         combination_name);

TEST_P(EveryKind, EmptyDisk) { expect_good(*make_hole_blob(0)); }

TEST_P(EveryKind, OneSector) {
  expect_good(*make_memory_blob(random_bytes(512, 1)));
  expect_good(*make_memory_blob(text_bytes(512, 1)));
  expect_good(*make_memory_blob(std::vector<std::byte>(512)));
}

TEST_P(EveryKind, DiskThatEndsAmidASector) {
  expect_good(*make_memory_blob(text_bytes(1, 2)));
  expect_good(*make_memory_blob(text_bytes(3 * cluster_size() + 777, 2)));
}

TEST_P(EveryKind, DiskThatEndsAmidACluster) {
  expect_good(*make_memory_blob(text_bytes(2 * cluster_size() + 512, 3)));
  expect_good(*make_memory_blob(random_bytes(2 * cluster_size() + 512, 3)));
}

TEST_P(EveryKind, RandomData) { expect_good(*make_memory_blob(random_bytes(3 * kMiB + 4096, 4))); }

TEST_P(EveryKind, TextData) { expect_good(*make_memory_blob(text_bytes(9 * kMiB + 4096, 5))); }

TEST_P(EveryKind, MixedData) {
  expect_good(*make_memory_blob(mixed_bytes(40 * std::max<std::size_t>(cluster_size(), 128 * kKiB), cluster_size())));
}

TEST_P(EveryKind, SparseGiB) {
  expect_good(*sparse_disk(kGiB, {{0, text_bytes(3000, 6)},
                                  {100 * kMiB + 512, mixed_bytes(3 * kMiB, cluster_size())},
                                  {512 * kMiB - 1000, random_bytes(2000, 6)},
                                  {kGiB - 1, text_bytes(1, 6)}}));
}

TEST_P(EveryKind, ZerosTakeNoRoomWhetherTheyAreHolesOrData) {
  const auto hole = file_bytes(write(*make_hole_blob(5 * kMiB), settings(), "hole.qcow2"));
  const auto data = file_bytes(write(*make_memory_blob(std::vector<std::byte>(5 * kMiB)), settings(), "data.qcow2"));
  EXPECT_EQ(hole, data);
}

TEST_P(EveryKind, TheImageDoesNotDependOnWhatIsKnownOfHoles) {
  const auto piece = mixed_bytes(2 * kMiB, cluster_size());
  std::vector<std::byte> whole(20 * kMiB);
  std::ranges::copy(piece, whole.begin() + 3 * kMiB);
  std::ranges::copy(piece, whole.begin() + 11 * kMiB + 512);
  const auto sparse = sparse_disk(whole.size(), {{3 * kMiB, piece}, {11 * kMiB + 512, piece}});
  EXPECT_EQ(file_bytes(write(*sparse, settings(), "sparse.qcow2")),
            file_bytes(write(*make_memory_blob(whole), settings(), "whole.qcow2")));
}

TEST_P(EveryKind, TheImageDoesNotDependOnTheNumberOfThreads) {
  const auto disk = make_memory_blob(mixed_bytes(24 * kMiB, cluster_size()));
  Settings with = settings();
  with.threads = 1;
  const auto expected = file_bytes(write(*disk, with));
  for (const unsigned threads : {2U, 5U}) {
    with.threads = threads;
    EXPECT_EQ(file_bytes(write(*disk, with)), expected) << threads;
  }
}

class Qcow2WriterTest : public Qcow2Test {
 protected:
  nlohmann::json check_report(const std::filesystem::path& image) {
    return nlohmann::json::parse(output_of("qemu-img check --output=json -f qcow2 " + image.string()));
  }
  nlohmann::json info(const std::filesystem::path& image) {
    return nlohmann::json::parse(output_of("qemu-img info --output=json -f qcow2 " + image.string()));
  }
};

TEST_F(Qcow2WriterTest, ADiskOf64TiBWithFewClustersIsSmallAndClean) {
  const auto disk = sparse_disk(64 * kTiB, {{0, text_bytes(512, 1)},
                                            {1 * kTiB + 12345, random_bytes(200 * kKiB, 2)},
                                            {40 * kTiB - 100, text_bytes(300, 3)},
                                            {64 * kTiB - 512, random_bytes(512, 4)}});
  for (const std::string codec : {"none", "deflate", "zstd"}) {
    const auto image = write(*disk, {.codec = codec});
    expect_clean(image);
    // An L1 table of 1 MiB, and one L2 table for each piece (two for the one that crosses a border).
    EXPECT_LT(std::filesystem::file_size(image), 3 * kMiB);
    EXPECT_EQ(info(image).at("virtual-size"), 64 * kTiB);
    const auto sample = directory_.path() / "sample";
    for (const auto& [offset, length] : std::vector<std::pair<std::uint64_t, std::size_t>>{
             {0, 65536}, {1 * kTiB, 1 << 20U}, {40 * kTiB - 65536, 131072}, {64 * kTiB - 65536, 65536}}) {
      output_of("qemu-img dd -f qcow2 -O raw bs=512 skip=" + std::to_string(offset / 512) + " count=" +
                std::to_string((offset + length) / 512) + " if=" + image.string() + " of=" + sample.string());
      std::vector<std::byte> expected(length);
      disk->read(offset, expected);
      EXPECT_EQ(file_bytes(sample), expected) << offset;
    }
  }
}

TEST_F(Qcow2WriterTest, StoresPlainWhatDoesNotShrink) {
  std::vector<std::byte> bytes = text_bytes(4 * 64 * kKiB, 1);
  std::ranges::copy(random_bytes(64 * kKiB, 2), bytes.begin() + 64 * kKiB);
  for (const std::string codec : {"deflate", "zstd"}) {
    const auto report = check_report(write(*make_memory_blob(bytes), {.codec = codec}));
    EXPECT_EQ(report.at("allocated-clusters"), 4);
    EXPECT_EQ(report.at("compressed-clusters"), 3);
  }
}

TEST_F(Qcow2WriterTest, PacksCompressedClustersToTheByte) {
  // 256 clusters of one repeated byte shrink to a few hundred bytes each at most: together they fill few host clusters.
  std::vector<std::byte> bytes(256 * 64 * kKiB);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(1 + i / (64 * kKiB) % 255);
  const auto image = write(*make_memory_blob(bytes), {.codec = "zstd"});
  expect_clean(image);
  EXPECT_EQ(check_report(image).at("compressed-clusters"), 256);
  EXPECT_LE(std::filesystem::file_size(image), 6 * 64 * kKiB);
}

TEST_F(Qcow2WriterTest, WhatAMiBHoldsBeginsAtABlockOfTheHost) {
  // Clusters that shrink to 20,000 bytes and some more, each to another size, and a MiB of zeros that isn't stored.
  constexpr std::uint64_t kClusters = 64;
  std::vector<std::byte> bytes(kClusters * 64 * kKiB);
  for (std::uint32_t i = 0; i < kClusters; ++i) {
    if (i / 16 == 1) continue;
    std::ranges::copy(random_bytes(20'000 + 100 * i, i), bytes.begin() + i * 64 * kKiB);
  }
  for (const std::string codec : {"deflate", "zstd"}) {
    const auto image = write(*make_memory_blob(bytes), {.codec = codec});
    expect_clean(image);
    constexpr std::uint64_t kL1TableOffset = 40;
    constexpr std::uint64_t kL2OffsetMask = 0x00ff'ffff'ffff'fe00;
    constexpr std::uint64_t kCompressedOffsetMask = (std::uint64_t{1} << 54U) - 1;
    const std::uint64_t l2_table = load_number(image, load_number(image, kL1TableOffset)) & kL2OffsetMask;
    for (const std::uint64_t cluster : {0, 32, 48}) {
      EXPECT_EQ((load_number(image, l2_table + 8 * cluster) & kCompressedOffsetMask) % 4096, 0U) << cluster;
    }
    EXPECT_NE((load_number(image, l2_table + 8) & kCompressedOffsetMask) % 4096, 0U) << "packed within it";
  }
}

TEST_F(Qcow2WriterTest, RefcountsStayBelowTheirLimit) {
  // Clusters of 2 MiB of one byte shrink to so few bytes that very many share a host cluster.
  const auto disk = make_generated_blob(
      512 * 2 * kMiB, [](std::uint64_t, std::span<std::byte> out) { std::ranges::fill(out, std::byte{0x5a}); });
  const auto image = write(*disk, {.cluster_size = 2 * kMiB, .codec = "zstd"});
  expect_clean(image);
  EXPECT_EQ(check_report(image).at("compressed-clusters"), 512);
}

TEST_F(Qcow2WriterTest, ManyL2TablesAndRefcountBlocksAreClean) {
  // Enough for L2 tables to be written amid the data (1 MiB of them) and for a refcount table of many clusters.
  const auto disk = make_memory_blob(mixed_bytes(96 * kMiB, 512));
  for (const std::string codec : {"none", "zstd"}) {
    const auto image = write(*disk, {.cluster_size = 512, .codec = codec});
    expect_clean(image);
    expect_content(image, *disk);
  }
}

TEST_F(Qcow2WriterTest, RecordsVersionAndCompressionType) {
  const auto disk = make_memory_blob(text_bytes(kMiB, 1));
  for (const auto& [codec, type] :
       std::vector<std::pair<std::string, std::string>>{{"none", "zlib"}, {"deflate", "zlib"}, {"zstd", "zstd"}}) {
    const auto data = info(write(*disk, {.cluster_size = 4 * kKiB, .codec = codec})).at("format-specific").at("data");
    EXPECT_EQ(data.at("compat"), "1.1");
    EXPECT_EQ(data.at("compression-type"), type);
    EXPECT_EQ(data.at("refcount-bits"), 16);
    EXPECT_EQ(data.at("lazy-refcounts"), false);
    EXPECT_EQ(data.at("corrupt"), false);
  }
}

TEST_F(Qcow2WriterTest, TheHeaderIsTheOneOfQemu) {
  const auto image = write(*make_hole_blob(kGiB), {});
  const auto reference = directory_.path() / "reference.qcow2";
  output_of("qemu-img create -q -f qcow2 " + reference.string() + " 1G");
  auto ours = file_bytes(image);
  auto theirs = file_bytes(reference);
  // The places of the L1 table and of the refcount table are free to choose.
  for (auto* bytes : {&ours, &theirs}) {
    bytes->resize(512);
    std::fill(bytes->begin() + 40, bytes->begin() + 56, std::byte{0});
  }
  EXPECT_EQ(ours, theirs);
}

TEST_F(Qcow2WriterTest, QemuCanGoOnWritingToTheImage) {
  for (const std::string codec : {"none", "deflate", "zstd"}) {
    const auto image = write(*sparse_disk(16 * kMiB, {{0, mixed_bytes(8 * kMiB, 64 * kKiB)}}), {.codec = codec});
    output_of("qemu-io -f qcow2 -c 'write -P 0x77 1M 3M' -c 'discard 5M 1M' -c 'write -c -P 0x11 12M 64k' " +
              image.string());
    output_of("qemu-io -f qcow2 -c 'read -P 0x77 1M 3M' -c 'read -P 0x11 12M 64k' " + image.string());
    expect_clean(image);
  }
}

/// The Error that writing throws, as code and text.
std::pair<ErrorCode, std::string> write_error(const Blob& disk, std::uint64_t cluster_size, const Codec* codec) {
  const fstool::test::TemporaryDirectory directory;
  Context context(codecs(), {.threads = 1, .source_date_epoch = {}, .listener = nullptr, .cancelled = nullptr});
  OutputFile output(directory.path() / "disk.qcow2");
  try {
    Qcow2Container({.cluster_size = Bytes{cluster_size}}).write(disk, output, codec, context);
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  ADD_FAILURE() << "no error was thrown";
  return {ErrorCode::Internal, ""};
}

TEST(Qcow2Errors, ADiskTooLargeForTheClusterSizeNamesOneThatIsLargeEnough) {
  EXPECT_EQ(write_error(*make_hole_blob(128 * kGiB + 1), 512, nullptr),
            std::pair(ErrorCode::InvalidArgument,
                      std::string("a disk of 128 GiB is too large for qcow2 with clusters of 512 bytes, which ends at "
                                  "128 GiB; set cluster_size = \"1KiB\" or more")));
  EXPECT_EQ(write_error(*make_hole_blob(64 * kTiB), 4 * kKiB, nullptr).second,
            "a disk of 64 TiB is too large for qcow2 with clusters of 4 KiB, which ends at 8 TiB; set cluster_size = "
            "\"16KiB\" or more");
  EXPECT_NE(write_error(*make_hole_blob((1ULL << 61U) + 1), 64 * kKiB, nullptr).second.find("no cluster_size"),
            std::string::npos);
}

TEST_F(Qcow2WriterTest, TheLargestDiskOfAClusterSizeIsClean) {
  expect_clean(write(*sparse_disk(128 * kGiB, {{128 * kGiB - 512, text_bytes(512, 1)}}), {.cluster_size = 512}));
}

TEST(Qcow2Errors, RefusesDeflateWithAWindowThatQemuDoesNotKeep) {
  const auto codec = make_codec("deflate", "window_bits=13");
  EXPECT_EQ(write_error(*make_hole_blob(kMiB), 64 * kKiB, codec.get()),
            std::pair(ErrorCode::InvalidArgument,
                      std::string("readers of qcow2 inflate with a window of 4 KiB, not of 8 KiB; set window_bits = 12 "
                                  "or less")));
}

class OtherCodec : public Codec {
 public:
  std::string name() const override { return "lz4"; }
  std::unique_ptr<Compressor> compressor() const override { return nullptr; }
  std::unique_ptr<Decompressor> decompressor() const override { return nullptr; }
};

TEST(Qcow2Errors, RefusesACodecThatTheFormatDoesNotKnow) {
  const OtherCodec codec;
  EXPECT_EQ(write_error(*make_hole_blob(kMiB), 64 * kKiB, &codec),
            std::pair(ErrorCode::InvalidArgument,
                      std::string("qcow2 images can't be compressed with lz4; choose deflate or zstd")));
}

TEST(Qcow2Errors, AnErrorOfTheDiskComesThrough) {
  const auto disk = make_generated_blob(64 * kMiB, [](std::uint64_t offset, std::span<std::byte> out) {
    if (offset >= 32 * kMiB) throw Error(ErrorCode::Changed, "./rootfs/file changed");
    std::ranges::fill(out, std::byte{1});
  });
  EXPECT_EQ(write_error(*disk, 64 * kKiB, make_codec("deflate").get()),
            std::pair(ErrorCode::Changed, std::string("./rootfs/file changed")));
}

class ProgressSum : public ProgressListener {
 public:
  void begin(std::string_view, std::uint64_t total, std::string_view) override { total_ = total; }
  void advance(std::uint64_t done) override { done_ += done; }
  void warn(std::string_view) override {}
  std::atomic<std::uint64_t> total_ = 0;
  std::atomic<std::uint64_t> done_ = 0;
};

TEST(Qcow2Progress, AddsUpToTheSizeOfTheDisk) {
  const fstool::test::TemporaryDirectory directory;
  const auto listener = std::make_shared<ProgressSum>();
  Context context(codecs(), {.threads = 2, .source_date_epoch = {}, .listener = listener, .cancelled = nullptr});
  OutputFile output(directory.path() / "disk.qcow2");
  const auto disk = sparse_disk(kGiB + 777, {{5 * kMiB, text_bytes(3 * kMiB, 1)}, {500 * kMiB, text_bytes(1, 1)}});
  Qcow2Container({}).write(*disk, output, nullptr, context);
  EXPECT_EQ(listener->total_, disk->size());
  EXPECT_EQ(listener->done_, disk->size());
}

TEST(Qcow2Progress, CancellingStopsTheWriter) {
  const fstool::test::TemporaryDirectory directory;
  const std::atomic<bool> cancelled = true;
  Context context(codecs(), {.threads = 1, .source_date_epoch = {}, .listener = nullptr, .cancelled = &cancelled});
  OutputFile output(directory.path() / "disk.qcow2");
  const auto disk = make_memory_blob(text_bytes(4 * kMiB, 1));
  EXPECT_THROW(Qcow2Container({}).write(*disk, output, nullptr, context), Error);
}

TEST(Qcow2Probe, KnowsItsMagicAndVersions) {
  const Qcow2Container container({});
  std::vector<std::byte> bytes(512);
  EXPECT_FALSE(container.probe(*make_memory_blob(bytes)));
  const unsigned char start[] = {'Q', 'F', 'I', 0xfb, 0, 0, 0, 3};
  std::ranges::copy(std::as_bytes(std::span(start)), bytes.begin());
  EXPECT_TRUE(container.probe(*make_memory_blob(bytes)));
  bytes[7] = std::byte{2};
  EXPECT_TRUE(container.probe(*make_memory_blob(bytes)));
  bytes[7] = std::byte{1};  // the older format "qcow"
  EXPECT_FALSE(container.probe(*make_memory_blob(bytes)));
  EXPECT_FALSE(container.probe(*make_memory_blob({bytes.begin(), bytes.begin() + 16})));
  EXPECT_FALSE(container.probe(*make_hole_blob(0)));
}

TEST(Qcow2OptionsTest, ClusterSizesArePowersOfTwoFrom512BytesTo2MiB) {
  for (std::uint64_t size = 512; size <= 2 * kMiB; size *= 2) {
    const auto options = qcow2_options().parse(parse_option_text("cluster_size=" + std::to_string(size)));
    EXPECT_EQ(options.cluster_size.value, size);
  }
  for (const char* text : {"256", "1000", "96KiB", "4MiB", "0"}) {
    EXPECT_THROW(qcow2_options().parse(parse_option_text(std::string("cluster_size=") + text)), Error) << text;
  }
}

}  // namespace
}  // namespace fstool::qcow2::test
