#include "zstd_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "seek_table.h"
#include "stream_fixture.h"
#include "zstd_codec.h"

namespace fstool::zstd {
namespace {

using test::ByteVector;
using test::MadeStream;
using test::make_stream;
using test::text_bytes;
using testing::HasSubstr;

constexpr std::size_t kFooterBytes = 9;
constexpr std::size_t kEntryBytes = 8;
constexpr std::size_t kSkippableHeaderBytes = 8;

ByteVector bytes_of(std::initializer_list<unsigned char> values) {
  ByteVector bytes;
  for (const unsigned char value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}

class ZstdStream : public test::StreamReadingFixture {
 protected:
  ZstdStream() : StreamReadingFixture(std::make_unique<ZstdStreamFormat>()) {}

  static std::size_t trailer_bytes(std::size_t frames) {
    return kSkippableHeaderBytes + kEntryBytes * frames + kFooterBytes;
  }
  static ByteVector without_table(const MadeStream& made) {
    return {made.file.begin(), made.file.end() - static_cast<std::ptrdiff_t>(trailer_bytes(made.frames.size()))};
  }
  static std::vector<StreamFrame> with_content(std::vector<StreamFrame> frames) {
    std::erase_if(frames, [](const StreamFrame& frame) { return frame.size == 0; });
    return frames;
  }
};

TEST_F(ZstdStream, IsReadInAllWays) {
  for (const ZstdOptions& options :
       {ZstdOptions(), ZstdOptions{.level = 19}, ZstdOptions{.level = -7, .checksum = false},
        ZstdOptions{.level = 1, .window_log = 20}}) {
    expect_read(make_stream(ZstdCodec(options), test::usual_contents()));
  }
}

TEST_F(ZstdStream, TheFramesAreThoseOfTheSeekTable) {
  const MadeStream made = make_stream(ZstdCodec({}), test::usual_contents());
  EXPECT_EQ(frames(made.file), with_content(made.frames));
}

TEST_F(ZstdStream, WithoutASeekTableTheFramesAreFoundByTheirBlocks) {
  const MadeStream made = make_stream(ZstdCodec({}), test::usual_contents());
  EXPECT_EQ(frames(without_table(made)), with_content(made.frames));
  EXPECT_EQ(by_frames(made.file, frames(without_table(made)).value()), made.content);
}

TEST_F(ZstdStream, ZstdReadsIt) {
  const MadeStream made = make_stream(ZstdCodec({.level = 3, .window_log = 27}), test::usual_contents());
  EXPECT_EQ(test::read_by_tool(made.file, ".zst", "zstd -qdc"), made.content);
}

TEST_F(ZstdStream, ReadsWhatZstdMakes) {
  const ByteVector content = text_bytes(900'000, 7);
  for (const char* const command : {"zstd -qc", "zstd -qc -19 --long=27", "zstd -qc --no-check", "zstd -qc --fast=3"}) {
    const ByteVector file = test::made_by_tool(content, command);
    EXPECT_TRUE(probe(file));
    EXPECT_EQ(as_a_whole(file), content) << command;
    EXPECT_EQ(frames(file), std::nullopt) << "what comes from a pipe has frames without sizes";
  }
  const ByteVector sized = test::made_by_tool(content, "zstd -qc --stream-size=900000");
  const auto found = frames(sized);
  ASSERT_TRUE(found);
  EXPECT_EQ(by_frames(sized, *found), content);
}

TEST_F(ZstdStream, SkippableFramesAreSkipped) {
  const ByteVector skippable = bytes_of({0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'});
  const MadeStream made = make_stream(ZstdCodec({}), {text_bytes(1000, 1), text_bytes(1000, 2)});
  ByteVector file = skippable;
  test::append(file, std::span(made.file).first(made.frames[1].offset));
  test::append(file, skippable);
  test::append(file, std::span(made.file).subspan(made.frames[1].offset, made.frames[1].stored));
  expect_read({file, made.content, {}});
}

TEST_F(ZstdStream, TheSeekTableIsTheOneOfTheSeekableFormat) {
  const std::vector<StreamFrame> frames = {{.offset = 0, .stored = 0x102, .size = 0x304},
                                           {.offset = 0x102, .stored = 5, .size = 6}};
  EXPECT_EQ(make_seek_table(frames),
            bytes_of({0x5e, 0x2a, 0x4d, 0x18, 25, 0, 0, 0, 2, 1, 0, 0, 4,    3,    0,    0,   5,
                      0,    0,    0,    6,    0,  0, 0, 2, 0, 0, 0, 0, 0xb1, 0xea, 0x92, 0x8f}));
  EXPECT_TRUE(make_seek_table(std::vector<StreamFrame>{{.stored = 1, .size = std::uint64_t{1} << 32U}}).empty());
}

TEST_F(ZstdStream, ASeekTableWithChecksumsIsRead) {
  const MadeStream made = make_stream(ZstdCodec({}), {text_bytes(1000, 1), text_bytes(2000, 2)});
  ByteVector file = without_table(made);
  const auto number = [&](std::uint64_t value) {
    for (int i = 0; i < 4; ++i) file.push_back(static_cast<std::byte>(value >> (8 * i) & 0xffU));
  };
  test::append(file, bytes_of({0x5e, 0x2a, 0x4d, 0x18, 33, 0, 0, 0}));
  for (const StreamFrame& frame : made.frames) {
    number(frame.stored);
    number(frame.size);
    number(0x12345678);
  }
  test::append(file, bytes_of({2, 0, 0, 0, 0x80, 0xb1, 0xea, 0x92, 0x8f}));
  EXPECT_EQ(frames(file), made.frames);
  EXPECT_TRUE(damage_.empty());
}

TEST_F(ZstdStream, ASeekTableThatLiesIsToldAndTheFramesAreWalked) {
  const MadeStream made = make_stream(ZstdCodec({}), {text_bytes(1000, 1), text_bytes(2000, 2), text_bytes(3000, 3)});
  const std::size_t table = made.file.size() - trailer_bytes(3);
  struct Lie {
    const char* what;
    std::size_t at;
  };
  for (const Lie& lie :
       {Lie{"the compressed size of a frame", table + 8}, Lie{"the size of a frame", table + 12},
        Lie{"the compressed size of the last frame", table + 24}, Lie{"the size of the table", table + 4},
        Lie{"the magic of the table", table}, Lie{"the number of frames", made.file.size() - 9},
        Lie{"reserved bits", made.file.size() - 5}}) {
    damage_.clear();
    ByteVector file = made.file;
    file[lie.at] ^= std::byte{4};
    // A table that is no frame to be skipped any more is something that follows the frames.
    if (lie.at == table || lie.at == table + 4) {
      if (lie.at == table) file[lie.at] ^= std::byte{4 ^ 1};
      try {
        frames(file);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::Corrupt);
      }
      EXPECT_EQ(damage_.size(), 1U) << lie.what;
      continue;
    }
    EXPECT_EQ(frames(file), made.frames) << lie.what;
    ASSERT_EQ(damage_.size(), 1U) << lie.what;
    EXPECT_THAT(damage_[0], HasSubstr("the seek table of the zstd stream is wrong: "));
  }
}

TEST_F(ZstdStream, ASeekTableOfMoreFramesThanTheFileHasBytesTakesNoMemory) {
  ByteVector file = without_table(make_stream(ZstdCodec({}), {text_bytes(1000, 1)}));
  test::append(file, bytes_of({0xff, 0xff, 0x0f, 0, 0, 0xb1, 0xea, 0x92, 0x8f}));
  EXPECT_THROW(frames(file), Error) << "and it is no frame";
  ASSERT_EQ(damage_.size(), 1U);
  EXPECT_THAT(damage_[0], HasSubstr("its 1048575 frames are more than the file has room for"));
}

TEST_F(ZstdStream, WhatIsCutOffIsFound) {
  const ZstdCodec codec({});
  expect_cuts_are_found(codec, trailer_bytes(1));
  const ByteVector file = without_table(make_stream(codec, {text_bytes(1000, 1), text_bytes(2000, 2)}));
  for (std::size_t size = file.size() - 1; size > file.size() - 200; --size) {
    EXPECT_THROW(frames({file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size)}), Error) << size;
  }
}

TEST_F(ZstdStream, WhatFollowsTheFramesIsFound) {
  ByteVector file = make_stream(ZstdCodec({}), {text_bytes(1000, 1)}).file;
  test::append(file, text_bytes(100, 2));
  EXPECT_EQ(whole_error(file), ErrorCode::Corrupt);
  EXPECT_THROW(frames(file), Error);
}

TEST_F(ZstdStream, DamageDoesNoHarm) {
  expect_damage_does_no_harm(make_stream(ZstdCodec({.level = 3}), {text_bytes(20'000, 1), ByteVector(5000)}));
  expect_damage_does_no_harm(make_stream(ZstdCodec({.level = 3, .checksum = false}), {text_bytes(20'000, 1)}));
}

TEST_F(ZstdStream, AStreamHasChecksumsAndABlockHasNone) {
  const ByteVector content = test::random_bytes(4096, 9);
  for (const auto& [option, block, frame] : {std::tuple<const char*, bool, bool>{"level=3", false, true},
                                             {"checksum=true", true, true},
                                             {"checksum=false", false, false}}) {
    const ZstdCodec codec(zstd_options().parse(parse_option_text(option)));
    constexpr std::size_t kDescriptor = 4;
    constexpr std::byte kHasChecksum{4};
    const auto has_checksum = [&](Compressor& compressor) {
      return (test::compressed(compressor, content, 8192).value()[kDescriptor] & kHasChecksum) != std::byte{0};
    };
    EXPECT_EQ(has_checksum(*codec.compressor()), block) << option;
    EXPECT_EQ(has_checksum(*codec.frame_compressor()), frame) << option;
  }
}

TEST_F(ZstdStream, ALongWindowFindsWhatIsFarAway) {
  const ByteVector once = test::random_bytes(6 << 20, 1);
  ByteVector twice = once;
  test::append(twice, once);
  const ZstdCodec codec({.level = 1, .window_log = 24});
  EXPECT_EQ(codec.frame_bytes(), 16U << 20U);
  EXPECT_LT(make_stream(codec, {twice}).file.size(), once.size() + once.size() / 10);
  EXPECT_EQ(ZstdCodec({}).frame_bytes(), kUsualFrameBytes);
}

TEST_F(ZstdStream, AWindowThatIsTooLargeIsRefused) {
  // No content size, a window of 2^41 bytes (descriptor 0xf8), one raw block of 3 bytes.
  const ByteVector file = bytes_of({0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xf8, 0x19, 0x00, 0x00, 'a', 'b', 'c'});
  EXPECT_EQ(whole_error(file), ErrorCode::Unsupported);
}

TEST_F(ZstdStream, OtherFilesAreNone) {
  EXPECT_FALSE(probe({}));
  EXPECT_FALSE(probe(bytes_of({0x28, 0xb5, 0x2f})));
  EXPECT_FALSE(probe(ByteVector(100)));
  EXPECT_FALSE(probe(bytes_of({0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0}))) << "nothing follows what is skipped";
}

}  // namespace
}  // namespace fstool::zstd
