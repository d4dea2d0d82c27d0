#include "gzip.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <span>
#include <vector>

#include "codec_fixture.h"
#include "fstool/error.h"
#include "run_tool.h"

namespace fstool::deflate {
namespace {

using test::compressed;
using test::decompress_error;
using test::decompressed;
using test::random_bytes;
using test::text_bytes;

/// Compresses, which has to succeed within the bound.
std::vector<std::byte> member(const GzipCodec& codec, std::span<const std::byte> in) {
  const auto out = compressed(*codec.compressor(), in, codec.frame_bound(in.size()).value());
  EXPECT_TRUE(out);
  return out.value_or(std::vector<std::byte>());
}

TEST(GzipCodec, GzipReadsMembersPutTogether) {
  for (const int level : {1, 2, 6, 9}) {
    const GzipCodec codec({.level = level});
    std::vector<std::byte> expected;
    std::vector<std::byte> file;
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{100'000}, std::size_t{4} << 20U}) {
      for (const auto& block : {text_bytes(size, 1), random_bytes(size, 2)}) {
        expected.insert(expected.end(), block.begin(), block.end());
        const auto part = member(codec, block);
        file.insert(file.end(), part.begin(), part.end());
      }
    }
    const test::TemporaryDirectory directory;
    const std::string path = (directory.path() / "file").string();
    test::write_blob(*make_memory_blob(file), path + ".gz");
    const test::ToolResult result = test::run_tool("gzip -d '" + path + ".gz'");
    ASSERT_EQ(result.exit_code, 0) << result.output;
    EXPECT_EQ(read_all(*open_file_blob(path), expected.size() + 1), expected) << level;
  }
}

TEST(GzipCodec, WhatDoesNotShrinkIsStored) {
  const auto block = random_bytes(200'000, 3);
  for (const Engine engine : {Engine::Isal, Engine::Zlib}) {
    const GzipCodec codec({.level = 1, .engine = engine});
    EXPECT_LE(member(codec, block).size(), block.size() + 4 * 5 + 28);
  }
}

TEST(GzipCodec, TheMemberDoesNotDependOnTheRoom) {
  const GzipCodec codec({});
  for (const auto& block : {text_bytes(70'000, 4), random_bytes(70'000, 5)}) {
    const auto expected = member(codec, block);
    const auto compressor = codec.compressor();
    EXPECT_EQ(compressed(*compressor, block, expected.size() + 1000), expected);
    EXPECT_FALSE(compressed(*compressor, block, expected.size() / 2));
    EXPECT_FALSE(compressed(*compressor, block, 17));
  }
}

TEST(GzipCodec, ReadsItsMembersAndFindsDamage) {
  const GzipCodec codec({});
  const auto block = text_bytes(50'000, 6);
  auto bytes = member(codec, block);
  const auto decompressor = codec.decompressor();
  EXPECT_EQ(decompressed(*decompressor, bytes, block.size()), block);
  EXPECT_EQ(decompress_error(*decompressor, std::span(bytes).first(bytes.size() - 1), block.size()),
            ErrorCode::Corrupt);
  EXPECT_EQ(decompress_error(*decompressor, bytes, block.size() - 1), ErrorCode::Corrupt);
  bytes[bytes.size() - 8] ^= std::byte{1};  // of the checksum
  EXPECT_EQ(decompress_error(*decompressor, bytes, block.size()), ErrorCode::Corrupt);
}

TEST(GzipCodec, RefusesALevelThatTheEngineLacks) {
  EXPECT_THROW(GzipCodec({.level = 4, .engine = Engine::Isal}), Error);
}

}  // namespace
}  // namespace fstool::deflate
