#include "frame_blob.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "fake_stream.h"
#include "fstool/error.h"
#include "test_blobs.h"

namespace fstool {
namespace {

using test::fake_frame;
using test::kFakeFrameBytes;

class FrameBlobTest : public testing::Test {
 protected:
  /// One frame after the other: a letter and a size for each.
  std::unique_ptr<FrameBlob> blob(const std::vector<std::pair<char, std::uint64_t>>& wanted) {
    std::string file;
    std::vector<StreamFrame> frames;
    for (const auto& [letter, size] : wanted) {
      frames.push_back({.offset = file.size(), .stored = kFakeFrameBytes, .size = size});
      file += fake_frame(letter, size);
    }
    return std::make_unique<FrameBlob>(test::text_blob(file), test::make_fake_stream_format(log_), frames);
  }

  test::FakeStreamLog log_;
};

TEST_F(FrameBlobTest, IsTheContentOfItsFramesOneAfterTheOther) {
  const auto frames = blob({{'a', 3}, {'b', 1}, {'-', 0}, {'c', 2}});
  EXPECT_EQ(frames->size(), 6U);
  EXPECT_EQ(frames->frame_count(), 3U) << "one has no content";
  EXPECT_EQ(test::text_of(*frames), "aaabcc");
  for (std::uint64_t begin = 0; begin <= 6; ++begin) {
    for (std::uint64_t end = begin; end <= 6; ++end) {
      EXPECT_EQ(test::text_at(*frames, begin, end - begin), std::string("aaabcc").substr(begin, end - begin));
    }
  }
  EXPECT_THROW(test::text_at(*frames, 5, 2), Error);
}

TEST_F(FrameBlobTest, AStreamOfNothingIsEmpty) {
  const auto frames = blob({});
  EXPECT_EQ(frames->size(), 0U);
  EXPECT_EQ(test::text_of(*frames), "");
}

TEST_F(FrameBlobTest, DecompressesWhatIsReadAndThatOnce) {
  const auto frames = blob({{'a', 1000}, {'b', 1000}, {'c', 1000}});
  EXPECT_EQ(test::text_at(*frames, 1001, 3), "bbb");
  EXPECT_EQ(log_.frames_decoded, 1U);
  EXPECT_EQ(test::text_at(*frames, 1500, 500), std::string(500, 'b'));
  EXPECT_EQ(log_.frames_decoded, 1U);
  EXPECT_EQ(test::text_at(*frames, 1999, 2), "bc");
  EXPECT_EQ(log_.frames_decoded, 2U);
}

TEST_F(FrameBlobTest, KeepsABoundedNumberOfFrames) {
  constexpr std::uint64_t kFrame = 20'000'000;
  const auto frames = blob({{'a', kFrame}, {'b', kFrame}, {'c', kFrame}, {'d', kFrame}});
  const auto touch = [&](std::initializer_list<std::uint64_t> numbers) {
    std::string text;
    for (const std::uint64_t frame : numbers) text += test::text_at(*frames, frame * kFrame + 1, 1);
    return text;
  };
  EXPECT_EQ(touch({0, 1, 2, 3, 3, 2}), "abcddc");
  EXPECT_EQ(log_.frames_decoded, 4U);
  EXPECT_EQ(touch({0}), "a");
  EXPECT_EQ(log_.frames_decoded, 5U) << "64 MB hold three of them";
}

TEST_F(FrameBlobTest, FramesOfZerosAreHolesAndOneOfThemIsDecompressed) {
  std::vector<std::pair<char, std::uint64_t>> wanted = {{'a', 5000}};
  for (int i = 0; i < 100; ++i) wanted.emplace_back('.', 5000);
  wanted.emplace_back('b', 5000);
  wanted.emplace_back('.', 10);
  const auto frames = blob(wanted);
  std::uint64_t holes = 0;
  for (std::uint64_t at = 0; at < frames->size();) {
    const auto run = frames->run_at(at);
    EXPECT_EQ(run.hole, at >= 5000 && at < 505'000) << at;
    holes += run.hole ? run.length : 0;
    at += run.length;
  }
  EXPECT_EQ(holes, 500'000U) << "of the last frame it wouldn't be worth the while";
  EXPECT_EQ(log_.frames_decoded, 3U) << "the two of letters, whose stored bytes are as few, and one of zeros";
  EXPECT_EQ(test::text_at(*frames, 10'000, 3), "...");
  EXPECT_EQ(log_.frames_decoded, 3U);
}

TEST_F(FrameBlobTest, ADamagedFrameIsNamedAndTheOthersAreRead) {
  const auto frames = blob({{'a', 4}, {'!', 4}, {'?', 4}, {'d', 4}});
  EXPECT_EQ(test::text_at(*frames, 0, 4), "aaaa");
  EXPECT_EQ(test::text_at(*frames, 13, 2), "dd");
  const auto failure = [&](std::uint64_t offset) -> std::string {
    try {
      test::text_at(*frames, offset, 2);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::Corrupt);
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(failure(5), "frame 2 of 4, at byte 10: it is damaged");
  EXPECT_EQ(failure(5), "frame 2 of 4, at byte 10: it is damaged") << "every time";
  EXPECT_EQ(failure(9), "frame 3 of 4, at byte 20: it holds 3 bytes in place of 4");
  EXPECT_FALSE(frames->run_at(5).hole) << "damage is told when it is read";
  EXPECT_THROW(frames->verify(1), Error);
  EXPECT_NO_THROW(frames->verify(3));
}

TEST_F(FrameBlobTest, AnyNumberOfThreadsReadsTheSameBytes) {
  std::vector<std::pair<char, std::uint64_t>> wanted;
  std::string expected;
  for (int i = 0; i < 26; ++i) {
    wanted.emplace_back(static_cast<char>('a' + i), 1000 + 100 * i);
    expected.append(1000 + 100 * static_cast<std::size_t>(i), static_cast<char>('a' + i));
  }
  const auto frames = blob(wanted);
  std::vector<std::thread> threads;
  std::atomic<unsigned> different = 0;
  for (unsigned seed = 0; seed < 4; ++seed) {
    threads.emplace_back([&, seed] {
      std::mt19937 random(seed);
      for (int i = 0; i < 500; ++i) {
        const std::size_t begin = random() % expected.size();
        const std::size_t length = random() % std::min<std::size_t>(5000, expected.size() - begin);
        if (test::text_at(*frames, begin, length) != expected.substr(begin, length)) ++different;
        frames->run_at(begin);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(different, 0U);
}

}  // namespace
}  // namespace fstool
