#include "bzip2_codec.h"

#include <bzlib.h>

#include <algorithm>
#include <limits>
#include <span>
#include <string>

#include "bzip2_stream.h"
#include "fstool/error.h"

namespace bzip2_codec {

using fstool::Error;
using fstool::ErrorCode;

namespace {

/// libbz2 counts in unsigned int.
unsigned checked_size(std::size_t bytes) {
  if (bytes <= std::numeric_limits<unsigned>::max()) return static_cast<unsigned>(bytes);
  throw Error(ErrorCode::Internal, "a block is too large for bzip2");
}

class Bzip2Compressor : public fstool::Compressor {
 public:
  explicit Bzip2Compressor(int level) : level_(level) {}

  std::optional<std::size_t> compress(std::span<const std::byte> in, std::span<std::byte> out) override {
    if (out.empty()) return std::nullopt;  // no stream is empty, and libbz2 takes no room for a mistake
    unsigned size = static_cast<unsigned>(std::min<std::size_t>(out.size(), std::numeric_limits<unsigned>::max()));
    // libbz2 takes a pointer to what it doesn't change.
    auto* const source = const_cast<char*>(reinterpret_cast<const char*>(in.data()));
    char empty = 0;  // and no null pointer
    const int code =
        BZ2_bzBuffToBuffCompress(reinterpret_cast<char*>(out.data()), &size, source != nullptr ? source : &empty,
                                 checked_size(in.size()), level_, 0, 0);
    if (code == BZ_OUTBUFF_FULL) return std::nullopt;
    if (code != BZ_OK) throw Error(ErrorCode::Internal, "libbz2 failed with code " + std::to_string(code));
    return size;
  }

 private:
  int level_;
};

/// Reads one stream with the decoder of streams.
class Bzip2Decompressor : public fstool::Decompressor {
 public:
  std::size_t decompress(std::span<const std::byte> in, std::span<std::byte> out) override {
    const std::unique_ptr<fstool::StreamDecoder> decoder = Bzip2StreamFormat().stream_decoder();
    std::size_t produced = 0;
    std::byte spare{};  // for the end of a stream whose bytes are all out
    while (true) {
      const auto room = out.subspan(produced);
      const auto step = decoder->decode(in, room.empty() ? std::span(&spare, 1) : room);
      if (room.empty() && step.produced > 0) throw Error(ErrorCode::Corrupt, "the bzip2 stream holds too much");
      produced += step.produced;
      in = in.subspan(step.consumed);
      if (step.frame_ended) return produced;
      if (step.consumed == 0 && step.produced == 0) throw Error(ErrorCode::Corrupt, "the bzip2 stream ends early");
    }
  }
};

}  // namespace

const fstool::OptionSet<Bzip2Options>& bzip2_options() {
  static const auto set = fstool::OptionSet<Bzip2Options>().add(
      "level", &Bzip2Options::level, "Hundreds of kilobytes that are compressed as one.", fstool::in_range(1, 9));
  return set;
}

std::unique_ptr<fstool::Compressor> Bzip2Codec::compressor() const {
  return std::make_unique<Bzip2Compressor>(options_.level);
}

std::unique_ptr<fstool::Decompressor> Bzip2Codec::decompressor() const { return std::make_unique<Bzip2Decompressor>(); }

/// The manual of libbz2 (section 3.5.1): 1 % more, and 600 bytes.
std::optional<std::size_t> Bzip2Codec::frame_bound(std::size_t bytes) const { return bytes + bytes / 100 + 601; }

std::unique_ptr<fstool::StreamFormat> Bzip2Codec::stream_format() const {
  return std::make_unique<Bzip2StreamFormat>();
}

}  // namespace bzip2_codec
