#include "zlib_engine.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cstdint>
#include <optional>
#include <span>

#include "checked_size.h"
#include "fstool/error.h"

namespace fstool::deflate {
namespace {

constexpr int kMemLevel = MAX_MEM_LEVEL;
constexpr int kLargestWindowBits = MAX_WBITS;

Error zlib_error(const char* call, int status) {
  return {ErrorCode::Internal, fmt::format("zlib's {} failed: {}", call, zError(status))};
}

// zlib takes a pointer to non-const bytes unless it is built with ZLIB_CONST, but only reads its input.
Bytef* input_bytes(std::span<const std::byte> in) {
  return reinterpret_cast<Bytef*>(const_cast<std::byte*>(in.data()));
}

class ZlibCompressor : public Compressor {
 public:
  ZlibCompressor(int level, int window_bits) {
    // Negative window bits mean a raw stream.
    const int status = deflateInit2(&stream_, level, Z_DEFLATED, -window_bits, kMemLevel, Z_DEFAULT_STRATEGY);
    if (status != Z_OK) throw zlib_error("deflateInit2", status);
  }
  ~ZlibCompressor() override { deflateEnd(&stream_); }
  ZlibCompressor(const ZlibCompressor&) = delete;
  ZlibCompressor& operator=(const ZlibCompressor&) = delete;

  std::optional<std::size_t> compress(std::span<const std::byte> in, std::span<std::byte> out) override {
    if (out.empty()) return std::nullopt;  // zlib takes no null pointer, and no stream is empty
    const int reset = deflateReset(&stream_);
    if (reset != Z_OK) throw zlib_error("deflateReset", reset);
    stream_.next_in = input_bytes(in);
    stream_.avail_in = checked_size(in.size());
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = clamped_size(out.size());

    const int status = ::deflate(&stream_, Z_FINISH);
    if (status == Z_STREAM_END) return stream_.total_out;
    if (status != Z_OK && status != Z_BUF_ERROR) throw zlib_error("deflate", status);
    return std::nullopt;
  }

 private:
  z_stream stream_{};
};

class ZlibDecompressor : public Decompressor {
 public:
  /// As inflateInit2(): negative for a raw stream, 15 for zlib's own, 16 more for gzip's.
  explicit ZlibDecompressor(int window_bits) {
    const int status = inflateInit2(&stream_, window_bits);
    if (status != Z_OK) throw zlib_error("inflateInit2", status);
  }
  ~ZlibDecompressor() override { inflateEnd(&stream_); }
  ZlibDecompressor(const ZlibDecompressor&) = delete;
  ZlibDecompressor& operator=(const ZlibDecompressor&) = delete;

  std::size_t decompress(std::span<const std::byte> in, std::span<std::byte> out) override {
    const int reset = inflateReset(&stream_);
    if (reset != Z_OK) throw zlib_error("inflateReset", reset);
    Bytef nowhere = 0;  // zlib takes no null pointer
    stream_.next_in = input_bytes(in);
    stream_.avail_in = clamped_size(in.size());
    stream_.next_out = out.empty() ? &nowhere : reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = clamped_size(out.size());

    switch (const int status = inflate(&stream_, Z_FINISH)) {
      case Z_STREAM_END:
        return stream_.total_out;
      case Z_OK:
      case Z_BUF_ERROR:
        if (stream_.avail_out != 0) throw Error(ErrorCode::Corrupt, "the deflate stream ends early");
        throw Error(ErrorCode::Corrupt,
                    fmt::format("the deflate stream ends early or holds more than {} bytes", out.size()));
      case Z_DATA_ERROR:
      case Z_NEED_DICT:
        throw Error(ErrorCode::Corrupt, fmt::format("the deflate stream is damaged: {}",
                                                    stream_.msg != nullptr ? stream_.msg : zError(status)));
      default:
        throw zlib_error("inflate", status);
    }
  }

 private:
  z_stream stream_{};
};

}  // namespace

std::unique_ptr<Compressor> make_zlib_compressor(int level, int window_bits) {
  return std::make_unique<ZlibCompressor>(level, window_bits);
}

std::unique_ptr<Decompressor> make_zlib_decompressor() {
  return std::make_unique<ZlibDecompressor>(-kLargestWindowBits);
}

std::unique_ptr<Decompressor> make_zlib_stream_decompressor() {
  return std::make_unique<ZlibDecompressor>(kLargestWindowBits);
}

std::unique_ptr<Decompressor> make_gzip_decompressor() {
  constexpr int kGzip = 16;
  return std::make_unique<ZlibDecompressor>(kLargestWindowBits + kGzip);
}

}  // namespace fstool::deflate
