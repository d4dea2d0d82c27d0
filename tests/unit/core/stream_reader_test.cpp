#include "fstool/stream_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fake_stream.h"
#include "fstool/error.h"
#include "heard_context.h"
#include "test_blobs.h"

namespace fstool {
namespace {

using test::fake_frame;

class StreamReaderTest : public testing::Test {
 protected:
  StreamReader reader_of(const std::string& file) {
    file_ = test::text_blob(file);
    return {*file_, test::make_fake_stream_format(log_)->stream_decoder()};
  }

  /// All that `reader` gives, read by as many bytes as `piece` says.
  static std::string read_in_pieces(StreamReader& reader, std::size_t piece) {
    std::string text;
    std::string part(piece, '?');
    while (const std::size_t count = reader.read(std::as_writable_bytes(std::span(part)))) {
      EXPECT_LE(count, piece);
      text += part.substr(0, count);
    }
    return text;
  }

  test::FakeStreamLog log_;
  BlobPtr file_;
};

TEST_F(StreamReaderTest, GivesTheContentOfAllFrames) {
  const std::string file = "stream-" + fake_frame('a', 3) + fake_frame('b', 0) + fake_frame('c', 4);
  for (const std::size_t piece : {1U, 3U, 5U, 100U}) {
    StreamReader reader = reader_of(file);
    EXPECT_EQ(reader.position(), 0U);
    EXPECT_EQ(read_in_pieces(reader, piece), "aaacccc") << piece;
    EXPECT_EQ(reader.frames(), 2U) << "frames without content are not counted";
    EXPECT_EQ(reader.position(), file.size());
    std::byte byte{};
    EXPECT_EQ(reader.read(std::span(&byte, 1)), 0U) << "the end stays the end";
  }
}

TEST_F(StreamReaderTest, FillsWhatItIsGivenAsLongAsThereIsMore) {
  StreamReader reader = reader_of("stream-" + fake_frame('a', 3) + fake_frame('b', 7));
  std::string part(8, '?');
  EXPECT_EQ(reader.read(std::as_writable_bytes(std::span(part))), 8U);
  EXPECT_EQ(part, "aaabbbbb");
  EXPECT_EQ(reader.read(std::as_writable_bytes(std::span(part))), 2U);
}

TEST_F(StreamReaderTest, ReadsEachByteOfTheFileOnceAndTellsOfIt) {
  std::string file = "stream-";
  std::string content;
  for (unsigned frame = 0; file.size() < 700'000; ++frame) {
    const char letter = static_cast<char>('a' + frame % 26);
    file += fake_frame(letter, frame % 9);
    content += std::string(frame % 9, letter);
  }
  std::string told;
  file_ = test::text_blob(file);
  StreamReader reader(*file_, test::make_fake_stream_format(log_)->stream_decoder(),
                      [&](std::span<const std::byte> bytes) {
                        told.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
                      });
  EXPECT_EQ(read_in_pieces(reader, 1000), content);
  EXPECT_EQ(told, file);
}

TEST_F(StreamReaderTest, NamesFrameAndPlaceOfWhatIsWrong) {
  const auto failure = [&](const std::string& file) {
    StreamReader reader = reader_of(file);
    return test::thrown_by([&] { read_in_pieces(reader, 2); });
  };
  const auto [damaged, damage] = failure("stream-" + fake_frame('a', 3) + fake_frame('!', 3));
  EXPECT_EQ(damaged, ErrorCode::Corrupt);
  EXPECT_EQ(damage, "frame 2, at byte 17: it is damaged");
  const auto [cut, reason] = failure("stream-" + fake_frame('a', 3) + "b0000");
  EXPECT_EQ(cut, ErrorCode::Corrupt);
  EXPECT_EQ(reason, "frame 2, at byte 17: it is cut off by the end of the file");
}

}  // namespace
}  // namespace fstool
