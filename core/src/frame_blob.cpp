#include "frame_blob.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "blob_range.h"
#include "fstool/error.h"

namespace fstool {

namespace {

constexpr std::size_t kCacheBytes = std::size_t{64} << 20U;
/// A buffer that is larger is given back after use.
constexpr std::size_t kLargestKeptBuffer = std::size_t{8} << 20U;
/// No codec needs more than this share of a frame to say that it is zeros: LZ4 takes a byte for 255 of them.
constexpr std::uint64_t kLeastRatioOfZeros = 200;
/// Streams have frames of zeros in one or two sizes.
constexpr std::size_t kMaxZeroFrames = 16;

std::vector<StreamFrame> without_empty_ones(std::vector<StreamFrame> frames) {
  std::erase_if(frames, [](const StreamFrame& frame) { return frame.size == 0; });
  return frames;
}

std::size_t cache_bytes(const std::vector<StreamFrame>& frames) {
  std::uint64_t largest = 0;
  for (const StreamFrame& frame : frames) largest = std::max(largest, frame.size);
  return std::max<std::size_t>(kCacheBytes, 2 * largest);
}

}  // namespace

struct FrameBlob::Worker {
  std::unique_ptr<FrameDecoder> decoder;
  std::vector<std::byte> stored;
};

/// Says that a frame is being decompressed, as long as it lives.
class FrameBlob::Decoding {
 public:
  Decoding(const FrameBlob& blob, std::size_t frame) : blob_(blob), frame_(frame) {
    const std::lock_guard lock(blob_.mutex_);
    blob_.decoding_.insert(frame_);
  }
  ~Decoding() {
    const std::lock_guard lock(blob_.mutex_);
    blob_.decoding_.erase(frame_);
  }
  Decoding(const Decoding&) = delete;
  Decoding& operator=(const Decoding&) = delete;

 private:
  const FrameBlob& blob_;
  std::size_t frame_;
};

FrameBlob::FrameBlob(BlobPtr file, std::unique_ptr<const StreamFormat> format, std::vector<StreamFrame> frames)
    : file_(std::move(file)),
      format_(std::move(format)),
      frames_(without_empty_ones(std::move(frames))),
      states_(std::make_unique<std::atomic<State>[]>(frames_.size())),
      cache_(cache_bytes(frames_), 1) {
  begins_.reserve(frames_.size() + 1);
  begins_.push_back(0);
  for (const StreamFrame& frame : frames_) begins_.push_back(begins_.back() + frame.size);
}

FrameBlob::~FrameBlob() = default;

std::size_t FrameBlob::frame_at(std::uint64_t offset) const {
  const auto next = std::ranges::upper_bound(begins_, offset);
  return static_cast<std::size_t>(next - begins_.begin()) - 1;
}

void FrameBlob::read(std::uint64_t offset, std::span<std::byte> out) const {
  check_inside(*this, offset, out.size());
  for (std::size_t frame = out.empty() ? 0 : frame_at(offset); !out.empty(); ++frame) {
    const std::uint64_t skip = offset - begins_[frame];
    const auto part = out.first(std::min<std::uint64_t>(out.size(), frames_[frame].size - skip));
    if (states_[frame] == State::Zeros) {
      std::ranges::fill(part, std::byte{0});
    } else if (part.size() == frames_[frame].size && !cache_.find({0, begins_[frame]})) {
      decode(frame, part);
    } else {
      const ByteCache::Entry entry = cached(frame);
      std::ranges::copy(fetch(frame, *entry).subspan(skip, part.size()), part.begin());
    }
    out = out.subspan(part.size());
    offset += part.size();
  }
}

Run FrameBlob::run_at(std::uint64_t offset) const {
  const std::size_t frame = frame_at(offset);
  return {begins_[frame + 1] - offset, is_zero_frame(frame)};
}

void FrameBlob::verify(std::size_t frame) const {
  std::vector<std::byte> content(frames_[frame].size);
  decode(frame, content);
}

void FrameBlob::decode(std::size_t frame, std::span<std::byte> out) const {
  const StreamFrame& place = frames_[frame];
  with_context([&] { return fmt::format("frame {} of {}, at byte {}", frame + 1, frames_.size(), place.offset); },
               [&] {
                 std::unique_ptr<Worker> worker = take_worker();
                 worker->stored.resize(place.stored);
                 file_->read(place.offset, worker->stored);
                 worker->decoder->decode(place, worker->stored, out);
                 give_back(std::move(worker));
               });
}

ByteCache::Entry FrameBlob::cached(std::size_t frame) const {
  return cache_.find_or_add({0, begins_[frame]}, frames_[frame].size);
}

std::span<const std::byte> FrameBlob::fetch(std::size_t frame, CachedBytes& entry) const {
  if (is_being_decoded(frame)) decode_ahead(frame + 1);
  return entry.get([&](std::vector<std::byte>& bytes) {
    const Decoding decoding(*this, frame);
    bytes.resize(frames_[frame].size);
    decode(frame, bytes);
  });
}

bool FrameBlob::is_being_decoded(std::size_t frame) const {
  const std::lock_guard lock(mutex_);
  return decoding_.contains(frame);
}

void FrameBlob::decode_ahead(std::size_t frame) const {
  if (frame == frames_.size() || states_[frame] == State::Zeros || cache_.find({0, begins_[frame]})) return;
  const ByteCache::Entry entry = cached(frame);
  if (is_being_decoded(frame)) return;
  try {
    fetch(frame, *entry);
  } catch (const Error&) {
    // Nobody has asked for this frame yet. Who does meets the error again.
  }
}

bool FrameBlob::is_zero_frame(std::size_t frame) const {
  if (states_[frame] == State::Unknown) {
    bool zeros = false;
    try {
      zeros = looks_like_zeros(frame);
    } catch (const Error& error) {
      // A damaged frame is no hole: reading it tells what is wrong.
      if (error.code() != ErrorCode::Corrupt && error.code() != ErrorCode::Unsupported) throw;
    }
    states_[frame] = zeros ? State::Zeros : State::Data;
  }
  return states_[frame] == State::Zeros;
}

bool FrameBlob::looks_like_zeros(std::size_t frame) const {
  const StreamFrame& place = frames_[frame];
  if (place.stored > place.size / kLeastRatioOfZeros) return false;
  std::vector<std::byte> stored(place.stored);
  file_->read(place.offset, stored);
  const FrameShape shape{place.size, place.stored, place.kind};
  {
    const std::lock_guard lock(mutex_);
    const auto known = zero_frames_.find(shape);
    if (known != zero_frames_.end() && known->second == stored) return true;
  }
  std::vector<std::byte> content(place.size);
  decode(frame, content);
  if (!is_zero(content)) return false;
  const std::lock_guard lock(mutex_);
  if (zero_frames_.size() < kMaxZeroFrames) zero_frames_.emplace(shape, std::move(stored));
  return true;
}

std::unique_ptr<FrameBlob::Worker> FrameBlob::take_worker() const {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Worker> worker = std::move(idle_.back());
      idle_.pop_back();
      return worker;
    }
  }
  return std::make_unique<Worker>(Worker{format_->frame_decoder(), {}});
}

void FrameBlob::give_back(std::unique_ptr<Worker> worker) const {
  if (worker->stored.capacity() > kLargestKeptBuffer) worker->stored = {};
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(worker));
}

}  // namespace fstool
