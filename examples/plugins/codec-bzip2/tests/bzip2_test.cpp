#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <random>
#include <span>
#include <vector>

#include "bzip2_codec.h"
#include "bzip2_stream.h"
#include "fstool/blob.h"
#include "fstool/error.h"

namespace bzip2_codec {
namespace {

using Bytes = std::vector<std::byte>;

Bytes sample(std::size_t size) {
  std::mt19937 random(1);
  Bytes bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() % 7);
  return bytes;
}

Bytes compressed(const Bytes& content, int level = 9) {
  const Bzip2Codec codec({.level = level});
  Bytes out(*codec.frame_bound(content.size()));
  out.resize(*codec.compressor()->compress(content, out));
  return out;
}

Bytes decompressed(std::span<const std::byte> stored, std::size_t room) {
  Bytes out(room);
  out.resize(Bzip2Codec({}).decompressor()->decompress(stored, out));
  return out;
}

fstool::ErrorCode error_of(std::span<const std::byte> stored, std::size_t room) {
  try {
    decompressed(stored, room);
  } catch (const fstool::Error& error) {
    return error.code();
  }
  ADD_FAILURE() << "it was decompressed";
  return fstool::ErrorCode::Internal;
}

TEST(Bzip2, GivesBackWhatItTook) {
  for (const int level : {1, 9}) {
    for (const std::size_t size : {0, 1, 4096, 250'000}) {
      EXPECT_EQ(decompressed(compressed(sample(size), level), size), sample(size)) << size;
    }
  }
}

TEST(Bzip2, IgnoresWhatFollowsTheStream) {
  Bytes stored = compressed(sample(100));
  stored.resize(stored.size() + 50, std::byte{'B'});
  EXPECT_EQ(decompressed(stored, 100), sample(100));
}

TEST(Bzip2, SaysWhatDoesNotFit) {
  Bytes out(10);
  EXPECT_FALSE(Bzip2Codec({}).compressor()->compress(sample(1000), out));
  EXPECT_EQ(error_of(compressed(sample(1000)), 999), fstool::ErrorCode::Corrupt);
}

TEST(Bzip2, FramesHaveRoomInTheirBound) {
  std::mt19937 random(2);
  Bytes noise(1'000'000);
  for (std::byte& byte : noise) byte = static_cast<std::byte>(random());
  EXPECT_EQ(decompressed(compressed(noise), noise.size()), noise);
}

TEST(Bzip2, DamageIsAnError) {
  const Bytes stored = compressed(sample(1000));
  for (std::size_t size = 0; size < stored.size(); ++size) {
    EXPECT_EQ(error_of(std::span(stored).first(size), 1000), fstool::ErrorCode::Corrupt) << size;
  }
  for (std::size_t i = 0; i < stored.size(); ++i) {
    Bytes damaged = stored;
    damaged[i] ^= std::byte{0x40};
    EXPECT_EQ(error_of(damaged, 1000), fstool::ErrorCode::Corrupt) << i;
  }
}

TEST(Bzip2, StreamsAreToldByTheirMagic) {
  EXPECT_TRUE(Bzip2StreamFormat().probe(*fstool::make_memory_blob(compressed(sample(9)))));
  EXPECT_TRUE(Bzip2StreamFormat().probe(*fstool::make_memory_blob(compressed({}))));
  EXPECT_FALSE(Bzip2StreamFormat().probe(*fstool::make_memory_blob(Bytes(100))));
  EXPECT_FALSE(Bzip2StreamFormat().probe(*fstool::make_memory_blob({})));
}

TEST(Bzip2, StreamsFollowEachOther) {
  Bytes file = compressed(sample(5000));
  const Bytes second = compressed(sample(77));
  file.insert(file.end(), second.begin(), second.end());
  const auto decoder = Bzip2StreamFormat().stream_decoder();
  Bytes out;
  int frames = 0;
  EXPECT_TRUE(decoder->may_end());
  for (std::size_t at = 0; frames < 2;) {
    Bytes piece(1000);
    const auto step = decoder->decode(std::span(file).subspan(at, std::min<std::size_t>(13, file.size() - at)), piece);
    out.insert(out.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(step.produced));
    at += step.consumed;
    if (step.frame_ended) ++frames;
    EXPECT_EQ(decoder->may_end(), step.frame_ended);
  }
  Bytes expected = sample(5000);
  const Bytes rest = sample(77);
  expected.insert(expected.end(), rest.begin(), rest.end());
  EXPECT_EQ(out, expected);
}

}  // namespace
}  // namespace bzip2_codec
