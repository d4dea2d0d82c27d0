/// \file
/// FrameBlob: what a stream of frames decompresses to, frame by frame as it is read.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "fstool/blob.h"
#include "fstool/byte_cache.h"
#include "fstool/stream.h"

namespace fstool {

/// Bytes that a frame may have, in the file and decompressed, to be read by itself: a few of them are kept in memory.
inline constexpr std::uint64_t kLargestFrame = std::uint64_t{128} << 20U;

/// Decompresses what is read, and keeps the frames that were used last, within 64 MiB or two frames. While a thread
/// waits for a frame that another decompresses, it goes on with the next one. Frames of zeros are holes.
class FrameBlob final : public Blob {
 public:
  /// `frames` lie in `file` and have at most kLargestFrame bytes; their sizes together fit 63 bits. Those without
  /// content are left out.
  FrameBlob(BlobPtr file, std::unique_ptr<const StreamFormat> format, std::vector<StreamFrame> frames);
  ~FrameBlob() override;

  std::uint64_t size() const override { return begins_.back(); }
  /// Throws Error(Corrupt), naming frame and place, for a damaged frame.
  void read(std::uint64_t offset, std::span<std::byte> out) const override;
  Run run_at(std::uint64_t offset) const override;

  std::size_t frame_count() const noexcept { return frames_.size(); }
  /// Decompresses a frame for its checksum alone. Throws as read(). For any thread.
  void verify(std::size_t frame) const;

 private:
  enum class State : std::uint8_t { Unknown, Data, Zeros };
  /// A decoder, and the buffer that it reads from; they go from thread to thread.
  struct Worker;
  class Decoding;
  /// What the stored bytes of a frame depend on besides its content: size, stored size, kind.
  using FrameShape = std::tuple<std::uint64_t, std::uint64_t, std::uint32_t>;

  std::size_t frame_at(std::uint64_t offset) const;
  void decode(std::size_t frame, std::span<std::byte> out) const;
  ByteCache::Entry cached(std::size_t frame) const;
  std::span<const std::byte> fetch(std::size_t frame, CachedBytes& entry) const;
  bool is_being_decoded(std::size_t frame) const;
  void decode_ahead(std::size_t frame) const;
  bool is_zero_frame(std::size_t frame) const;
  bool looks_like_zeros(std::size_t frame) const;
  std::unique_ptr<Worker> take_worker() const;
  void give_back(std::unique_ptr<Worker> worker) const;

  BlobPtr file_;
  std::unique_ptr<const StreamFormat> format_;
  std::vector<StreamFrame> frames_;
  std::vector<std::uint64_t> begins_;  // where each frame's content begins; at the end the size of all
  std::unique_ptr<std::atomic<State>[]> states_;
  mutable ByteCache cache_;
  mutable std::mutex mutex_;  // guards what follows
  mutable std::vector<std::unique_ptr<Worker>> idle_;
  mutable std::set<std::size_t> decoding_;
  mutable std::map<FrameShape, std::vector<std::byte>> zero_frames_;  // the stored bytes of a frame of zeros
};

}  // namespace fstool
