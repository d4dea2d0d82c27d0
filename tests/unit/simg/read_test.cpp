#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "codec_fixture.h"
#include "fstool/checksum.h"
#include "simg_fixture.h"

namespace fstool::simg::test {
namespace {

using fstool::test::expect_same;
using fstool::test::random_bytes;
using fstool::test::sparse_disk;
using testing::HasSubstr;

/// Puts images together chunk by chunk.
class ImageBuilder {
 public:
  explicit ImageBuilder(std::uint32_t block_size = 8) {
    header_.magic = kMagic;
    header_.major_version = kMajorVersion;
    header_.minor_version = kMinorVersion;
    header_.header_bytes = sizeof(ImageHeader);
    header_.chunk_header_bytes = sizeof(ChunkHeader);
    header_.block_size = block_size;
  }

  ImageHeader& header() { return header_; }

  ImageBuilder& chunk(ChunkType type, std::uint32_t blocks, const std::vector<std::byte>& data) {
    ChunkHeader chunk{};
    chunk.type = static_cast<std::uint16_t>(type);
    chunk.blocks = blocks;
    chunk.bytes = static_cast<std::uint32_t>(header_.chunk_header_bytes + data.size());
    add(std::as_bytes(std::span(&chunk, 1)));
    chunks_.resize(chunks_.size() + header_.chunk_header_bytes - sizeof(chunk));
    add(data);
    ++header_.chunks;
    if (type != ChunkType::Crc32) header_.blocks += blocks;
    return *this;
  }
  ImageBuilder& value(ChunkType type, std::uint32_t blocks, std::uint32_t value) {
    const ChunkValue stored(value);
    const auto bytes = std::as_bytes(std::span(&stored, 1));
    return chunk(type, blocks, {bytes.begin(), bytes.end()});
  }

  std::vector<std::byte> finish() const {
    std::vector<std::byte> image(header_.header_bytes);
    std::memcpy(image.data(), &header_, sizeof(header_));
    image.insert(image.end(), chunks_.begin(), chunks_.end());
    return image;
  }

 private:
  void add(std::span<const std::byte> bytes) { chunks_.insert(chunks_.end(), bytes.begin(), bytes.end()); }

