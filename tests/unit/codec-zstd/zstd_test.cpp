#include "zstd_codec.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "codec_fixture.h"
#include "fstool/error.h"
#include "run_tool.h"

namespace fstool::zstd {
namespace {

using test::compressed;
using test::decompress_error;
using test::decompressed;
using test::random_bytes;
using test::text_bytes;

constexpr std::size_t kBlock = 64 * 1024;

class EveryLevel : public testing::TestWithParam<int> {
 protected:
  ZstdCodec codec_{{.level = GetParam()}};
  std::unique_ptr<Compressor> compressor_ = codec_.compressor();
};

INSTANTIATE_TEST_SUITE_P(Zstd, EveryLevel, testing::Values(-7, -1, 1, 3, 9, 19, 22));

TEST_P(EveryLevel, GivesBackWhatWasCompressed) {
  for (const std::size_t size : {0UL, 1UL, 512UL, kBlock, 2UL << 20U}) {
    for (const auto& in : {text_bytes(size, 1), random_bytes(size, 2), std::vector<std::byte>(size)}) {
      const auto frame = compressed(*compressor_, in, 2 * size + 64);
      ASSERT_TRUE(frame) << size;
      EXPECT_EQ(decompressed(*codec_.decompressor(), *frame, size), in) << size;
    }
  }
}

TEST_P(EveryLevel, EarlierBlocksDoNotChangeTheBytes) {
  const auto in = text_bytes(kBlock, 3);
  const auto alone = compressed(*codec_.compressor(), in, kBlock);
  for (const auto& earlier : {random_bytes(kBlock, 4), in, text_bytes(100, 5)}) {
    compressed(*compressor_, earlier, earlier.size() / 2);
    EXPECT_EQ(compressed(*compressor_, in, kBlock), alone);
  }
}

TEST_P(EveryLevel, SaysSoIfTheFrameDoesNotFit) {
  EXPECT_FALSE(compressed(*compressor_, random_bytes(kBlock, 6), kBlock - 1));
  EXPECT_FALSE(compressed(*compressor_, text_bytes(kBlock, 6), 100));
  EXPECT_FALSE(compressed(*compressor_, text_bytes(kBlock, 6), 0));
}

class ZstdFrame : public testing::TestWithParam<bool> {
 protected:
  ZstdCodec codec_{{.level = 3, .checksum = GetParam()}};
  std::vector<std::byte> in_ = text_bytes(4096, 7);
  std::vector<std::byte> frame_ = compressed(*codec_.compressor(), in_, 4096).value();
};

INSTANTIATE_TEST_SUITE_P(WithAndWithoutChecksum, ZstdFrame, testing::Bool());

TEST_P(ZstdFrame, KnowsWhereItEnds) {
  test::expect_frame_ends_where_it_ends(codec_, in_, frame_);
  auto twice = frame_;
  twice.insert(twice.end(), frame_.begin(), frame_.end());
  EXPECT_EQ(decompressed(*codec_.decompressor(), twice, in_.size()), in_);
}

TEST_P(ZstdFrame, DamagedFramesAreErrorsOrOtherBytesButNeverHarm) {
  test::expect_damaged_frames_do_no_harm(codec_, in_, frame_, 32);
}

TEST(ZstdDecompressorTest, DamagedFramesTouchNothingBeyondTheBuffers) {
  const ZstdCodec codec({});
  for (const auto& in : {text_bytes(10'000, 1), random_bytes(3'000, 2), std::vector<std::byte>(65'536)}) {
    const auto frame = compressed(*codec.compressor(), in, 2 * in.size() + 64);
    test::decompress_damaged_between_guards(*codec.decompressor(), frame.value(), in.size());
  }
}

TEST(ZstdDecompressorTest, ReadsAFrameThatAsksForAHugeWindowWithoutTakingMemory) {
  // RFC 8878, section 3.1.1: no content size, a window of 2^41 bytes (descriptor 0xf8), one raw block of 3 bytes.
  const std::vector<unsigned char> frame = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x19, 0x00, 0x00, 'a', 'b', 'c'};
  const auto decompressor = ZstdCodec({}).decompressor();
  const auto error = decompress_error(*decompressor, std::as_bytes(std::span(frame)), 3);
  EXPECT_TRUE(!error || *error == ErrorCode::Corrupt);
}

TEST(ZstdDecompressorTest, RefusesAContentSizeBeyondTheRoom) {
  // A single-segment frame that claims a content of 2^56 bytes, with one raw block of 3.
  const std::vector<unsigned char> frame = {0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0,   0,   0,  0,
                                            0,    0,    0x01, 0x19, 0,    0, 'a', 'b', 'c'};
  EXPECT_EQ(decompress_error(*ZstdCodec({}).decompressor(), std::as_bytes(std::span(frame)), 4096), ErrorCode::Corrupt);
}

TEST(ZstdDecompressorTest, RefusesASkippableFrame) {
  const std::vector<unsigned char> frame = {0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4};
  EXPECT_EQ(decompress_error(*ZstdCodec({}).decompressor(), std::as_bytes(std::span(frame)), 64), ErrorCode::Corrupt);
}

TEST(ZstdDecompressorTest, FindsDamageByTheChecksum) {
  const auto in = random_bytes(4096, 9);  // stored in a raw block, where any byte is a valid one
  auto frame = compressed(*ZstdCodec({.level = 1, .checksum = true}).compressor(), in, 8192).value();
  frame[2000] ^= std::byte{1};
  EXPECT_EQ(decompress_error(*ZstdCodec({}).decompressor(), frame, 4096), ErrorCode::Corrupt);
}

TEST(ZstdOptionsTest, RefusesValuesOutOfRange) {
  for (const char* text : {"level=-8", "level=23", "checksum=maybe"}) {
    EXPECT_THROW(zstd_options().parse(parse_option_text(text)), Error) << text;
  }
  const ZstdOptions options = zstd_options().parse(parse_option_text("level=-7,checksum=true"));
  EXPECT_EQ(options.level, -7);
  EXPECT_TRUE(options.checksum);
}

TEST(ZstdCodec, ZstdReadsFramesPutTogether) {
  for (const bool checksum : {false, true}) {
    const ZstdCodec codec({.checksum = checksum});
    std::vector<std::byte> expected;
    std::vector<std::byte> file;
    for (const auto& block : {test::text_bytes(0, 1), test::text_bytes(300'000, 2), test::random_bytes(300'000, 3)}) {
      const auto frame = test::compressed(*codec.compressor(), block, codec.frame_bound(block.size()).value());
      ASSERT_TRUE(frame);
      expected.insert(expected.end(), block.begin(), block.end());
      file.insert(file.end(), frame->begin(), frame->end());
    }
    const test::TemporaryDirectory directory;
    const std::string path = (directory.path() / "file").string();
    test::write_blob(*make_memory_blob(file), path + ".zst");
    const test::ToolResult result = test::run_tool("zstd -qd '" + path + ".zst'");
    ASSERT_EQ(result.exit_code, 0) << result.output;
    EXPECT_EQ(read_all(*open_file_blob(path), expected.size() + 1), expected);
  }
}

}  // namespace
}  // namespace fstool::zstd
