#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec_fixture.h"
#include "fstool/checksum.h"
#include "fstool/codec.h"
#include "fstool/plugin.h"
#include "simg_fixture.h"

extern "C" const fstool::PluginDescriptor fstool_plugin;

namespace fstool::simg::test {
namespace {

using fstool::test::expect_same;
using fstool::test::random_bytes;
using fstool::test::sparse_disk;
using testing::ElementsAre;
using testing::HasSubstr;

/// Runs of blocks that are raw, zeros and filled in turn.
std::vector<std::byte> mixed_bytes(std::size_t size, std::size_t block_size) {
  std::vector<std::byte> bytes;
  for (std::uint32_t i = 0; bytes.size() < size; ++i) {
    const std::size_t length = block_size * (1 + i % 5) + (i % 7 == 0 ? block_size / 2 : 0);
    auto piece = random_bytes(length, i);
    if (i % 3 == 1) std::ranges::fill(piece, std::byte{0});
    if (i % 3 == 2) std::ranges::fill(piece, static_cast<std::byte>(i));
    bytes.insert(bytes.end(), piece.begin(), piece.end());
  }
  bytes.resize(size);
  return bytes;
}

std::vector<std::byte> filled(std::size_t size, std::uint32_t value) {
  const ChunkValue stored(value);
  std::vector<std::byte> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = std::as_bytes(std::span(&stored, 1))[i % sizeof(stored)];
  return bytes;
}

class EverySimg : public SimgTest, public testing::WithParamInterface<std::uint64_t> {
 protected:
  SimgOptions options() const {
    SimgOptions options;
    options.block_size = Bytes{GetParam()};
    return options;
  }

