#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "codec_fixture.h"
#include "fstool/error.h"
#include "zlib_codec.h"

namespace fstool::deflate {
namespace {

using test::compressed;
using test::decompress_error;
using test::decompressed;
using test::random_bytes;
using test::text_bytes;

std::size_t bound(std::size_t bytes) { return bytes + 5 * std::max<std::size_t>(1, (bytes + 65534) / 65535) + 6; }

/// Compresses, which has to succeed within the bound.
std::vector<std::byte> stream(const ZlibCodec& codec, std::span<const std::byte> in) {
  const auto out = compressed(*codec.compressor(), in, bound(in.size()));
  EXPECT_TRUE(out);
  return out.value_or(std::vector<std::byte>());
}

/// What zlib itself makes of a stream.
std::vector<std::byte> uncompressed(std::span<const std::byte> in, std::size_t size) {
  std::vector<std::byte> out(size + 1);
  uLongf length = out.size();
  EXPECT_EQ(
      uncompress(reinterpret_cast<Bytef*>(out.data()), &length, reinterpret_cast<const Bytef*>(in.data()), in.size()),
      Z_OK);
  out.resize(length);
  return out;
}

TEST(ZlibCodec, ZlibReadsEveryStream) {
  for (const int level : {1, 2, 5, 6, 9}) {
    const ZlibCodec codec({.level = level});
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{65'535}, std::size_t{300'000}}) {
      for (const auto& block : {text_bytes(size, 1), random_bytes(size, 2), std::vector<std::byte>(size)}) {
        EXPECT_EQ(uncompressed(stream(codec, block), size), block) << level << ' ' << size;
      }
    }
  }
}

TEST(ZlibCodec, BeginsAsZlibDoes) {
  const auto block = text_bytes(10'000, 3);
  for (const int level : {1, 3, 6, 9}) {
    std::vector<std::byte> theirs(bound(block.size()));
    uLongf length = theirs.size();
    ASSERT_EQ(compress2(reinterpret_cast<Bytef*>(theirs.data()), &length, reinterpret_cast<const Bytef*>(block.data()),
                        block.size(), level),
              Z_OK);
    const auto ours = stream(ZlibCodec({.level = level}), block);
    EXPECT_EQ(ours[0], theirs[0]) << level;
    EXPECT_EQ(ours[1], theirs[1]) << level;
  }
}

TEST(ZlibCodec, ReadsWhatZlibMakes) {
  const auto block = text_bytes(100'000, 4);
  for (const int level : {0, 1, 6, 9}) {
    std::vector<std::byte> theirs(bound(block.size()) + 100);
    uLongf length = theirs.size();
    ASSERT_EQ(compress2(reinterpret_cast<Bytef*>(theirs.data()), &length, reinterpret_cast<const Bytef*>(block.data()),
                        block.size(), level),
              Z_OK);
    for (const Engine engine : {Engine::Auto, Engine::Isal, Engine::Zlib}) {
      const ZlibCodec codec({.level = 1, .engine = engine});
      // What follows a stream doesn't matter: containers pad.
      EXPECT_EQ(decompressed(*codec.decompressor(), theirs, block.size()), block) << level;
      EXPECT_EQ(decompressed(*codec.decompressor(), std::span(theirs).first(length), block.size()), block) << level;
    }
  }
}

TEST(ZlibCodec, WhatDoesNotShrinkIsStored) {
  const auto block = random_bytes(200'000, 5);
  for (const Engine engine : {Engine::Isal, Engine::Zlib}) {
    EXPECT_LE(stream(ZlibCodec({.level = 1, .engine = engine}), block).size(), bound(block.size()));
  }
}

TEST(ZlibCodec, TheStreamDoesNotDependOnTheRoom) {
  const ZlibCodec codec({});
  for (const auto& block : {text_bytes(70'000, 6), random_bytes(70'000, 7)}) {
    const auto expected = stream(codec, block);
    const auto compressor = codec.compressor();
    EXPECT_EQ(compressed(*compressor, block, expected.size() + 1000), expected);
    EXPECT_EQ(compressed(*compressor, block, expected.size()), expected);
    EXPECT_FALSE(compressed(*compressor, block, expected.size() - 1));
    EXPECT_FALSE(compressed(*compressor, block, expected.size() / 2));
    EXPECT_FALSE(compressed(*compressor, block, 5));
    EXPECT_FALSE(compressed(*compressor, block, 0));
  }
}

TEST(ZlibCodec, FindsDamage) {
  const auto block = text_bytes(50'000, 8);
  const auto bytes = stream(ZlibCodec({}), block);
  for (const Engine engine : {Engine::Isal, Engine::Zlib}) {
    const auto decompressor = ZlibCodec({.level = 1, .engine = engine}).decompressor();
    const auto error_with = [&](std::size_t at, std::byte flip) {
      auto damaged = bytes;
      damaged[at] ^= flip;
      return decompress_error(*decompressor, damaged, block.size());
    };
    EXPECT_EQ(error_with(0, std::byte{0x07}), ErrorCode::Corrupt) << "the method";
    EXPECT_EQ(error_with(1, std::byte{0x01}), ErrorCode::Corrupt) << "the header's checksum";
    EXPECT_EQ(error_with(bytes.size() - 1, std::byte{0x01}), ErrorCode::Corrupt) << "the checksum";
    EXPECT_EQ(error_with(bytes.size() - 4, std::byte{0x80}), ErrorCode::Corrupt) << "the checksum";
    for (const std::size_t missing : {std::size_t{1}, std::size_t{4}, std::size_t{5}, bytes.size() - 1, bytes.size()}) {
      EXPECT_EQ(decompress_error(*decompressor, std::span(bytes).first(bytes.size() - missing), block.size()),
                ErrorCode::Corrupt)
          << missing;
    }
    EXPECT_EQ(decompress_error(*decompressor, bytes, block.size() - 1), ErrorCode::Corrupt);
    EXPECT_EQ(decompressed(*decompressor, bytes, block.size()), block);
    test::decompress_damaged_between_guards(*decompressor, bytes, block.size());
  }
}

TEST(ZlibCodec, RefusesALevelThatTheEngineLacks) {
  EXPECT_THROW(ZlibCodec({.level = 4, .engine = Engine::Isal}), Error);
}

TEST(ZlibCodec, ItsStreamsAreNotPutTogether) { EXPECT_FALSE(ZlibCodec({}).frame_bound(1)); }

}  // namespace
}  // namespace fstool::deflate
