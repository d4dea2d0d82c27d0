/// \file
/// Bytes that one thread makes while another takes them.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "fstool/api.h"
#include "fstool/context.h"

namespace fstool {

/// Calls `fill` in a thread of its own, a few buffers of 1 MiB ahead of who takes what it made. next() is for one
/// thread.
class FSTOOL_API ReadAhead {
 public:
  /// Fills a part of `out` from its beginning, and returns how much; 0 at the end.
  using Fill = std::function<std::size_t(std::span<std::byte> out)>;

  explicit ReadAhead(Fill fill);
  /// Waits until `fill` returns.
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  /// The next bytes, valid until the next call; nothing at the end. Throws what `fill` threw, when all that it made
  /// before is taken.
  std::span<const std::byte> next();

 private:
  void run();

  static constexpr std::size_t kBuffers = 4;
  static constexpr std::size_t kBufferBytes = 1024 * 1024;

  struct Buffer {
    std::vector<std::byte> bytes = std::vector<std::byte>(kBufferBytes);
    std::size_t used = 0;
  };

  Fill fill_;
  std::array<Buffer, kBuffers> buffers_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::uint64_t made_ = 0;   // buffers that were filled; the next is made_ % kBuffers
  std::uint64_t taken_ = 0;  // those that are free again
  bool has_ended_ = false;
  bool stops_ = false;
  std::exception_ptr failure_;
  bool is_lent_ = false;  // next()'s own: its caller still has a buffer
  std::thread thread_;
};

/// Gives `take` all bytes that `stream` has, in order, piece by piece. `stream.read()`, which is as a Fill, runs in a
/// thread ahead, and `take` in the caller's, which asks `stream.position()` meanwhile: what that grows by is progress.
/// Throws what `take` and the stream throw, and Error(Cancelled).
template <class Stream, class Take>
void for_each_piece(Stream& stream, Context& context, Take&& take) {
  ReadAhead ahead([&](std::span<std::byte> out) { return stream.read(out); });
  std::uint64_t told = 0;
  for (auto bytes = ahead.next(); !bytes.empty(); bytes = ahead.next()) {
    take(bytes);
    const std::uint64_t position = stream.position();
    context.advance(position - told);
    told = position;
  }
}

}  // namespace fstool