  WriteDisk writer() {
    SimgOptions with_checksum = options();
    with_checksum.crc32 = true;
    return [this, with_checksum](const Blob& disk, const std::string& name, unsigned threads) {
      write(disk, with_checksum, name, threads);
    };
  }
};

INSTANTIATE_TEST_SUITE_P(Simg, EverySimg, testing::Values(512, 4 * kKiB, 64 * kKiB, kMiB),
                         [](const testing::TestParamInfo<std::uint64_t>& size) { return std::to_string(size.param); });

TEST_P(EverySimg, Simg2imgReadsDisksOfAnySize) {
  const std::uint64_t block = GetParam();
  for (const std::uint64_t size : {std::uint64_t{1}, block - 1, block, block + 1, 10 * block + 4, 3 * kMiB + 12345}) {
    for (const Zeros zeros : {Zeros::Fill, Zeros::DontCare}) {
      SCOPED_TRACE(size);
      const BlobPtr disk = make_memory_blob(mixed_bytes(size, block));
      SimgOptions chosen = options();
      chosen.zeros = zeros;
      chosen.crc32 = size % 2 == 0;
      write(*disk, chosen);
      expect_simg2img_reads("disk.simg", *disk, block);
      expect_same(*open_image(container_, "disk.simg"), *open_file_blob(path("expected.raw")));
      EXPECT_EQ(check_image(container_, "disk.simg"), "");
    }
  }
}

TEST_P(EverySimg, TheNumberOfThreadsDoesNotMatter) {
  expect_threads_do_not_matter(*make_memory_blob(mixed_bytes(20 * kMiB + 5, GetParam())), writer());
}

TEST_P(EverySimg, ZerosAreTheSameAsHoles) { expect_zeros_are_holes(writer()); }

class SimgWriter : public SimgTest {};

TEST_F(SimgWriter, WhatIsAlikeIsOneChunk) {
  const BlobPtr disk = sparse_disk(100 * kMiB, {{0, random_bytes(10 * kMiB, 1)},
                                                {20 * kMiB, filled(3 * kMiB, 0x01020304)},
                                                {23 * kMiB, filled(4 * kKiB, 0x01020305)},
                                                {50 * kMiB, random_bytes(5000, 2)}});
  write(*disk);
  EXPECT_THAT(chunks("disk.simg"),
              ElementsAre(FoundChunk{ChunkType::Raw, 2560, 0}, FoundChunk{ChunkType::Fill, 2560, 0},
                          FoundChunk{ChunkType::Fill, 768, 0x01020304}, FoundChunk{ChunkType::Fill, 1, 0x01020305},
                          FoundChunk{ChunkType::Fill, 6911, 0}, FoundChunk{ChunkType::Raw, 2, 0},
                          FoundChunk{ChunkType::Fill, 12798, 0}));
  const ImageHeader stored = header("disk.simg");
  EXPECT_EQ(stored.blocks, 25600U);
  EXPECT_EQ(stored.block_size, 4096U);
  EXPECT_EQ(stored.checksum, 0U);
}

TEST_F(SimgWriter, ItHasTheChunksThatImg2simgMakes) {
  const BlobPtr disk = make_memory_blob(mixed_bytes(3 * kMiB, 4 * kKiB));
  write(*disk);
  fstool::test::write_blob(*disk, path("disk.raw"));
  output_of("img2simg disk.raw theirs.simg 4096");
  EXPECT_EQ(chunks("disk.simg"), chunks("theirs.simg"));
  EXPECT_EQ(file_bytes("disk.simg"), file_bytes("theirs.simg"));
}

TEST_F(SimgWriter, ZerosNeedNotBeCaredFor) {
  write(*sparse_disk(8 * kMiB, {{4 * kMiB, random_bytes(4096, 1)}}),
        {.block_size = Bytes{4096}, .zeros = Zeros::DontCare, .crc32 = false});
  EXPECT_THAT(chunks("disk.simg"),
              ElementsAre(FoundChunk{ChunkType::DontCare, 1024, 0}, FoundChunk{ChunkType::Raw, 1, 0},
                          FoundChunk{ChunkType::DontCare, 1023, 0}));
}

TEST_F(SimgWriter, TheChecksumIsThatOfTheDisk) {
  const auto bytes = mixed_bytes(5 * kMiB, 4 * kKiB);
  for (const Zeros zeros : {Zeros::Fill, Zeros::DontCare}) {
    write(*make_memory_blob(bytes), {.block_size = Bytes{4096}, .zeros = zeros, .crc32 = true});
    EXPECT_EQ(header("disk.simg").checksum, crc32(0, bytes));
    EXPECT_EQ(chunks("disk.simg").back(), (FoundChunk{ChunkType::Crc32, 0, crc32(0, bytes)}));
    EXPECT_EQ(container_.inspect(file("disk.simg"), new_context()).features, std::vector<std::string>{"crc32"});
  }
}

TEST_F(SimgWriter, AHugeDiskThatIsNearlyEmptyTakesLittle) {
  const BlobPtr disk = sparse_disk(3 * kTiB, {{kTiB, random_bytes(5000, 1)}});
  EXPECT_LT(write(*disk, {.block_size = Bytes{4096}, .zeros = Zeros::Fill, .crc32 = true}), 100 * kKiB);
  for (const FoundChunk& chunk : chunks("disk.simg")) EXPECT_LE(chunk.blocks, kGiB / 4096);
  expect_same(*make_slice_blob(open_image(container_, "disk.simg"), kTiB - kMiB, 2 * kMiB),
              *make_slice_blob(disk, kTiB - kMiB, 2 * kMiB));
  EXPECT_EQ(open_image(container_, "disk.simg")->run_at(0).length, kTiB);
  EXPECT_EQ(check_image(container_, "disk.simg"), "");
}

TEST_F(SimgWriter, AChunkOfDataIsNoLongerThanReadersCount) {
  // Data of more than a GiB, without it being in memory.
  const std::uint64_t size = kGiB + 8192;
  const BlobPtr disk = make_generated_blob(size, [](std::uint64_t offset, std::span<std::byte> out) {
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>((offset + i) % 251 + 1);
  });
  write(*disk);
  EXPECT_THAT(chunks("disk.simg"),
              ElementsAre(FoundChunk{ChunkType::Raw, 262144, 0}, FoundChunk{ChunkType::Raw, 2, 0}));
}

TEST_F(SimgWriter, AnEmptyDiskHasNoChunks) {
  write(*make_hole_blob(0));
  EXPECT_TRUE(chunks("disk.simg").empty());
  EXPECT_EQ(open_image(container_, "disk.simg")->size(), 0U);
  EXPECT_EQ(check_image(container_, "disk.simg"), "");
}

TEST_F(SimgWriter, RefusesWhatTheFormatDoesNotHave) {
  class NoCodec : public Codec {
   public:
    std::string name() const override { return "none-such"; }
    std::unique_ptr<Compressor> compressor() const override { return nullptr; }
    std::unique_ptr<Decompressor> decompressor() const override { return nullptr; }
  };
  const NoCodec codec;
  const auto [code, text] =
      error_of([&] { write_image(container_, *make_hole_blob(4096), "disk.simg", 1, {}, &codec); });
  EXPECT_EQ(code, ErrorCode::InvalidArgument);
  EXPECT_THAT(text, HasSubstr("none-such"));
  const auto [size_code, size_text] = error_of([&] { write(*make_hole_blob(17 * kTiB)); });
  EXPECT_EQ(size_code, ErrorCode::InvalidArgument);
  EXPECT_THAT(size_text, HasSubstr("block_size"));
}

TEST_F(SimgWriter, ReportsProgressInBytesOfTheDisk) {
  class Listener : public ProgressListener {
   public:
    void begin(std::string_view /*step*/, std::uint64_t expected, std::string_view unit) override {
      EXPECT_EQ(unit, "bytes");
      total = expected;
    }
    void advance(std::uint64_t more) override { done += more; }
    void warn(std::string_view message) override { ADD_FAILURE() << message; }
    std::uint64_t total = 0;
    std::atomic<std::uint64_t> done = 0;
  };
  const auto listener = std::make_shared<Listener>();
  Context context(registry_, {.threads = 2, .source_date_epoch = {}, .listener = listener});
  OutputFile output(path("disk.simg"), {.force = false, .sync = OutputFile::Sync::Never});
  const BlobPtr disk = sparse_disk(50 * kMiB + 7, {{9 * kMiB, random_bytes(100, 1)}});
  container_.write(*disk, output, nullptr, context);
  EXPECT_EQ(listener->total, disk->size());
  EXPECT_EQ(listener->done, disk->size());
}

TEST(SimgPlugin, RegistersTheContainer) {
  Registry registry;
  fstool_plugin.register_formats(registry);
  const FormatInfo& info = registry.get<Container>("simg").info;
  EXPECT_EQ(info.extensions, std::vector<std::string>{"simg"});
  EXPECT_EQ(info.options.size(), 3U);
}

}  // namespace
}  // namespace fstool::simg::test
