#include "lz4_codec.h"

#include <gtest/gtest.h>

#include "lz4_stream.h"
#include "stream_fixture.h"

namespace fstool::lz4 {
namespace {

using test::ByteVector;
using test::compressed;
using test::MadeStream;
using test::make_stream;
using test::text_bytes;

class EveryLevel : public testing::TestWithParam<int> {};

INSTANTIATE_TEST_SUITE_P(Lz4, EveryLevel, testing::Values(-100, -1, 0, 1, 3, 9, 12));

TEST_P(EveryLevel, GivesBackWhatWasCompressed) {
  test::expect_gives_back_what_was_compressed(Lz4Codec({.level = GetParam()}));
}

TEST(Lz4Codec, HigherLevelsAreNoLarger) {
  const ByteVector in = text_bytes(600'000, 1);
  std::size_t before = 2 * in.size();
  for (const int level : {-50, -5, 1, 3, 9, 12}) {
    const Lz4Codec codec({.level = level});
    const std::size_t size = compressed(*codec.compressor(), in, 2 * in.size()).value().size();
    EXPECT_LE(size, before) << level;
    before = size;
  }
}

TEST(Lz4Decompressor, FindsDamageAndTouchesNothingBeyondTheBuffers) { test::expect_finds_damage(Lz4Codec({})); }

TEST(Lz4OptionsTest, RefusesValuesOutOfRange) {
  for (const char* text : {"level=-101", "level=13", "block_size=65535", "checksum=maybe"}) {
    EXPECT_THROW(lz4_options().parse(parse_option_text(text)), Error) << text;
  }
  EXPECT_EQ(lz4_options().parse(parse_option_text("level=12,block_size=64KiB")).block_size.value, 65'536U);
}

class Lz4Stream : public test::StreamReadingFixture {
 protected:
  Lz4Stream() : StreamReadingFixture(std::make_unique<Lz4StreamFormat>()) {}
};

TEST_F(Lz4Stream, IsReadInAllWays) {
  for (const Lz4Options& options :
       {Lz4Options(), Lz4Options{.level = 9, .checksum = false}, Lz4Options{.level = 1, .block_size = {65'536}}}) {
    MadeStream made = make_stream(Lz4Codec(options), test::usual_contents());
    expect_read(made);
    std::erase_if(made.frames, [](const StreamFrame& frame) { return frame.size == 0; });
    EXPECT_EQ(frames(made.file), made.frames);
  }
}

TEST_F(Lz4Stream, Lz4ReadsIt) {
  for (const Lz4Options& options : {Lz4Options(), Lz4Options{.level = 12, .block_size = {65'536}}}) {
    const MadeStream made = make_stream(Lz4Codec(options), test::usual_contents());
    EXPECT_EQ(test::read_by_tool(made.file, ".lz4", "lz4 -qdc"), made.content);
  }
}

TEST_F(Lz4Stream, ReadsWhatLz4Makes) {
  const ByteVector content = text_bytes(900'000, 7);
  for (const char* const command :
       {"lz4 -qc", "lz4 -qc -9 -BD", "lz4 -qc -B4 -BX --no-frame-crc", "lz4 -qc --fast=5"}) {
    const ByteVector file = test::made_by_tool(content, command);
    EXPECT_TRUE(probe(file));
    EXPECT_EQ(as_a_whole(file), content) << command;
    EXPECT_EQ(frames(file), std::nullopt) << "it doesn't tell the size of what comes from a pipe";
  }
}

TEST_F(Lz4Stream, WhatIsCutOffIsFound) {
  const Lz4Codec codec({});
  expect_cuts_are_found(codec, 0);
  const ByteVector file = make_stream(codec, {text_bytes(1000, 1), text_bytes(2000, 2)}).file;
  for (std::size_t size = file.size() - 1; size > file.size() - 200; --size) {
    EXPECT_THROW(frames({file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)}), Error) << size;
  }
}

TEST_F(Lz4Stream, WhatFollowsTheFramesIsFound) {
  ByteVector file = make_stream(Lz4Codec({}), {text_bytes(1000, 1)}).file;
  test::append(file, text_bytes(100, 2));
  EXPECT_EQ(whole_error(file), ErrorCode::Corrupt);
  EXPECT_THROW(frames(file), Error);
}

TEST_F(Lz4Stream, AWrongChecksumIsFound) {
  const MadeStream made = make_stream(Lz4Codec({}), {test::random_bytes(1000, 1)});
  ByteVector file = made.file;
  file[500] ^= std::byte{1};
  EXPECT_EQ(whole_error(file), ErrorCode::Corrupt);
  EXPECT_THROW(by_frames(file, made.frames), Error);
}

TEST_F(Lz4Stream, DamageDoesNoHarm) {
  expect_damage_does_no_harm(make_stream(Lz4Codec({}), {text_bytes(20'000, 1), ByteVector(5000)}));
  expect_damage_does_no_harm(make_stream(Lz4Codec({.checksum = false}), {text_bytes(20'000, 1)}));
}

TEST_F(Lz4Stream, OtherFilesAreNone) {
  EXPECT_FALSE(probe({}));
  EXPECT_FALSE(probe(ByteVector(100)));
  ByteVector legacy(8);
  legacy[0] = std::byte{0x02};
  legacy[1] = std::byte{0x21};
  legacy[2] = std::byte{0x4c};
  legacy[3] = std::byte{0x18};
  EXPECT_FALSE(probe(legacy));
}

}  // namespace
}  // namespace fstool::lz4
