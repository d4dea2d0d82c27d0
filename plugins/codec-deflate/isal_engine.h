/// \file
/// Deflate with ISA-L's igzip.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "fstool/codec.h"

namespace fstool::deflate {

inline constexpr int kHighestIsalLevel = 3;

/// `level` in [1, kHighestIsalLevel], `window_bits` in [9, 15].
std::unique_ptr<Compressor> make_isal_compressor(int level, int window_bits);
std::unique_ptr<Decompressor> make_isal_decompressor();
/// Reads one zlib stream (RFC 1950), and checks its sum.
std::unique_ptr<Decompressor> make_isal_zlib_decompressor();

/// The Adler-32 checksum of `bytes` (RFC 1950, section 9).
std::uint32_t isal_adler32(std::span<const std::byte> bytes);

/// Inflates a raw stream that comes in pieces. For one thread.
class IsalInflater {
 public:
  struct Step {
    std::size_t consumed = 0;
    std::size_t produced = 0;
  };

  IsalInflater();
  ~IsalInflater();
  IsalInflater(const IsalInflater&) = delete;
  IsalInflater& operator=(const IsalInflater&) = delete;

  /// Begins a new stream.
  void reset();
  /// Inflates some of `in` into `out`. Throws Error(Corrupt).
  Step inflate(std::span<const std::byte> in, std::span<std::byte> out);
  /// True if the stream has ended and everything is out.
  bool ended() const;
  /// The bytes behind the end of the stream that were consumed before it was seen; at most 8. Call it once ended.
  std::vector<std::byte> bytes_behind() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fstool::deflate
