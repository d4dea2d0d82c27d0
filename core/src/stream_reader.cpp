#include "fstool/stream_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fstool/error.h"

namespace fstool {

namespace {

constexpr std::size_t kInputBytes = 256 * 1024;

}  // namespace

StreamReader::StreamReader(const Blob& file, std::unique_ptr<StreamDecoder> decoder, Listener on_read)
    : file_(file), decoder_(std::move(decoder)), on_read_(std::move(on_read)), buffer_(kInputBytes) {}

std::size_t StreamReader::read(std::span<std::byte> out) {
  return with_context([&] { return fmt::format("frame {}, at byte {}", frames_ + 1, frame_begin_); },
                      [&] { return fill(out); });
}

std::size_t StreamReader::fill(std::span<std::byte> out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    const StreamDecoder::Step step = decoder_->decode(in_, out.subspan(filled));
    in_ = in_.subspan(step.consumed);
    position_ += step.consumed;
    filled += step.produced;
    has_content_ = has_content_ || step.produced > 0;
    if (step.frame_ended) end_frame();
    const bool did_nothing = step.consumed == 0 && step.produced == 0 && !step.frame_ended;
    if (did_nothing && !refill()) break;
  }
  return filled;
}

/// More input behind what the decoder left of the last; false at the end.
bool StreamReader::refill() {
  const std::size_t left = in_.size();
  const std::uint64_t rest = file_.size() - position_;
  if (left == rest) {
    if (left == 0 && decoder_->may_end()) return false;
    throw Error(ErrorCode::Corrupt, "it is cut off by the end of the file");
  }
  if (left == kInputBytes) throw Error(ErrorCode::Corrupt, "its decoder makes nothing of it");
  std::ranges::copy(in_, buffer_.begin());  // to where it is already, or in front of it
  const auto bytes = std::span(buffer_).first(std::min<std::uint64_t>(kInputBytes, rest));
  file_.read(position_ + left, bytes.subspan(left));
  if (on_read_) on_read_(bytes.subspan(left));
  in_ = bytes;
  return true;
}

void StreamReader::end_frame() {
  if (has_content_) ++frames_;
  has_content_ = false;
  frame_begin_ = position_;
}

}  // namespace fstool
