#include "deflate.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "codec_fixture.h"
#include "fstool/error.h"

namespace fstool::deflate {
namespace {

using test::compressed;
using test::decompress_error;
using test::decompressed;
using test::random_bytes;
using test::text_bytes;

constexpr std::size_t kBlock = 64 * 1024;

/// Inflates with zlib as a reader that keeps a window of `window_bits` and has the output only byte by byte.
std::vector<std::byte> inflate_byte_by_byte(std::vector<std::byte> in, int window_bits) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, -window_bits), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(in.data());
  stream.avail_in = static_cast<uInt>(in.size());
  std::vector<std::byte> out;
  int status = Z_OK;
  while (status == Z_OK) {
    Bytef byte = 0;
    stream.next_out = &byte;
    stream.avail_out = 1;
    status = inflate(&stream, Z_NO_FLUSH);
    if (stream.avail_out == 0) out.push_back(static_cast<std::byte>(byte));
  }
  EXPECT_EQ(status, Z_STREAM_END) << (stream.msg != nullptr ? stream.msg : "");
  inflateEnd(&stream);
  return out;
}

/// Random bytes of which each stretch of `period` repeats the one before: all matches are `period` bytes back.
std::vector<std::byte> repeating_bytes(std::size_t size, std::size_t period) {
  std::vector<std::byte> bytes = random_bytes(period, 7);
  while (bytes.size() < size) bytes.push_back(bytes[bytes.size() - period]);
  bytes.resize(size);
  return bytes;
}

std::vector<DeflateOptions> all_options() {
  std::vector<DeflateOptions> all;
  for (int level = 1; level <= 9; ++level) {
    all.push_back({.level = level});
    all.push_back({.level = level, .engine = Engine::Zlib});
    if (level <= 3) all.push_back({.level = level, .engine = Engine::Isal});
  }
  return all;
}

std::string option_name(const testing::TestParamInfo<DeflateOptions>& info) {
  static constexpr const char* kEngines[] = {"Auto", "Isal", "Zlib"};
  return kEngines[static_cast<int>(info.param.engine)] + std::to_string(info.param.level);
}

class EveryLevel : public testing::TestWithParam<DeflateOptions> {
 protected:
  DeflateCodec codec_{GetParam()};
  std::unique_ptr<Compressor> compressor_ = codec_.compressor();
  std::unique_ptr<Decompressor> decompressor_ = codec_.decompressor();
};

INSTANTIATE_TEST_SUITE_P(Deflate, EveryLevel, testing::ValuesIn(all_options()), option_name);

TEST_P(EveryLevel, GivesBackWhatWasCompressed) {
  for (const std::size_t size : {0UL, 1UL, 511UL, 512UL, 4096UL, kBlock, 2UL << 20U}) {
    for (const auto& in : {text_bytes(size, 1), random_bytes(size, 2), std::vector<std::byte>(size)}) {
      const auto stream = compressed(*compressor_, in, 2 * size + 64);
      ASSERT_TRUE(stream) << size;
      EXPECT_EQ(decompressed(*decompressor_, *stream, size), in) << size;
    }
  }
}

TEST_P(EveryLevel, BothLibrariesReadTheStream) {
  const auto in = text_bytes(kBlock, 3);
  const auto stream = compressed(*compressor_, in, kBlock);
  ASSERT_TRUE(stream);
  for (const Engine engine : {Engine::Isal, Engine::Zlib}) {
    EXPECT_EQ(decompressed(*DeflateCodec({.level = 1, .engine = engine}).decompressor(), *stream, kBlock), in);
  }
}

TEST_P(EveryLevel, ReadersWithTheWindowOfTheOptionReadTheStream) {
  for (int bits = 9; bits <= 15; ++bits) {
    DeflateOptions options = GetParam();
    options.window_bits = bits;
    const DeflateCodec codec(options);
    const std::size_t window = std::size_t{1} << static_cast<unsigned>(bits);
    EXPECT_EQ(codec.history_bytes(), window);
    // Matches right at the end of the window, just behind it, and everywhere.
    for (const auto& in : {repeating_bytes(kBlock, window), repeating_bytes(kBlock, window - 1),
                           repeating_bytes(kBlock, window + 1), text_bytes(kBlock, 4)}) {
      const auto stream = compressed(*codec.compressor(), in, 2 * kBlock);
      ASSERT_TRUE(stream);
      EXPECT_EQ(inflate_byte_by_byte(*stream, bits), in) << bits;
    }
  }
}

TEST_P(EveryLevel, EarlierBlocksDoNotChangeTheBytes) {
  const auto in = text_bytes(kBlock, 5);
  const auto alone = compressed(*codec_.compressor(), in, kBlock);
  for (const auto& earlier : {random_bytes(kBlock, 6), in, text_bytes(100, 8)}) {
    compressed(*compressor_, earlier, earlier.size() / 2);
    EXPECT_EQ(compressed(*compressor_, in, kBlock), alone);
  }
}

