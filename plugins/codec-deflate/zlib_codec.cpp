#include "zlib_codec.h"

#include <boost/endian/arithmetic.hpp>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "isal_engine.h"
#include "stored_blocks.h"
#include "zlib_engine.h"

namespace fstool::deflate {
namespace {

/// What a stream begins with (RFC 1950, section 2.2): deflate (8) with a window of 2^15 bytes, no dictionary, and a
/// hint at the level. The 16-bit number is a multiple of 31.
struct StreamHeader {
  boost::endian::big_uint16_t number;
};
static_assert(sizeof(StreamHeader) == 2);

/// What it ends with.
struct StreamTrailer {
  boost::endian::big_uint32_t adler32;
};
static_assert(sizeof(StreamTrailer) == 4);

constexpr std::size_t kWrapBytes = sizeof(StreamHeader) + sizeof(StreamTrailer);

/// The hint (FLEVEL) is the one that zlib gives for the level.
StreamHeader header_for(int level) {
  constexpr std::uint32_t kMethodAndWindow = 0x78;
  constexpr std::uint32_t kMultiple = 31;
  const std::uint32_t hint = level <= 1 ? 0 : level <= 5 ? 1 : level == 6 ? 2 : 3;
  const std::uint32_t number = kMethodAndWindow << 8U | hint << 6U;
  StreamHeader header{};
  header.number = static_cast<std::uint16_t>(number + (kMultiple - number % kMultiple) % kMultiple);
  return header;
}

class StreamCompressor : public Compressor {
 public:
  StreamCompressor(std::unique_ptr<Compressor> deflate, int level)
      : deflate_(std::move(deflate)), header_(header_for(level)) {}

  std::optional<std::size_t> compress(std::span<const std::byte> in, std::span<std::byte> out) override {
    if (out.size() < kWrapBytes) return std::nullopt;
    std::memcpy(out.data(), &header_, sizeof(header_));
    const std::span<std::byte> body = out.subspan(sizeof(header_), out.size() - kWrapBytes);
    const auto size = deflate_or_store(*deflate_, in, body);
    if (!size) return std::nullopt;
    StreamTrailer trailer{};
    trailer.adler32 = isal_adler32(in);
    std::memcpy(out.data() + sizeof(header_) + *size, &trailer, sizeof(trailer));
    return *size + kWrapBytes;
  }

 private:
  std::unique_ptr<Compressor> deflate_;
  StreamHeader header_;
};

}  // namespace

ZlibCodec::ZlibCodec(ZlibOptions options)
    : options_(options),
      deflate_({.level = options.level, .window_bits = kWrappedWindowBits, .engine = options.engine}) {}

std::unique_ptr<Compressor> ZlibCodec::compressor() const {
  return std::make_unique<StreamCompressor>(deflate_.compressor(), options_.level);
}

std::unique_ptr<Decompressor> ZlibCodec::decompressor() const {
  if (options_.engine == Engine::Zlib) return make_zlib_stream_decompressor();
  return make_isal_zlib_decompressor();
}

}  // namespace fstool::deflate
