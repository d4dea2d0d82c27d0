#include "fstool/read_ahead.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "fstool/error.h"
#include "heard_context.h"

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

/// The letters of a text, three at a time. Each takes ten bytes of a file.
class Letters {
 public:
  explicit Letters(std::string text) : text_(std::move(text)) {}

  std::size_t read(std::span<std::byte> out) {
    const std::size_t count = std::min<std::size_t>(3, text_.size() - taken_);
    std::memcpy(out.data(), text_.data() + taken_, count);
    taken_ += count;
    return count;
  }
  std::uint64_t position() const { return 10 * taken_; }

 private:
  std::string text_;
  std::atomic<std::size_t> taken_ = 0;
};

TEST(ForEachPiece, TakesEverythingAndReportsProgress) {
  test::HeardContext heard;
  Letters letters("letters in pieces");
  std::string taken;
  for_each_piece(letters, heard.context(), [&](std::span<const std::byte> bytes) {
    taken.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  });
  EXPECT_EQ(taken, "letters in pieces");
  EXPECT_EQ(heard.progress().second, 10 * taken.size());
}

TEST(ForEachPiece, StopsWhereSomethingIsThrown) {
  test::HeardContext heard;
  Letters letters(std::string(100, 'x'));
  int pieces = 0;
  const auto [code, message] = test::thrown_by([&] {
    for_each_piece(letters, heard.context(), [&](std::span<const std::byte> /*bytes*/) {
      if (++pieces == 2) throw Error(ErrorCode::NoSpace, "full");
    });
  });
  EXPECT_EQ(code, ErrorCode::NoSpace);
  EXPECT_EQ(pieces, 2);
}

}  // namespace
}  // namespace fstool
