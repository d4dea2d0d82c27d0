#include "gzip_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gzip.h"
#include "stream_fixture.h"

namespace fstool::deflate {
namespace {

using test::ByteVector;
using test::MadeStream;
using test::make_stream;
using test::text_bytes;
using testing::ElementsAre;

constexpr std::size_t kMemberSizeAt = 16;  // bytes into a member

class GzipStream : public test::StreamReadingFixture {
 protected:
  GzipStream() : StreamReadingFixture(std::make_unique<GzipStreamFormat>()) {}
};

TEST_F(GzipStream, IsReadInAllWays) {
  for (const int level : {1, 6, 9}) expect_read(make_stream(GzipCodec({.level = level}), test::usual_contents()));
}

TEST_F(GzipStream, MembersSayHowLongTheyAre) {
  MadeStream made = make_stream(GzipCodec({}), test::usual_contents());
  std::erase_if(made.frames, [](const StreamFrame& frame) { return frame.size == 0; });
  EXPECT_EQ(frames(made.file), made.frames);
}

TEST_F(GzipStream, GzipReadsIt) {
  const MadeStream made = make_stream(GzipCodec({}), test::usual_contents());
  EXPECT_EQ(test::read_by_tool(made.file, ".gz", "gzip -dc"), made.content);
}

TEST_F(GzipStream, ReadsWhatGzipMakesAsAWhole) {
  const ByteVector content = text_bytes(900'000, 7);
  for (const char* const command : {"gzip -c", "gzip -9c", "gzip -1c"}) {
    const ByteVector file = test::made_by_tool(content, command);
    EXPECT_TRUE(probe(file));
    EXPECT_EQ(as_a_whole(file), content) << command;
    EXPECT_EQ(as_a_whole(file, 100, 1000), content) << command;
    EXPECT_EQ(frames(file), std::nullopt);
  }
}

/// A member with every field that a header may have, one after the other.
TEST_F(GzipStream, HeadersMayHaveNamesAndComments) {
  const MadeStream made = make_stream(GzipCodec({}), {text_bytes(1000, 1)});
  constexpr std::size_t kFixedBytes = 10;
  constexpr std::size_t kExtraBytes = 10;
  ByteVector file(made.file.begin(), made.file.begin() + kFixedBytes + kExtraBytes);
  file[3] = std::byte{0x1f};
  for (const char letter : std::string_view("a name\0and a comment\0##", 23))
    file.push_back(static_cast<std::byte>(letter));
  test::append(file, std::span(made.file).subspan(kFixedBytes + kExtraBytes));
  EXPECT_EQ(as_a_whole(file), made.content);
  EXPECT_EQ(as_a_whole(file, 1, 1), made.content);
}

TEST_F(GzipStream, MembersOfBgzfAreFound) {
  // The size of a member less one, in 16 bits, in place of our field.
  const auto bgzf = [](const ByteVector& content) {
    const ByteVector ours = make_stream(GzipCodec({}), {content}).file;
    ByteVector member(ours.begin(), ours.begin() + 10);
    const std::size_t size = ours.size() - 2;
    for (const std::size_t value : {std::size_t{6}, std::size_t{0}, std::size_t{'B'}, std::size_t{'C'}, std::size_t{2},
                                    std::size_t{0}, (size - 1) & 0xffU, (size - 1) >> 8U}) {
      member.push_back(static_cast<std::byte>(value));
    }
    test::append(member, std::span(ours).subspan(20));
    return member;
  };
  MadeStream made;
  for (const auto& content : {text_bytes(60'000, 1), test::random_bytes(60'000, 2), ByteVector()}) {
    test::append(made.file, bgzf(content));
    test::append(made.content, content);
  }
  expect_read(made);
  EXPECT_EQ(frames(made.file)->size(), 2U);
}

TEST_F(GzipStream, ZerosBehindTheLastMemberAreIgnored) {
  MadeStream made = make_stream(GzipCodec({}), {text_bytes(1000, 1), text_bytes(2000, 2)});
  made.file.resize(made.file.size() + 10'000);
  expect_read(made);
  made.file.back() = std::byte{1};
  EXPECT_EQ(whole_error(made.file), ErrorCode::Corrupt);
}

TEST_F(GzipStream, ASizeThatLiesIsToldAndTheMembersAreDecompressed) {
  const MadeStream made = make_stream(GzipCodec({}), {text_bytes(1000, 1), text_bytes(2000, 2)});
  ByteVector file = made.file;
  file[kMemberSizeAt] ^= std::byte{1};
  EXPECT_EQ(frames(file), std::nullopt);
  EXPECT_EQ(as_a_whole(file), made.content);
  const std::string end = std::to_string(made.frames[1].offset ^ 1U);
  EXPECT_THAT(damage_,
              ElementsAre("no gzip member begins at byte " + end + ", where the one before says that it ends"));

  damage_.clear();
  file = made.file;
  file[kMemberSizeAt + 3] = std::byte{0x7f};
  EXPECT_EQ(frames(file), std::nullopt);
  EXPECT_EQ(damage_.size(), 1U);
}

TEST_F(GzipStream, WhatIsCutOffIsFound) {
  expect_cuts_are_found(GzipCodec({}), 0);
  ByteVector file = make_stream(GzipCodec({}), {text_bytes(1000, 1)}).file;
  file.pop_back();
  EXPECT_EQ(frames(file), std::nullopt);
  EXPECT_EQ(damage_.size(), 1U);
}

TEST_F(GzipStream, WhatFollowsTheMembersIsFound) {
  ByteVector file = make_stream(GzipCodec({}), {text_bytes(1000, 1)}).file;
  test::append(file, text_bytes(100, 2));
  EXPECT_EQ(whole_error(file), ErrorCode::Corrupt);
  EXPECT_EQ(frames(file), std::nullopt);
  EXPECT_EQ(damage_.size(), 1U);
}

TEST_F(GzipStream, AWrongChecksumOrSizeIsFound) {
  const MadeStream made = make_stream(GzipCodec({}), {text_bytes(1000, 1)});
  for (const std::size_t from_end : {8U, 5U, 4U, 1U}) {
    ByteVector file = made.file;
    file[file.size() - from_end] ^= std::byte{0x10};
    EXPECT_EQ(whole_error(file), ErrorCode::Corrupt) << from_end;
    EXPECT_THROW(by_frames(file, made.frames), Error) << from_end;
  }
}

TEST_F(GzipStream, DamageDoesNoHarm) {
  expect_damage_does_no_harm(make_stream(GzipCodec({.level = 2}), {text_bytes(20'000, 1), ByteVector(5000)}));
  expect_damage_does_no_harm(make_stream(GzipCodec({.level = 9}), {test::random_bytes(3000, 1)}));
}

TEST_F(GzipStream, OtherFilesAreNone) {
  EXPECT_FALSE(probe({}));
  EXPECT_FALSE(probe(ByteVector(100)));
  ByteVector file = make_stream(GzipCodec({}), {text_bytes(10, 1)}).file;
  file[3] |= std::byte{0x20};
  EXPECT_FALSE(probe(file)) << "reserved flags";
}

}  // namespace
}  // namespace fstool::deflate
