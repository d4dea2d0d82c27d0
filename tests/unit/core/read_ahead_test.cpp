#include "fstool/read_ahead.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "fstool/error.h"

namespace fstool {
namespace {

TEST(ReadAhead, GivesEverythingInOrder) {
  std::uint8_t count = 0;
  ReadAhead stream([&](std::span<std::byte> out) -> std::size_t {
    if (count == 100) return 0;
    out[0] = std::byte{count++};
    return 1;
  });
  for (std::uint8_t i = 0; i < 100; ++i) {
    const auto bytes = stream.next();
    ASSERT_EQ(bytes.size(), 1U);
    EXPECT_EQ(bytes[0], std::byte{i});
  }
  EXPECT_TRUE(stream.next().empty());
  EXPECT_TRUE(stream.next().empty());
}

TEST(ReadAhead, ThrowsBehindWhatWasMade) {
  int calls = 0;
  ReadAhead stream([&](std::span<std::byte> /*out*/) -> std::size_t {
    if (++calls == 3) throw Error(ErrorCode::Corrupt, "third");
    return 5;
  });
  EXPECT_EQ(stream.next().size(), 5U);
  EXPECT_EQ(stream.next().size(), 5U);
  EXPECT_THROW(stream.next(), Error);
}

TEST(ReadAhead, EndsWhenNobodyTakesAnything) {
  std::atomic<int> calls = 0;
  {
    ReadAhead stream([&](std::span<std::byte> /*out*/) -> std::size_t {
      ++calls;
      return 1;
    });
    stream.next();
  }
  EXPECT_LE(calls, 6);  // a few buffers
}

}  // namespace
}  // namespace fstool