  ImageHeader header_{};
  std::vector<std::byte> chunks_;
};

class SimgReader : public SimgTest {
 protected:
  BlobPtr open(const std::vector<std::byte>& image) {
    return container_.open({make_memory_blob(image)}, "", new_context());
  }
  std::string check(const std::vector<std::byte>& image) {
    container_.check({make_memory_blob(image)}, new_context());
    return damage();
  }
  void expect_refused(const std::vector<std::byte>& image, const std::string& words,
                      ErrorCode expected = ErrorCode::Corrupt) {
    const auto [code, text] = error_of([&] { open(image); });
    EXPECT_EQ(code, expected) << text;
    EXPECT_THAT(text, HasSubstr(words));
  }
};

TEST_F(SimgReader, ReadsWhatImg2simgMakes) {
  const BlobPtr disk = sparse_disk(30 * kMiB + 5000, {{0, random_bytes(3 * kMiB, 1)},
                                                      {10 * kMiB, std::vector<std::byte>(kMiB, std::byte{7})},
                                                      {30 * kMiB, random_bytes(5000, 2)}});
  fstool::test::write_blob(*disk, path("disk.raw"));
  for (const std::string block_size : {"4096", "1024", "65536"}) {
    SCOPED_TRACE(block_size);
    output_of("img2simg disk.raw disk.simg " + block_size);
    std::filesystem::resize_file(path("disk.raw"), round_up(disk->size(), std::stoull(block_size)));
    expect_same(*open_image(container_, "disk.simg"), *open_file_blob(path("disk.raw")));
    EXPECT_EQ(check_image(container_, "disk.simg"), "");
    std::filesystem::resize_file(path("disk.raw"), disk->size());
  }
}

TEST_F(SimgReader, EveryKindOfChunkIsRead) {
  const auto raw = random_bytes(24, 1);
  const auto image = ImageBuilder()
                         .chunk(ChunkType::Raw, 3, raw)
                         .value(ChunkType::Fill, 2, 0x04030201)
                         .chunk(ChunkType::DontCare, 1, {})
                         .value(ChunkType::Fill, 1, 0)
                         .chunk(ChunkType::Raw, 0, {})
                         .chunk(ChunkType::Raw, 1, {raw.begin(), raw.begin() + 8})
                         .finish();
  std::vector<std::byte> expected = raw;
  for (int i = 0; i < 16; ++i) expected.push_back(static_cast<std::byte>(i % 4 + 1));
  expected.resize(expected.size() + 16);
  expected.insert(expected.end(), raw.begin(), raw.begin() + 8);
  const BlobPtr disk = open(image);
  expect_same(*disk, *make_memory_blob(expected));
  EXPECT_EQ(disk->run_at(0).length, 40U);
  EXPECT_TRUE(disk->run_at(41).hole);
  EXPECT_EQ(disk->run_at(41).length, 15U);
}

TEST_F(SimgReader, LongerHeadersAreSkipped) {
  ImageBuilder builder;
  builder.header().header_bytes = 40;
  builder.header().chunk_header_bytes = 20;
  builder.header().minor_version = 7;
  const auto raw = random_bytes(16, 1);
  builder.chunk(ChunkType::Raw, 2, raw).value(ChunkType::Fill, 1, 0x01010101);
  std::vector<std::byte> expected = raw;
  expected.resize(24, std::byte{1});
  expect_same(*open(builder.finish()), *make_memory_blob(expected));
}

TEST_F(SimgReader, EachFieldOfTheHeaderIsChecked) {
  const auto changed = [](const std::function<void(ImageHeader&)>& change) {
    ImageBuilder builder;
    builder.chunk(ChunkType::DontCare, 3, {});
    change(builder.header());
    std::vector<std::byte> image = builder.finish();
    image.resize(std::max<std::size_t>(image.size(), 40));
    return image;
  };
  expect_refused(changed([](ImageHeader& h) { h.magic = 1; }), "begin");
  expect_refused(changed([](ImageHeader& h) { h.major_version = 2; }), "version 2.0", ErrorCode::Unsupported);
  expect_refused(changed([](ImageHeader& h) { h.block_size = 0; }), "block size");
  expect_refused(changed([](ImageHeader& h) { h.block_size = 6; }), "block size");
  expect_refused(changed([](ImageHeader& h) {
                   h.block_size = 0xfffffffc;
                   h.blocks = 0xffffffff;
                 }),
                 "can't be right");
  expect_refused(changed([](ImageHeader& h) { h.blocks = 2; }), "chunk 0: it reaches beyond the end");
  expect_refused(changed([](ImageHeader& h) { h.blocks = 4; }), "3 blocks in place of 4");
  expect_refused(changed([](ImageHeader& h) { h.chunks = 2; }), "2 chunks don't fit");
  expect_refused(changed([](ImageHeader& h) { h.chunks = 0xffffffff; }), "don't fit");
  expect_refused(changed([](ImageHeader& h) { h.chunk_header_bytes = 11; }), "headers of 28 and 11");
  std::vector<std::byte> short_header = changed([](ImageHeader& /*h*/) {});
  short_header[8] = std::byte{27};
  expect_refused(short_header, "headers of 27 and 12");
  short_header[8] = std::byte{200};
  expect_refused(short_header, "headers of 200 and 12");
  expect_refused(std::vector<std::byte>(27), "shorter");
}

TEST_F(SimgReader, EachFieldOfAChunkIsChecked) {
  expect_refused(ImageBuilder().chunk(static_cast<ChunkType>(0xcac5), 1, {}).finish(), "0xcac5");
  expect_refused(ImageBuilder().chunk(ChunkType::Raw, 2, random_bytes(8, 1)).finish(),
                 "8 bytes of data in place of 16");
  expect_refused(ImageBuilder().chunk(ChunkType::Fill, 2, random_bytes(8, 1)).finish(), "in place of 4");
  expect_refused(ImageBuilder().chunk(ChunkType::DontCare, 2, random_bytes(8, 1)).finish(), "in place of 0");
  expect_refused(ImageBuilder().chunk(ChunkType::Crc32, 0, {}).finish(), "in place of 4");
  auto cut = ImageBuilder().chunk(ChunkType::Raw, 20, random_bytes(160, 1)).finish();
  cut.pop_back();
  expect_refused(cut, "chunk 0: its 172 bytes");
  auto less_than_a_header = ImageBuilder().chunk(ChunkType::DontCare, 1, {}).finish();
  less_than_a_header[sizeof(ImageHeader) + 8] = std::byte{11};
  expect_refused(less_than_a_header, "its 11 bytes");
  auto second_cut = ImageBuilder().chunk(ChunkType::Raw, 20, random_bytes(160, 1)).finish();
  second_cut[20] = std::byte{2};
  expect_refused(second_cut, "chunk 1: it is not in the file");
}

TEST_F(SimgReader, ChecksumsAreCompared) {
  const auto raw = random_bytes(24, 1);
  std::vector<std::byte> bytes = raw;
  bytes.resize(24 + 80);
  const auto with = [&](std::uint32_t first, std::uint32_t second, std::uint32_t whole) {
    ImageBuilder builder;
    builder.chunk(ChunkType::Raw, 3, raw)
        .value(ChunkType::Crc32, 0, first)
        .chunk(ChunkType::DontCare, 10, {})
        .value(ChunkType::Crc32, 0, second);
    builder.header().checksum = whole;
    return builder.finish();
  };
  const std::uint32_t first = crc32(0, raw);
  const std::uint32_t second = crc32(0, bytes);
  EXPECT_EQ(check(with(first, second, second)), "");
  EXPECT_EQ(check(with(first, second, 0)), "");
  EXPECT_THAT(check(with(first + 1, second, second)), HasSubstr("first 3 blocks"));
  EXPECT_THAT(check(with(first, second + 1, second)), HasSubstr("first 13 blocks"));
  EXPECT_THAT(check(with(first, second, second ^ 1U)), HasSubstr("first 13 blocks"));
}

TEST_F(SimgReader, ChangedDataIsDamageIfThereIsAChecksum) {
  const BlobPtr disk = make_memory_blob(random_bytes(5 * kMiB, 1));
  write(*disk, {.block_size = Bytes{4096}, .zeros = Zeros::Fill, .crc32 = true});
  put("disk.simg", 3 * kMiB, static_cast<std::uint8_t>(get<std::uint8_t>("disk.simg", 3 * kMiB) ^ 1U));
  EXPECT_THAT(check_image(container_, "disk.simg"), HasSubstr("CRC-32"));
}

TEST_F(SimgReader, ThereAreNoSnapshots) {
  write(*make_hole_blob(4096));
  const auto [code, text] = error_of([&] { container_.open(file("disk.simg"), "before", new_context()); });
  EXPECT_EQ(code, ErrorCode::NotFound) << text;
}

TEST_F(SimgReader, OtherFilesAreNoSparseImages) {
  EXPECT_FALSE(container_.probe(*make_memory_blob({})));
  EXPECT_FALSE(container_.probe(*make_hole_blob(kMiB)));
  EXPECT_FALSE(container_.probe(*make_memory_blob(random_bytes(1000, 1))));
  EXPECT_TRUE(container_.probe(*make_memory_blob(ImageBuilder().finish())));
}

TEST_F(SimgReader, RandomDamageIsSurvived) {
  ImageBuilder builder;
  for (std::uint32_t i = 0; i < 30; ++i) {
    builder.chunk(ChunkType::Raw, 2, random_bytes(16, i))
        .value(ChunkType::Fill, i, i)
        .chunk(ChunkType::DontCare, i, {});
  }
  const auto image = builder.value(ChunkType::Crc32, 0, 17).finish();
  fstool::test::expect_survives_damage(container_, image, image.size(), 500);
  fstool::test::expect_survives_damage(container_, image, 60, 500);
}

}  // namespace
}  // namespace fstool::simg::test
