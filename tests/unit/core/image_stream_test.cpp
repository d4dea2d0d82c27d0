#include "image_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "disk_image.h"
#include "disk_map.h"
#include "fake_formats.h"
#include "fake_stream.h"
#include "fstool/error.h"
#include "image_check.h"
#include "image_inspection.h"
#include "map_words.h"
#include "run_tool.h"
#include "test_blobs.h"

namespace fstool {
namespace {

using test::fake_frame;
using testing::ElementsAre;
using testing::HasSubstr;

class ImageStreamTest : public testing::Test {
 protected:
  ImageStreamTest() { test::add_fake_stream_codec(registry_, streams_); }

  std::optional<ImageStream> open(const std::string& file, const FormatOverrides& overrides = {}) {
    Context::Settings settings{.threads = 2};
    settings.damage_listener = [this](std::string_view message) { damage_.emplace_back(message); };
    context_ = std::make_unique<Context>(registry_, std::move(settings));
    return open_image_stream(test::text_blob(file), "file", overrides, *context_);
  }
  std::string failure(const std::string& file, const FormatOverrides& overrides = {}) {
    try {
      open(file, overrides);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  std::filesystem::path write(const std::string& bytes) {
    const std::filesystem::path path = directory_.path() / "image";
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    return path;
  }

  test::FakeStreamLog streams_;
  test::FakeLog log_;
  Registry registry_ = test::make_fake_registry(log_);
  std::unique_ptr<Context> context_;
  std::vector<std::string> damage_;
  test::TemporaryDirectory directory_;
};

TEST_F(ImageStreamTest, AFileThatNoCodecRecognizesIsNoStream) {
  EXPECT_FALSE(open("box:bytes"));
  EXPECT_FALSE(open(""));
}

TEST_F(ImageStreamTest, AStreamThatTellsItsFramesIsReadByFrames) {
  const auto stream = open("stream+" + fake_frame('a', 3) + fake_frame('b', 2));
  ASSERT_TRUE(stream);
  EXPECT_EQ(streams_.frames_decoded, 0U);
  EXPECT_EQ(test::text_of(*stream->bytes), "aaabb");
  EXPECT_TRUE(stream->facts.random_access);
  EXPECT_EQ(describe_stream(stream->facts), "compressed with text, 2 frames, 27 bytes → 5 bytes");
}

TEST_F(ImageStreamTest, AnyOtherIsDecompressedOnce) {
  const auto stream = open("stream-" + fake_frame('a', 3'000'000) + fake_frame('.', 2'000'000) + fake_frame('b', 1));
  ASSERT_TRUE(stream);
  EXPECT_FALSE(stream->facts.random_access);
  EXPECT_EQ(stream->facts.frames, 3U);
  EXPECT_EQ(stream->facts.size, 5'000'001U);
  EXPECT_EQ(test::text_at(*stream->bytes, 2'999'999, 2), "a.");
  EXPECT_EQ(test::text_at(*stream->bytes, 4'999'999, 2), ".b");
  EXPECT_TRUE(stream->bytes->run_at(4'000'000).hole);
  EXPECT_EQ(describe_stream(stream->facts), "compressed with text, 3 frames, 37 bytes → 4.8 MiB, read as a whole");
}

TEST_F(ImageStreamTest, DamageIsAnErrorThatNamesFrameAndPlace) {
  EXPECT_EQ(failure("stream-" + fake_frame('a', 3) + fake_frame('!', 3)),
            "as a text stream: frame 2, at byte 17: it is damaged");
  EXPECT_EQ(failure("stream-" + fake_frame('a', 3) + "b0000"),
            "as a text stream: frame 2, at byte 17: it is cut off by the end of the file");
}

TEST_F(ImageStreamTest, OverridesSayWhatItIs) {
  const std::string file = "stream+" + fake_frame('a', 3);
  EXPECT_TRUE(open(file, {.codec = "text", .container = "raw"}));
  EXPECT_TRUE(open(file, {.filesystem = "fake"}));
  EXPECT_FALSE(open(file, {.container = "raw"})) << "the file is the disk";
  EXPECT_EQ(failure(file, {.codec = "shout"}), "the codec shout has no streams that could be read");
  EXPECT_EQ(failure("text-a00000003;", {.codec = "text"}),
            "as a text stream: frame 1, at byte 0: it is cut off by the end of the file");
}

TEST_F(ImageStreamTest, CheckingTellsEveryDamagedFrameInOrder) {
  const auto stream = open("stream+" + fake_frame('!', 3) + fake_frame('a', 3) + fake_frame('?', 3));
  ASSERT_TRUE(stream);
  check_image_stream(*stream, *context_);
  EXPECT_THAT(damage_, ElementsAre("frame 1 of 3, at byte 7: it is damaged",
                                   "frame 3 of 3, at byte 27: it holds 2 bytes in place of 3"));
}

TEST_F(ImageStreamTest, IsALayerOfTheImage) {
  const std::filesystem::path path = write("stream+" + fake_frame('#', 1) + fake_frame('a', 3) + fake_frame(' ', 1));
  Context context(registry_, {.threads = 1});
  const DiskImage image = open_disk_image(path, {}, context);
  ASSERT_TRUE(image.stream);
  EXPECT_EQ(image.stream->codec, "text");
  EXPECT_EQ(test::text_of(*image.disk), "#aaa ");

  const InspectedImage inspected = inspect_image({path}, {}, context);
  EXPECT_EQ(inspected.file_size, 37U);
  EXPECT_EQ(inspected.disk_size, 5U);
  EXPECT_THAT(describe_image(inspected, [](std::string_view text) { return std::string(text); }),
              HasSubstr("\n  compressed with text, 3 frames, 37 bytes → 5 bytes\n"));
  EXPECT_EQ(map_title(map_disk(image, nullptr, 1, context)), "image: text stream, disk, 5 bytes");
}

TEST_F(ImageStreamTest, IsALayerThatIsChecked) {
  const auto check = [&](const std::string& file) { return check_image({write(file)}, {}, registry_, {.threads = 1}); };
  const CheckReport good = check("stream+" + fake_frame('#', 1) + fake_frame('a', 3) + fake_frame(' ', 1));
  ASSERT_EQ(good.layers.size(), 2U);
  EXPECT_EQ(good.layers[0].layer, ImageLayer::Stream);
  EXPECT_EQ(good.layers[0].format, "text");
  EXPECT_TRUE(good.clean());

  const CheckReport cut_off = check("stream-" + fake_frame('#', 1) + "a000");
  ASSERT_EQ(cut_off.layers.size(), 1U);
  EXPECT_EQ(cut_off.layers[0].damage, 1U);
  EXPECT_THAT(cut_off.layers[0].findings[0].message, HasSubstr("it is cut off by the end of the file"));

  const CheckReport damaged = check("stream+" + fake_frame('#', 1) + fake_frame('a', 3) + fake_frame('!', 1));
  EXPECT_EQ(damaged.layers[0].damage, 1U);
}

}  // namespace
}  // namespace fstool
