/// \file
/// What the tests of every codec need: blocks of each kind of data, and calls that return vectors.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/codec.h"
#include "fstool/error.h"
#include "guarded_bytes.h"

namespace fstool::test {

inline std::vector<std::byte> random_bytes(std::size_t size, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 0xffU);
  return bytes;
}

/// Words in random order: compresses to about a third.
inline std::vector<std::byte> text_bytes(std::size_t size, std::uint32_t seed) {
  static constexpr std::string_view kWords[] = {"cluster ", "image ",  "the ",   "of ",      "refcount ", "table\n",
                                                "and ",     "offset ", "bytes ", "sector\n", "disk ",     "block "};
  std::mt19937 random(seed);
  std::vector<std::byte> bytes;
  bytes.reserve(size + 16);
  while (bytes.size() < size) {
    const std::string_view word = kWords[random() % std::size(kWords)];
    for (const char letter : word) bytes.push_back(static_cast<std::byte>(letter));
    if (random() % 8 == 0) bytes.push_back(static_cast<std::byte>('0' + random() % 10));
  }
  bytes.resize(size);
  return bytes;
}

/// What `in` becomes, or nothing if it doesn't fit `room` bytes.
inline std::optional<std::vector<std::byte>> compressed(Compressor& compressor, std::span<const std::byte> in,
                                                        std::size_t room) {
  std::vector<std::byte> out(room);
  const std::optional<std::size_t> size = compressor.compress(in, out);
  if (!size) return std::nullopt;
  out.resize(*size);
  return out;
}

inline std::vector<std::byte> decompressed(Decompressor& decompressor, std::span<const std::byte> in,
                                           std::size_t room) {
  std::vector<std::byte> out(room);
  out.resize(decompressor.decompress(in, out));
  return out;
}

/// The code of the Error that decompressing throws, or nothing if it throws none.
inline std::optional<ErrorCode> decompress_error(Decompressor& decompressor, std::span<const std::byte> in,
                                                 std::size_t room) {
  try {
    decompressed(decompressor, in, room);
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

/// Fails unless `codec`, which has frames, gives back blocks of each kind and of many sizes; and makes the same frames
/// of them whatever it compressed before and however much room there is, as long as it is enough.
inline void expect_gives_back_what_was_compressed(const Codec& codec) {
  const auto compressor = codec.compressor();
  for (const std::size_t size : {0UL, 1UL, 512UL, 65'536UL, 500'000UL}) {
    for (const auto& in : {text_bytes(size, 1), random_bytes(size, 2), std::vector<std::byte>(size)}) {
      const auto out = compressed(*compressor, in, codec.frame_bound(size).value());
      ASSERT_TRUE(out) << size;
      EXPECT_EQ(decompressed(*codec.decompressor(), *out, size), in) << size;
      EXPECT_EQ(compressed(*compressor, in, out->size()), out) << size;
      EXPECT_FALSE(compressed(*compressor, in, out->size() - 1)) << size;
    }
  }
}

/// Fails unless `codec` gives back `in`, whose compressed form is `frame`, whatever follows that; or if it takes a part
/// of `frame` for the whole, or writes more than there is room for.
inline void expect_frame_ends_where_it_ends(const Codec& codec, std::span<const std::byte> in,
                                            const std::vector<std::byte>& frame) {
  const auto decompressor = codec.decompressor();
  for (const std::byte filler : {std::byte{0}, std::byte{0xff}}) {
    auto padded = frame;
    padded.resize(padded.size() + 4096, filler);
    EXPECT_TRUE(std::ranges::equal(decompressed(*decompressor, padded, in.size()), in));
  }
  for (std::size_t size = 0; size < frame.size(); ++size) {
    EXPECT_EQ(decompress_error(*decompressor, std::span(frame).first(size), in.size()), ErrorCode::Corrupt) << size;
  }
  for (const std::size_t room : {std::size_t{0}, std::size_t{1}, in.size() - 1}) {
    EXPECT_EQ(decompress_error(*decompressor, frame, room), ErrorCode::Corrupt) << room;
  }
}

/// Fails unless a damaged `frame`, of `in`, is an error or other bytes, and an intact one is none after that. Half of
/// the damage is in the first `headers` bytes.
inline void expect_damaged_frames_do_no_harm(const Codec& codec, const std::vector<std::byte>& in,
                                             const std::vector<std::byte>& frame, std::size_t headers) {
  const auto decompressor = codec.decompressor();
  std::mt19937 random(8);
  for (int round = 0; round < 20000; ++round) {
    auto damaged = frame;
    for (int flips = 0; flips < 3; ++flips) {
      damaged[random() % (round % 2 == 0 ? headers : damaged.size())] ^= static_cast<std::byte>(1U << random() % 8U);
    }
    const auto error = decompress_error(*decompressor, damaged, in.size());
    EXPECT_TRUE(!error || *error == ErrorCode::Corrupt);
  }
  EXPECT_EQ(decompressed(*decompressor, frame, in.size()), in);
}

/// Decompresses `in`, damaged in random ways and cut off anywhere, in buffers that nothing may reach beyond. The
/// results don't matter: a stream may be damaged without anybody noticing.
inline void decompress_damaged_between_guards(Decompressor& decompressor, std::span<const std::byte> in,
                                              std::size_t room) {
  std::mt19937 random(1);
  for (const Guard guard : {Guard::Front, Guard::Back}) {
    const GuardedBytes out(room, guard);
    for (int i = 0; i < 500; ++i) {
      const GuardedBytes stream(in.first(i % 4 == 0 ? random() % (in.size() + 1) : in.size()), guard);
      for (unsigned damage = random() % 4; damage > 0 && !stream.bytes().empty(); --damage) {
        // The codes of a block stand at its beginning.
        const std::size_t reach =
            random() % 2 == 0 ? std::min<std::size_t>(64, stream.bytes().size()) : stream.bytes().size();
        stream.bytes()[random() % reach] ^= static_cast<std::byte>(1U << random() % 8);
      }
      const std::size_t part = i % 3 == 0 ? random() % (room + 1) : room;
      const auto target = guard == Guard::Front ? out.bytes().first(part) : out.bytes().last(part);
      try {
        EXPECT_LE(decompressor.decompress(stream.bytes(), target), target.size());
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::Corrupt) << error.what();
      }
    }
  }
}

/// Fails unless `codec`, which has frames with checksums, finds those that are cut off, and reaches beyond no buffer
/// whatever the damage.
inline void expect_finds_damage(const Codec& codec) {
  for (const auto& in : {text_bytes(10'000, 1), random_bytes(3'000, 2), std::vector<std::byte>(65'536)}) {
    const auto out = compressed(*codec.compressor(), in, codec.frame_bound(in.size()).value()).value();
    decompress_damaged_between_guards(*codec.decompressor(), out, in.size());
    const auto decompressor = codec.decompressor();
    for (std::size_t size = 0; size < out.size(); size += 7) {
      EXPECT_EQ(decompress_error(*decompressor, std::span(out).first(size), in.size()), ErrorCode::Corrupt) << size;
    }
    EXPECT_EQ(decompress_error(*decompressor, out, in.size() - 1), ErrorCode::Corrupt);
  }
}

}  // namespace fstool::test