TEST_P(EveryLevel, ThePlaceOfTheCompressorInMemoryDoesNotChangeTheBytes) {
  // ISA-L 2.30 by itself gives other bytes for about one in a thousand short blocks.
  std::vector<std::unique_ptr<Compressor>> others(6);
  for (auto& other : others) other = codec_.compressor();
  const auto text = text_bytes(2 << 20U, 13);
  for (std::size_t size : {512U, 4096U}) {
    for (std::size_t offset = 0; offset < text.size(); offset += size) {
      std::vector<std::byte> in(text.begin() + static_cast<std::ptrdiff_t>(offset),
                                text.begin() + static_cast<std::ptrdiff_t>(offset + size));
      if (offset / size % 8 == 0) std::fill_n(in.begin(), size / 2, std::byte{0});
      const auto expected = compressed(*compressor_, in, size);
      const auto& other = others[offset / size % others.size()];
      ASSERT_EQ(compressed(*other, in, size), expected) << offset;
    }
  }
}

TEST_P(EveryLevel, SaysSoIfTheStreamDoesNotFit) {
  EXPECT_FALSE(compressed(*compressor_, random_bytes(kBlock, 9), kBlock - 1));
  EXPECT_FALSE(compressed(*compressor_, text_bytes(kBlock, 9), 100));
  EXPECT_FALSE(compressed(*compressor_, text_bytes(kBlock, 9), 0));
  const auto in = text_bytes(kBlock, 9);
  const auto stream = compressed(*compressor_, in, kBlock);
  ASSERT_TRUE(stream);
  const auto tight = compressed(*compressor_, in, stream->size() - 1);
  EXPECT_TRUE(!tight || tight->size() < stream->size());
}

class EveryEngine : public testing::TestWithParam<Engine> {
 protected:
  DeflateCodec codec_{{.level = 2, .engine = GetParam()}};
  std::unique_ptr<Decompressor> decompressor_ = codec_.decompressor();
  std::vector<std::byte> in_ = text_bytes(4096, 10);
  std::vector<std::byte> stream_ = compressed(*codec_.compressor(), in_, 4096).value();
};

INSTANTIATE_TEST_SUITE_P(Deflate, EveryEngine, testing::Values(Engine::Auto, Engine::Isal, Engine::Zlib));

TEST_P(EveryEngine, KnowsWhereAStreamEnds) { test::expect_frame_ends_where_it_ends(codec_, in_, stream_); }

TEST_P(EveryEngine, DamagedStreamsAreErrorsOrOtherBytesButNeverHarm) {
  test::expect_damaged_frames_do_no_harm(codec_, in_, stream_, 64);
}

TEST_P(EveryEngine, DamagedStreamsTouchNothingBeyondTheBuffers) {
  const auto decompressor = DeflateCodec({.engine = GetParam()}).decompressor();
  for (const auto& in : {text_bytes(10'000, 1), random_bytes(3'000, 2), std::vector<std::byte>(65'536)}) {
    const auto stream = compressed(*DeflateCodec({.level = 6}).compressor(), in, 2 * in.size() + 64);
    test::decompress_damaged_between_guards(*decompressor, stream.value(), in.size());
  }
}

TEST_P(EveryEngine, RefusesWhatIsNoStream) {
  // Block type 3 does not exist.
  EXPECT_EQ(decompress_error(*decompressor_, std::vector<std::byte>(100, std::byte{0xff}), 4096), ErrorCode::Corrupt);
}

TEST(DeflateOptionsTest, HigherLevelsGiveShorterStreams) {
  std::vector<std::byte> in = text_bytes(kBlock, 12);
  std::size_t shortest = in.size();
  for (int level = 1; level <= 9; ++level) {
    const auto stream = compressed(*DeflateCodec({.level = level}).compressor(), in, in.size());
    ASSERT_TRUE(stream);
    EXPECT_LE(stream->size(), shortest) << level;
    shortest = stream->size();
  }
}

TEST(DeflateOptionsTest, IsalRefusesLevelsItDoesNotHave) {
  try {
    const DeflateCodec codec({.level = 4, .engine = Engine::Isal});
    FAIL() << "no error was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
    EXPECT_STREQ(error.what(),
                 "the deflate engine isal has the levels 1 to 3, not 4; set engine = \"zlib\" or \"auto\"");
  }
}

TEST(DeflateOptionsTest, RefusesValuesOutOfRange) {
  for (const char* text : {"level=0", "level=10", "window_bits=8", "window_bits=16", "engine=lzma"}) {
    EXPECT_THROW(deflate_options().parse(parse_option_text(text)), Error) << text;
  }
  const DeflateOptions options = deflate_options().parse(parse_option_text("level=7,window_bits=15,engine=zlib"));
  EXPECT_EQ(options.level, 7);
  EXPECT_EQ(options.window_bits, 15);
  EXPECT_EQ(options.engine, Engine::Zlib);
}

}  // namespace
}  // namespace fstool::deflate
