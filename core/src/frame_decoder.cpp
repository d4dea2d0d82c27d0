// A frame decoder made of a stream decoder.

#include <fmt/format.h>

#include <array>
#include <utility>

#include "fstool/error.h"
#include "fstool/stream.h"

namespace fstool {
namespace {

class StreamFrameDecoder final : public FrameDecoder {
 public:
  explicit StreamFrameDecoder(std::unique_ptr<StreamDecoder> decoder) : decoder_(std::move(decoder)) {}

  void decode(const StreamFrame& /*frame*/, std::span<const std::byte> stored, std::span<std::byte> out) override {
    std::array<std::byte, 1> spare{};  // lets the decoder find the end of a frame whose bytes are all out
    std::size_t produced = 0;
    for (bool ended = false; !ended;) {
      const auto room = out.subspan(produced);
      const StreamDecoder::Step step = decoder_->decode(stored, room.empty() ? std::span(spare) : room);
      if (room.empty() && step.produced > 0) {
        throw Error(ErrorCode::Corrupt, fmt::format("it holds more than the {} bytes it should", out.size()));
      }
      stored = stored.subspan(step.consumed);
      produced += step.produced;
      ended = step.frame_ended;
      if (!ended && step.consumed == 0 && step.produced == 0) throw Error(ErrorCode::Corrupt, "it is cut off");
    }
    if (produced < out.size()) {
      throw Error(ErrorCode::Corrupt, fmt::format("it holds {} bytes in place of {}", produced, out.size()));
    }
    if (!stored.empty()) {
      throw Error(ErrorCode::Corrupt, fmt::format("it ends {} bytes before it should", stored.size()));
    }
  }

 private:
  std::unique_ptr<StreamDecoder> decoder_;
};

}  // namespace

std::unique_ptr<FrameDecoder> make_frame_decoder(std::unique_ptr<StreamDecoder> decoder) {
  return std::make_unique<StreamFrameDecoder>(std::move(decoder));
}

}  // namespace fstool
