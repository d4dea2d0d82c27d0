/// \file
/// What the tests of every codec with streams need: streams of several frames, and all ways of reading them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec_fixture.h"
#include "fstool/blob.h"
#include "fstool/codec.h"
#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/registry.h"
#include "fstool/stream.h"
#include "guarded_bytes.h"
#include "run_tool.h"

namespace fstool::test {

using ByteVector = std::vector<std::byte>;

inline void append(ByteVector& to, std::span<const std::byte> bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

/// A stream as a container writes it, a frame for each of `contents`, and what it holds.
struct MadeStream {
  ByteVector file;
  ByteVector content;
  std::vector<StreamFrame> frames;
};

inline MadeStream make_stream(const Codec& codec, const std::vector<ByteVector>& contents) {
  MadeStream made;
  const auto compressor = codec.frame_compressor();
  for (const ByteVector& content : contents) {
    const auto frame = compressed(*compressor, content, codec.frame_bound(content.size()).value());
    EXPECT_TRUE(frame) << "a frame is longer than its bound";
    made.frames.push_back({.offset = made.file.size(), .stored = frame->size(), .size = content.size()});
    append(made.file, *frame);
    append(made.content, content);
  }
  append(made.file, codec.stream_trailer(made.frames));
  return made;
}

/// Of text, of nothing, of what doesn't compress, of zeros, of a byte.
inline std::vector<ByteVector> usual_contents() {
  return {text_bytes(300'000, 1), {}, random_bytes(100'000, 2), ByteVector(200'000), text_bytes(1, 3)};
}

/// The whole stream, in pieces of so many bytes. Throws as the decoder, and Error(Corrupt) if it is cut off.
inline ByteVector decoded_as_a_whole(StreamDecoder& decoder, std::span<const std::byte> in, std::size_t in_piece,
                                     std::size_t out_piece) {
  ByteVector content;
  ByteVector out(out_piece);
  for (bool moved = true; moved;) {
    const StreamDecoder::Step step = decoder.decode(in.first(std::min(in_piece, in.size())), out);
    append(content, std::span(out).first(step.produced));
    in = in.subspan(step.consumed);
    moved = step.consumed > 0 || step.produced > 0 || step.frame_ended;
  }
  if (!in.empty() || !decoder.may_end()) throw Error(ErrorCode::Corrupt, "cut off");
  return content;
}

/// Reads streams of a codec, and keeps what damage was told.
class StreamReadingFixture : public testing::Test {
 protected:
  explicit StreamReadingFixture(std::unique_ptr<StreamFormat> format) : format_(std::move(format)) {}

  std::optional<std::vector<StreamFrame>> frames(const ByteVector& file) {
    return format_->frames(*make_memory_blob(file), context_);
  }
  bool probe(const ByteVector& file) const { return format_->probe(*make_memory_blob(file)); }

  ByteVector as_a_whole(const ByteVector& file, std::size_t in_piece = 1U << 16U,
                        std::size_t out_piece = 1U << 16U) const {
    return decoded_as_a_whole(*format_->stream_decoder(), file, in_piece, out_piece);
  }
  /// Each frame by itself, the last first.
  ByteVector by_frames(const ByteVector& file, const std::vector<StreamFrame>& frames) const {
    const auto decoder = format_->frame_decoder();
    ByteVector content;
    for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
      ByteVector out(frame->size);
      decoder->decode(*frame, std::span(file).subspan(frame->offset, frame->stored), out);
      content.insert(content.begin(), out.begin(), out.end());
    }
    return content;
  }
  std::optional<ErrorCode> whole_error(const ByteVector& file) const {
    try {
      as_a_whole(file);
    } catch (const Error& error) {
      return error.code();
    }
    return std::nullopt;
  }

  /// All ways of reading give what was compressed.
  void expect_read(const MadeStream& made) {
    EXPECT_TRUE(probe(made.file));
    EXPECT_EQ(as_a_whole(made.file, 7, 4096), made.content);
    EXPECT_EQ(as_a_whole(made.file, 4096, 61), made.content);
    EXPECT_EQ(as_a_whole(made.file, made.file.size(), made.content.size() + 1), made.content);
    const auto found = frames(made.file);
    ASSERT_TRUE(found);
    EXPECT_EQ(by_frames(made.file, *found), made.content);
    EXPECT_TRUE(damage_.empty()) << damage_.front();
  }

  /// Where a stream of one frame is cut off, it is an error; `trailer` bytes of its end may be missing.
  void expect_cuts_are_found(const Codec& codec, std::size_t trailer) {
    const ByteVector file = make_stream(codec, {text_bytes(2000, 4)}).file;
    for (std::size_t size = 1; size + trailer < file.size(); ++size) {
      EXPECT_EQ(whole_error(ByteVector(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(size))),
                ErrorCode::Corrupt)
          << size;
    }
  }

  /// Damaged in random ways and cut off anywhere, and read in buffers that nothing may reach beyond, a stream gives an
  /// error or other bytes.
  void expect_damage_does_no_harm(const MadeStream& made) {
    std::mt19937 random(5);
    for (int round = 0; round < 400; ++round) {
      const Guard guard = round % 2 == 0 ? Guard::Front : Guard::Back;
      const std::size_t size = round % 4 == 0 ? random() % (made.file.size() + 1) : made.file.size();
      const GuardedBytes file(std::span(made.file).first(size), guard);
      for (unsigned damage = random() % 4; damage > 0 && size > 0; --damage) {
        const std::size_t reach = random() % 2 == 0 ? std::min<std::size_t>(64, size) : size;
        const std::size_t at = random() % 2 == 0 ? random() % reach : size - 1 - random() % reach;
        file.bytes()[at] ^= static_cast<std::byte>(1U << random() % 8);
      }
      read_damaged({file.bytes().begin(), file.bytes().end()}, file, guard);
    }
  }

  std::unique_ptr<StreamFormat> format_;
  std::vector<std::string> damage_;
  Registry registry_;
  Context context_{registry_, {.threads = 1, .damage_listener = [this](std::string_view message) {
                                 damage_.emplace_back(message);
                               }}};

 private:
  static void expect_of_the_image(const Error& error) {
    EXPECT_TRUE(error.code() == ErrorCode::Corrupt || error.code() == ErrorCode::Unsupported) << error.what();
  }

  void read_damaged(const ByteVector& file, const GuardedBytes& guarded, Guard guard) {
    const GuardedBytes out(30'000, guard);
    try {
      const auto decoder = format_->stream_decoder();
      std::span<const std::byte> in = guarded.bytes();
      for (bool moved = true; moved;) {
        const StreamDecoder::Step step = decoder->decode(in, out.bytes());
        ASSERT_LE(step.consumed, in.size());
        ASSERT_LE(step.produced, out.bytes().size());
        in = in.subspan(step.consumed);
        moved = step.consumed > 0 || step.produced > 0;
      }
    } catch (const Error& error) {
      expect_of_the_image(error);
    }
    try {
      for (const StreamFrame& frame : frames(file).value_or(std::vector<StreamFrame>())) {
        ASSERT_LE(frame.offset, file.size());
        ASSERT_LE(frame.stored, file.size() - frame.offset);
        if (frame.size > (1U << 20U)) continue;
        const GuardedBytes content(frame.size, guard);
        const GuardedBytes stored(guarded.bytes().subspan(frame.offset, frame.stored), guard);
        format_->frame_decoder()->decode(frame, stored.bytes(), content.bytes());
      }
    } catch (const Error& error) {
      expect_of_the_image(error);
    }
  }
};

/// What `command FILE` writes, where FILE has these bytes and the given ending.
inline ByteVector read_by_tool(const ByteVector& file, const std::string& ending, const std::string& command) {
  const TemporaryDirectory directory;
  const std::string path = (directory.path() / "file").string();
  write_blob(*make_memory_blob(file), path + ending);
  const ToolResult result = run_tool(command + " '" + path + ending + "' > '" + path + "'");
  EXPECT_EQ(result.exit_code, 0) << result.output;
  return read_all(*open_file_blob(path), std::uint64_t{1} << 30U);
}

/// What `command`, which reads `content` from standard input, writes.
inline ByteVector made_by_tool(const ByteVector& content, const std::string& command) {
  const TemporaryDirectory directory;
  const std::string path = (directory.path() / "file").string();
  write_blob(*make_memory_blob(content), path);
  const ToolResult result = run_tool(command + " < '" + path + "' > '" + path + ".out'");
  EXPECT_EQ(result.exit_code, 0) << result.output;
  return read_all(*open_file_blob(path + ".out"), std::uint64_t{1} << 30U);
}

}  // namespace fstool::test
