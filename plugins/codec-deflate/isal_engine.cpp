#include "isal_engine.h"

#include <fmt/format.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "checked_size.h"
#include "fstool/checksum.h"
#include "fstool/error.h"

namespace fstool::deflate {
namespace {

/// Symbols that ISA-L collects before it ends a deflate block and makes new Huffman codes. Of the sizes tried on
/// clusters of executables and text, 12 Ki gave streams within 0.05 % of the shortest and cost no speed.
constexpr std::uint32_t kSymbolsPerBlock = 12 * IGZIP_K;

std::uint32_t level_buffer_bytes(int level) {
  switch (level) {
    case 1:
      return ISAL_DEF_LVL1_REQ + ISAL_DEF_LVL1_TOKEN_SIZE * kSymbolsPerBlock;
    case 2:
      return ISAL_DEF_LVL2_REQ + ISAL_DEF_LVL2_TOKEN_SIZE * kSymbolsPerBlock;
    case 3:
      return ISAL_DEF_LVL3_REQ + ISAL_DEF_LVL3_TOKEN_SIZE * kSymbolsPerBlock;
    default:
      throw Error(ErrorCode::Internal, fmt::format("ISA-L has no deflate level {}", level));
  }
}

// ISA-L takes pointers to non-const bytes, but only reads its input.
std::uint8_t* input_bytes(std::span<const std::byte> in) {
  return reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(in.data()));
}

/// Works around a fault of ISA-L 2.30 (isal_deflate_icf_body_hash_hist): before its main loop, where it should hash the
/// third byte and those after it, it hashes bits 16 to 47 of the address of the stream object, and enters position 2 at
/// that place of its table. The stream that comes out is valid, but if the place is also that of position 0, 1 or 2, it
/// has other matches than it would have elsewhere, so the bytes would depend on where the object happens to be.
///
/// A block that begins with a long run of zero or 0xff bytes enters the main loop behind that run.
class FirstPositions {
 public:
  explicit FirstPositions(std::span<const std::byte> in) {
    add_three(in, 0);
    const auto run_end = std::ranges::find_if(in, [&](std::byte byte) { return byte != in.front(); });
    add_three(in, static_cast<std::size_t>(run_end - in.begin()));
  }

  /// True if `stream` would put a position at the place of another.
  bool collide_with(const isal_zstream& stream) const {
    const auto address = reinterpret_cast<std::uintptr_t>(&stream);
    const std::uint32_t place = hash(static_cast<std::uint32_t>(std::uint64_t{address} >> 16U));
    return std::find(places_.begin(), places_.begin() + count_, place) != places_.begin() + count_;
  }

 private:
  void add_three(std::span<const std::byte> in, std::size_t first) {
    for (std::size_t at = first; at < first + 3 && at + sizeof(std::uint32_t) <= in.size(); ++at) {
      std::uint32_t bytes = 0;
      std::memcpy(&bytes, in.data() + at, sizeof(bytes));
      places_[count_++] = hash(bytes);
    }
  }

  std::uint32_t hash(std::uint32_t bytes) const { return crc32c(0, std::as_bytes(std::span(&bytes, 1))) & hash_mask_; }

  std::uint32_t hash_mask_;
  std::array<std::uint32_t, 6> places_{};
  std::ptrdiff_t count_ = 0;
};

class IsalCompressor : public Compressor {
 public:
  IsalCompressor(int level, int window_bits)
      : level_(static_cast<std::uint32_t>(level)),
        window_bits_(static_cast<std::uint16_t>(window_bits)),
        level_buffer_(level_buffer_bytes(level)) {}

  std::optional<std::size_t> compress(std::span<const std::byte> in, std::span<std::byte> out) override {
    isal_zstream& stream = stream_for(in);
    isal_deflate_stateless_init(&stream);
    stream.level = level_;
    stream.level_buf = level_buffer_.data();
    stream.level_buf_size = static_cast<std::uint32_t>(level_buffer_.size());
    stream.hist_bits = window_bits_;
    stream.end_of_stream = 1;
    stream.next_in = input_bytes(in);
    stream.avail_in = checked_size(in.size());
    stream.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    stream.avail_out = clamped_size(out.size());

    const int status = isal_deflate_stateless(&stream);
    if (status == STATELESS_OVERFLOW) return std::nullopt;
    if (status != COMP_OK) throw Error(ErrorCode::Internal, fmt::format("ISA-L deflate failed with status {}", status));
    return stream.total_out;
  }

 private:
  /// A stream object whose address doesn't show in the output; for most blocks the first will do.
  isal_zstream& stream_for(std::span<const std::byte> in) {
    const FirstPositions positions(in);
    for (std::size_t i = 0;; ++i) {
      if (i == streams_.size()) streams_.push_back(std::make_unique<isal_zstream>());
      if (!positions.collide_with(*streams_[i])) return *streams_[i];
    }
  }

  std::vector<std::unique_ptr<isal_zstream>> streams_;
  std::uint32_t level_;
  std::uint16_t window_bits_;
  std::vector<std::uint8_t> level_buffer_;
};

class IsalDecompressor : public Decompressor {
 public:
  std::size_t decompress(std::span<const std::byte> in, std::span<std::byte> out) override {
    isal_inflate_init(&state_);
    state_.next_in = input_bytes(in);
    state_.avail_in = clamped_size(in.size());
    state_.next_out = reinterpret_cast<std::uint8_t*>(out.data());
    state_.avail_out = clamped_size(out.size());

    switch (const int status = isal_inflate_stateless(&state_)) {
      case ISAL_DECOMP_OK:
        return state_.total_out;
      case ISAL_END_INPUT:
        throw Error(ErrorCode::Corrupt, "the deflate stream ends early");
      case ISAL_OUT_OVERFLOW:
        throw Error(ErrorCode::Corrupt, fmt::format("the deflate stream holds more than {} bytes", out.size()));
      default:
        throw Error(ErrorCode::Corrupt, fmt::format("the deflate stream is damaged (ISA-L status {})", status));
    }
  }

 private:
  inflate_state state_{};
};

}  // namespace

std::unique_ptr<Compressor> make_isal_compressor(int level, int window_bits) {
  return std::make_unique<IsalCompressor>(level, window_bits);
}

std::unique_ptr<Decompressor> make_isal_decompressor() { return std::make_unique<IsalDecompressor>(); }

}  // namespace fstool::deflate
