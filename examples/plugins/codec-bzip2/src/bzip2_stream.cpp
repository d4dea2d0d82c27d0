#include "bzip2_stream.h"

#include <bzlib.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "fstool/error.h"
#include "fstool/window_reader.h"

namespace bzip2_codec {

using fstool::Error;
using fstool::ErrorCode;

namespace {

/// A stream begins with "BZh", its level, and the magic of a block (BCD digits of pi) or of its end (of the square root
/// of pi).
constexpr std::string_view kStreamMagic = "BZh";
constexpr std::string_view kBlockMagic = "\x31\x41\x59\x26\x53\x59";
constexpr std::string_view kEndMagic = "\x17\x72\x45\x38\x50\x90";
constexpr std::size_t kHeaderBytes = 4 + kBlockMagic.size();

unsigned at_most_unsigned(std::size_t bytes) {
  return static_cast<unsigned>(std::min<std::size_t>(bytes, std::numeric_limits<unsigned>::max()));
}

Error decoding_error(int code) {
  switch (code) {
    case BZ_DATA_ERROR_MAGIC:
      return {ErrorCode::Corrupt, "no bzip2 stream begins here"};
    case BZ_DATA_ERROR:
      return {ErrorCode::Corrupt, "the bzip2 stream is damaged"};
    case BZ_MEM_ERROR:
      return {ErrorCode::Internal, "libbz2 has no memory"};
    default:
      return {ErrorCode::Internal, "libbz2 failed with code " + std::to_string(code)};
  }
}

/// Streams one after the other.
class Bzip2StreamDecoder : public fstool::StreamDecoder {
 public:
  ~Bzip2StreamDecoder() override { end(); }

  Step decode(std::span<const std::byte> in, std::span<std::byte> out) override {
    if (!in_stream_) {
      if (in.empty()) return {};
      begin();
    }
    const unsigned room = at_most_unsigned(out.size());
    const unsigned given = at_most_unsigned(in.size());
    stream_.next_in = const_cast<char*>(reinterpret_cast<const char*>(in.data()));  // it is not changed
    stream_.avail_in = given;
    stream_.next_out = reinterpret_cast<char*>(out.data());
    stream_.avail_out = room;
    const int code = BZ2_bzDecompress(&stream_);
    if (code != BZ_OK && code != BZ_STREAM_END) throw decoding_error(code);
    if (code == BZ_STREAM_END) end();
    return {.consumed = given - stream_.avail_in,
            .produced = room - stream_.avail_out,
            .frame_ended = code == BZ_STREAM_END};
  }

  bool may_end() const override { return !in_stream_; }

 private:
  void begin() {
    stream_ = {};
    if (const int code = BZ2_bzDecompressInit(&stream_, 0, 0); code != BZ_OK) throw decoding_error(code);
    in_stream_ = true;
  }

  void end() {
    if (in_stream_) BZ2_bzDecompressEnd(&stream_);
    in_stream_ = false;
  }

  bz_stream stream_{};
  bool in_stream_ = false;
};

}  // namespace

bool Bzip2StreamFormat::probe(const fstool::Blob& file) const {
  std::array<char, kHeaderBytes> header{};
  if (!fstool::WindowReader(file).read(0, std::as_writable_bytes(std::span(header)))) return false;
  const std::string_view text(header.data(), header.size());
  const std::string_view magic = text.substr(4);
  return text.starts_with(kStreamMagic) && text[3] >= '1' && text[3] <= '9' &&
         (magic == kBlockMagic || magic == kEndMagic);
}

std::optional<std::vector<fstool::StreamFrame>> Bzip2StreamFormat::frames(const fstool::Blob& /*file*/,
                                                                          fstool::Context& /*context*/) const {
  return std::nullopt;
}

std::unique_ptr<fstool::FrameDecoder> Bzip2StreamFormat::frame_decoder() const {
  return fstool::make_frame_decoder(stream_decoder());
}

std::unique_ptr<fstool::StreamDecoder> Bzip2StreamFormat::stream_decoder() const {
  return std::make_unique<Bzip2StreamDecoder>();
}

}  // namespace bzip2_codec
