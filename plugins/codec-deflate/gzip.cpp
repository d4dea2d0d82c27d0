#include "gzip.h"

#include <boost/endian/arithmetic.hpp>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "fstool/checksum.h"
#include "stored_blocks.h"
#include "zlib_engine.h"

namespace fstool::deflate {
namespace {

/// What a member begins with (RFC 1952, section 2.3).
struct MemberHeader {
  std::uint8_t id1 = 0x1f;
  std::uint8_t id2 = 0x8b;
  std::uint8_t method = 8;  // deflate
  std::uint8_t flags = 0;
  boost::endian::little_uint32_t mtime = 0;  // not known
  std::uint8_t extra_flags = 0;
  std::uint8_t system = 255;  // unknown: the bytes don't depend on it
};
static_assert(sizeof(MemberHeader) == 10);

/// What it ends with.
struct MemberTrailer {
  boost::endian::little_uint32_t crc32;
  boost::endian::little_uint32_t size;  // modulo 2^32
};
static_assert(sizeof(MemberTrailer) == 8);

constexpr std::size_t kWrapBytes = sizeof(MemberHeader) + sizeof(MemberTrailer);

template <class Struct>
std::span<std::byte> put(std::span<std::byte> out, const Struct& value) {
  std::memcpy(out.data(), &value, sizeof(value));
  return out.subspan(sizeof(value));
}

class GzipCompressor : public Compressor {
 public:
  explicit GzipCompressor(std::unique_ptr<Compressor> deflate) : deflate_(std::move(deflate)) {}

  std::optional<std::size_t> compress(std::span<const std::byte> in, std::span<std::byte> out) override {
    if (out.size() < kWrapBytes) return std::nullopt;
    const std::span<std::byte> body = put(out, MemberHeader());
    const auto size = deflate_or_store(*deflate_, in, body.first(body.size() - sizeof(MemberTrailer)));
    if (!size) return std::nullopt;
    MemberTrailer trailer{};
    trailer.crc32 = crc32(0, in);
    trailer.size = static_cast<std::uint32_t>(in.size());
    put(body.subspan(*size), trailer);
    return *size + kWrapBytes;
  }

 private:
  std::unique_ptr<Compressor> deflate_;
};

}  // namespace

GzipCodec::GzipCodec(GzipOptions options)
    : deflate_({.level = options.level, .window_bits = kWrappedWindowBits, .engine = options.engine}) {}

std::unique_ptr<Compressor> GzipCodec::compressor() const {
  return std::make_unique<GzipCompressor>(deflate_.compressor());
}

std::unique_ptr<Decompressor> GzipCodec::decompressor() const { return make_gzip_decompressor(); }

std::optional<std::size_t> GzipCodec::frame_bound(std::size_t bytes) const { return stored_size(bytes) + kWrapBytes; }

}  // namespace fstool::deflate
