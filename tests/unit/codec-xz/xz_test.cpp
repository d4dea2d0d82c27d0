#include "xz_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "stream_fixture.h"
#include "xz_stream.h"

namespace fstool::xz {
namespace {

using test::ByteVector;
using test::compressed;
using test::MadeStream;
using test::make_stream;
using test::text_bytes;
using testing::HasSubstr;

class EveryLevel : public testing::TestWithParam<XzOptions> {};

INSTANTIATE_TEST_SUITE_P(Xz, EveryLevel,
                         testing::Values(XzOptions{.level = 0}, XzOptions{.level = 3, .check = Check::None},
                                         XzOptions{.level = 6, .check = Check::Sha256},
                                         XzOptions{.level = 1, .extreme = true, .check = Check::Crc32}));

TEST_P(EveryLevel, GivesBackWhatWasCompressed) { test::expect_gives_back_what_was_compressed(XzCodec(GetParam())); }

TEST(XzCodec, HigherLevelsAreNoLarger) {
  const ByteVector in = text_bytes(600'000, 1);
  std::size_t before = in.size();
  for (const int level : {0, 3, 6, 9}) {
    const XzCodec codec({.level = level});
    const std::size_t size = compressed(*codec.compressor(), in, in.size()).value().size();
    EXPECT_LE(size, before) << level;
    before = size;
  }
}

TEST(XzCodec, FramesHaveRoomForTheDictionary) {
  EXPECT_EQ(XzCodec({.level = 0}).frame_bytes(), 4U << 20U);
  EXPECT_EQ(XzCodec({.level = 6}).frame_bytes(), 8U << 20U);
  EXPECT_EQ(XzCodec({.level = 9}).frame_bytes(), 64U << 20U);
}

TEST(XzDecompressor, FindsDamageAndTouchesNothingBeyondTheBuffers) { test::expect_finds_damage(XzCodec({.level = 1})); }

TEST(XzOptionsTest, RefusesValuesOutOfRange) {
  for (const char* text : {"level=-1", "level=10", "check=md5", "extreme=maybe"}) {
    EXPECT_THROW(xz_options().parse(parse_option_text(text)), Error) << text;
  }
  EXPECT_EQ(xz_options().parse(parse_option_text("level=9,check=sha256,extreme=true")).check, Check::Sha256);
}

class XzStream : public test::StreamReadingFixture {
 protected:
  XzStream() : StreamReadingFixture(std::make_unique<XzStreamFormat>()) {}
};

TEST_F(XzStream, IsReadInAllWays) {
  for (const Check check : {Check::None, Check::Crc32, Check::Crc64, Check::Sha256}) {
    expect_read(make_stream(XzCodec({.level = 0, .check = check}), test::usual_contents()));
  }
}

TEST_F(XzStream, XzReadsIt) {
  const MadeStream made = make_stream(XzCodec({.level = 1}), test::usual_contents());
  EXPECT_EQ(test::read_by_tool(made.file, ".xz", "xz -dc"), made.content);
}

TEST_F(XzStream, ReadsWhatXzMakesBlockByBlock) {
  const ByteVector content = text_bytes(1'000'000, 7);
  for (const auto& [command, blocks] : {std::pair<const char*, std::size_t>{"xz -1c", 1},
                                        {"xz -0c --block-size=300000", 4},
                                        {"xz -0c -T2 --block-size=300000 --check=sha256", 4},
                                        {"xz -0c --x86 --lzma2=preset=0 --check=none", 1}}) {
    const ByteVector file = test::made_by_tool(content, command);
    expect_read({file, content, {}});
    EXPECT_EQ(frames(file)->size(), blocks) << command;
  }
}

TEST_F(XzStream, StreamsMayHavePaddingBetweenThem) {
  const MadeStream first = make_stream(XzCodec({.level = 0}), {text_bytes(1000, 1)});
  const MadeStream second = make_stream(XzCodec({.level = 0, .check = Check::Crc32}), {text_bytes(2000, 2)});
  MadeStream both = first;
  both.file.resize(both.file.size() + 8);
  test::append(both.file, second.file);
  test::append(both.content, second.content);
  both.file.resize(both.file.size() + 4);
  expect_read(both);
  both.file.resize(both.file.size() + 1);
  EXPECT_EQ(whole_error(both.file), ErrorCode::Corrupt) << "no multiple of 4";
}

TEST_F(XzStream, AnIndexThatIsDamagedIsTold) {
  const MadeStream made = make_stream(XzCodec({.level = 0}), {text_bytes(1000, 1)});
  ByteVector file = made.file;
  file[file.size() - 20] ^= std::byte{1};
  EXPECT_EQ(frames(file), std::nullopt);
  ASSERT_EQ(damage_.size(), 1U);
  EXPECT_THAT(damage_[0], HasSubstr("the index of the xz file is damaged or cut off"));
}

TEST_F(XzStream, WhatIsCutOffIsFound) { expect_cuts_are_found(XzCodec({.level = 0}), 0); }

TEST_F(XzStream, WhatFollowsTheStreamsIsFound) {
  ByteVector file = make_stream(XzCodec({.level = 0}), {text_bytes(1000, 1)}).file;
  test::append(file, text_bytes(100, 2));
  EXPECT_EQ(whole_error(file), ErrorCode::Corrupt);
}

TEST_F(XzStream, AWrongCheckIsFound) {
  const MadeStream made = make_stream(XzCodec({.level = 0}), {test::random_bytes(1000, 1)});
  ByteVector file = made.file;
  file[500] ^= std::byte{1};
  EXPECT_EQ(whole_error(file), ErrorCode::Corrupt);
  EXPECT_THROW(by_frames(file, frames(file).value()), Error);
}

TEST_F(XzStream, DamageDoesNoHarm) {
  expect_damage_does_no_harm(make_stream(XzCodec({.level = 0}), {text_bytes(20'000, 1), ByteVector(5000)}));
}

TEST_F(XzStream, OtherFilesAreNone) {
  EXPECT_FALSE(probe({}));
  EXPECT_FALSE(probe(ByteVector(100)));
}

}  // namespace
}  // namespace fstool::xz
