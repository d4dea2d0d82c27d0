#include "gzip.h"

#include <algorithm>
#include <boost/endian/arithmetic.hpp>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "checked_size.h"
#include "fstool/checksum.h"
#include "gzip_member.h"
#include "gzip_stream.h"
#include "zlib_engine.h"

namespace fstool::deflate {
namespace {

constexpr int kWindowBits = 15;

/// What a stored block of deflate begins with where the stream is at a byte boundary (RFC 1951, section 3.2.4).
struct StoredHeader {
  std::uint8_t is_last;  // bit 0; bits 1 and 2 are 0: stored
  boost::endian::little_uint16_t length;
  boost::endian::little_uint16_t complement;
};
static_assert(sizeof(StoredHeader) == 5);

constexpr std::size_t kLongestStored = 0xffff;
constexpr std::size_t kHeaderBytes = sizeof(MemberHeader) + sizeof(MemberSizeField);
constexpr std::size_t kWrapBytes = kHeaderBytes + sizeof(MemberTrailer);

/// The size of a stream that stores `bytes` bytes.
std::size_t stored_size(std::size_t bytes) {
  const std::size_t blocks = std::max<std::size_t>(1, (bytes + kLongestStored - 1) / kLongestStored);
  return bytes + blocks * sizeof(StoredHeader);
}

template <class Struct>
std::span<std::byte> put(std::span<std::byte> out, const Struct& value) {
  std::memcpy(out.data(), &value, sizeof(value));
  return out.subspan(sizeof(value));
}

/// `out` has stored_size() bytes at least.
void store(std::span<const std::byte> in, std::span<std::byte> out) {
  do {
    const std::size_t length = std::min(in.size(), kLongestStored);
    StoredHeader header{};
    header.is_last = length == in.size() ? 1 : 0;
    header.length = static_cast<std::uint16_t>(length);
    header.complement = static_cast<std::uint16_t>(~length);
    out = put(out, header);
    std::ranges::copy(in.first(length), out.begin());
    in = in.subspan(length);
    out = out.subspan(length);
  } while (!in.empty());
}

class GzipCompressor : public Compressor {
 public:
  explicit GzipCompressor(std::unique_ptr<Compressor> deflate) : deflate_(std::move(deflate)) {}

  std::optional<std::size_t> compress(std::span<const std::byte> in, std::span<std::byte> out) override {
    if (out.size() < kWrapBytes) return std::nullopt;
    const std::span<std::byte> body = out.subspan(kHeaderBytes);
    const std::size_t room = body.size() - sizeof(MemberTrailer);
    const std::size_t stored = stored_size(in.size());
    std::optional<std::size_t> size = deflate_->compress(in, body.first(std::min(room, stored)));
    if (!size) {
      if (room < stored) return std::nullopt;
      store(in, body);
      size = stored;
    }
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

const OptionSet<GzipOptions>& gzip_options() {
  static const auto set =
      OptionSet<GzipOptions>()
          .add("level", &GzipOptions::level, "From 1, the fastest, to 9, the smallest.", in_range(1, 9))
          .add("engine", &GzipOptions::engine,
               "Library that compresses; auto takes isal for levels 1 and 2, else zlib. isal has the levels 1 to 3; "
               "the bytes of its level 3 depend on the CPU.",
               choices<Engine>({{"auto", Engine::Auto}, {"isal", Engine::Isal}, {"zlib", Engine::Zlib}}));
  return set;
}

GzipCodec::GzipCodec(GzipOptions options)
    : deflate_({.level = options.level, .window_bits = kWindowBits, .engine = options.engine}) {}

std::unique_ptr<Compressor> GzipCodec::compressor() const {
  return std::make_unique<GzipCompressor>(deflate_.compressor());
}

std::unique_ptr<Decompressor> GzipCodec::decompressor() const { return make_gzip_decompressor(); }

std::optional<std::size_t> GzipCodec::frame_bound(std::size_t bytes) const { return stored_size(bytes) + kWrapBytes; }

std::unique_ptr<StreamFormat> GzipCodec::stream_format() const { return std::make_unique<GzipStreamFormat>(); }

}  // namespace fstool::deflate
