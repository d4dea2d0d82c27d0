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

}  // namespace fstool::test
