#include "fake_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/options.h"

namespace fstool::test {

namespace {

constexpr std::string_view kMagic = "stream";
constexpr std::size_t kHeaderBytes = kMagic.size() + 1;

std::string text_at(const Blob& file, std::uint64_t offset, std::uint64_t length) {
  std::string text(std::min(length, file.size() - std::min(offset, file.size())), '\0');
  file.read(offset, std::as_writable_bytes(std::span(text)));
  return text;
}

struct ParsedFrame {
  std::byte content;
  std::uint64_t size;
};

/// What a frame says. Throws Error(Corrupt).
ParsedFrame parse(const std::string& frame) {
  if (frame.size() != kFakeFrameBytes || frame.back() != ';') throw Error(ErrorCode::Corrupt, "no frame begins here");
  if (frame.front() == '!') throw Error(ErrorCode::Corrupt, "it is damaged");
  const std::uint64_t size = std::stoull(frame.substr(1, 8));
  return {frame.front() == '.' ? std::byte{0} : static_cast<std::byte>(frame.front()),
          frame.front() == '?' ? size - 1 : size};
}

class FakeStreamDecoder : public StreamDecoder {
 public:
  explicit FakeStreamDecoder(bool has_header) : header_(has_header ? kHeaderBytes : 0) {}

  Step decode(std::span<const std::byte> in, std::span<std::byte> out) override {
    Step step;
    for (; step.consumed < in.size() && frame_.size() < kFakeFrameBytes; ++step.consumed) {
      if (header_ > 0) {
        --header_;
      } else {
        frame_ += static_cast<char>(in[step.consumed]);
      }
    }
    if (frame_.size() < kFakeFrameBytes) return step;
    const ParsedFrame frame = parse(frame_);
    step.produced = std::min<std::uint64_t>(out.size(), frame.size - produced_);
    std::ranges::fill(out.first(step.produced), frame.content);
    produced_ += step.produced;
    if (produced_ == frame.size) {
      step.frame_ended = true;
      produced_ = 0;
      frame_.clear();
    }
    return step;
  }
  bool may_end() const override { return header_ == 0 && frame_.empty(); }

 private:
  std::size_t header_;  // bytes of it that are still to come
  std::string frame_;
  std::uint64_t produced_ = 0;  // bytes of the frame
};

class CountingDecoder : public FrameDecoder {
 public:
  explicit CountingDecoder(FakeStreamLog& log) : log_(log) {}
  void decode(const StreamFrame& frame, std::span<const std::byte> stored, std::span<std::byte> out) override {
    ++log_.frames_decoded;
    decoder_->decode(frame, stored, out);
  }

 private:
  FakeStreamLog& log_;
  std::unique_ptr<FrameDecoder> decoder_ = make_frame_decoder(std::make_unique<FakeStreamDecoder>(false));
};

class FakeStreamFormat : public StreamFormat {
 public:
  explicit FakeStreamFormat(FakeStreamLog& log) : log_(log) {}

  bool probe(const Blob& file) const override { return text_at(file, 0, kMagic.size()) == kMagic; }
  std::optional<std::vector<StreamFrame>> frames(const Blob& file, Context& /*context*/) const override {
    if (!text_at(file, 0, kHeaderBytes).ends_with('+')) return std::nullopt;
    std::vector<StreamFrame> frames;
    for (std::uint64_t at = kHeaderBytes; at < file.size(); at += kFakeFrameBytes) {
      frames.push_back(
          {.offset = at, .stored = kFakeFrameBytes, .size = std::stoull(text_at(file, at + 1, kFakeFrameBytes - 2))});
    }
    return frames;
  }
  std::unique_ptr<FrameDecoder> frame_decoder() const override { return std::make_unique<CountingDecoder>(log_); }
  std::unique_ptr<StreamDecoder> stream_decoder() const override { return std::make_unique<FakeStreamDecoder>(true); }

 private:
  FakeStreamLog& log_;
};

class FakeStreamCodec : public Codec {
 public:
  explicit FakeStreamCodec(FakeStreamLog& log) : log_(log) {}
  std::string name() const override { return "text"; }
  std::unique_ptr<Compressor> compressor() const override { return nullptr; }
  std::unique_ptr<Decompressor> decompressor() const override { return nullptr; }
  std::unique_ptr<StreamFormat> stream_format() const override { return make_fake_stream_format(log_); }

 private:
  FakeStreamLog& log_;
};

}  // namespace

std::string fake_frame(char letter, std::uint64_t size) { return fmt::format("{}{:08};", letter, size); }

std::unique_ptr<StreamFormat> make_fake_stream_format(FakeStreamLog& log) {
  return std::make_unique<FakeStreamFormat>(log);
}

void add_fake_stream_codec(Registry& registry, FakeStreamLog& log) {
  registry.add(make_format<Codec>("text", "", OptionSet<NoOptions>(),
                                  [&log](const NoOptions&) { return std::make_unique<FakeStreamCodec>(log); }));
}

}  // namespace fstool::test
