#include "gzip.h"

#include <boost/endian/arithmetic.hpp>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "checked_size.h"
#include "fstool/checksum.h"
#include "gzip_member.h"
#include "gzip_stream.h"
#include "stored_blocks.h"
#include "zlib_engine.h"

namespace fstool::deflate {
namespace {

constexpr std::size_t kHeaderBytes = sizeof(MemberHeader) + sizeof(MemberSizeField);
constexpr std::size_t kWrapBytes = kHeaderBytes + sizeof(MemberTrailer);

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
    const std::span<std::byte> body = out.subspan(kHeaderBytes);
    const auto size = deflate_or_store(*deflate_, in, body.first(body.size() - sizeof(MemberTrailer)));
    if (!size) return std::nullopt;
    MemberTrailer trailer{};
    trailer.crc32 = crc32(0, in);
    trailer.size = static_cast<std::uint32_t>(in.size());
    put(body.subspan(*size), trailer);
    MemberSizeField size_field{};
    size_field.member_bytes = checked_size(*size + kWrapBytes);
    put(put(out, MemberHeader()), size_field);
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

std::unique_ptr<StreamFormat> GzipCodec::stream_format() const { return std::make_unique<GzipStreamFormat>(); }

}  // namespace fstool::deflate
