#include "xz_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "fstool/error.h"
#include "lzma_error.h"
#include "xz_stream.h"

namespace fstool::xz {
namespace {

lzma_check lzma_check_of(Check check) {
  switch (check) {
    case Check::None:
      return LZMA_CHECK_NONE;
    case Check::Crc32:
      return LZMA_CHECK_CRC32;
    case Check::Crc64:
      return LZMA_CHECK_CRC64;
    case Check::Sha256:
      return LZMA_CHECK_SHA256;
  }
  return LZMA_CHECK_NONE;
}

const std::uint8_t* input_bytes(std::span<const std::byte> in) {
  return reinterpret_cast<const std::uint8_t*>(in.data());
}

std::uint8_t* output_bytes(std::span<std::byte> out) { return reinterpret_cast<std::uint8_t*>(out.data()); }

class XzCompressor : public Compressor {
 public:
  XzCompressor(const lzma_options_lzma& lzma, lzma_check check) : lzma_(lzma), check_(check) {}

  std::optional<std::size_t> compress(std::span<const std::byte> in, std::span<std::byte> out) override {
    std::array<lzma_filter, 2> filters{{{LZMA_FILTER_LZMA2, &lzma_}, {LZMA_VLI_UNKNOWN, nullptr}}};
    std::size_t size = 0;
    const lzma_ret code = lzma_stream_buffer_encode(filters.data(), check_, nullptr, input_bytes(in), in.size(),
                                                    output_bytes(out), &size, out.size());
    if (code == LZMA_BUF_ERROR) return std::nullopt;
    if (code != LZMA_OK) {
      throw Error(ErrorCode::Internal, fmt::format("liblzma's encoder failed with code {}", static_cast<int>(code)));
    }
    return size;
  }

 private:
  lzma_options_lzma lzma_;
  lzma_check check_;
};

class XzDecompressor : public Decompressor {
 public:
  std::size_t decompress(std::span<const std::byte> in, std::span<std::byte> out) override {
    std::array<std::byte, 1> nowhere{};  // liblzma takes no null pointer
    if (out.empty()) out = std::span(nowhere).first(0);
    std::uint64_t memory = kMemoryLimit;
    std::size_t consumed = 0;
    std::size_t produced = 0;
    const lzma_ret code = lzma_stream_buffer_decode(&memory, 0, nullptr, input_bytes(in), &consumed, in.size(),
                                                    output_bytes(out), &produced, out.size());
    // Options that nobody has are damage here: such a stream isn't ours.
    if (code == LZMA_OPTIONS_ERROR || code == LZMA_MEMLIMIT_ERROR) throw decoding_error(LZMA_DATA_ERROR);
    if (code != LZMA_OK) throw decoding_error(code);
    return produced;
  }
};

}  // namespace

const OptionSet<XzOptions>& xz_options() {
  static const auto set =
      OptionSet<XzOptions>()
          .add("level", &XzOptions::level,
               "From 0, the fastest, to 9, the smallest. From 5 on frames are larger than usual, and each thread takes "
               "100 MiB and more.",
               in_range(0, kHighestLevel))
          .add("extreme", &XzOptions::extreme, "Takes much longer for a little less.")
          .add("check", &XzOptions::check, "Integrity check of the content.",
               choices<Check>({{"none", Check::None},
                               {"crc32", Check::Crc32},
                               {"crc64", Check::Crc64},
                               {"sha256", Check::Sha256}}));
  return set;
}

XzCodec::XzCodec(XzOptions options) : options_(options) {
  const std::uint32_t preset = static_cast<std::uint32_t>(options.level) | (options.extreme ? LZMA_PRESET_EXTREME : 0);
  if (lzma_lzma_preset(&lzma_, preset)) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("liblzma has no level {}", options.level));
  }
}

std::unique_ptr<Compressor> XzCodec::compressor() const {
  return std::make_unique<XzCompressor>(lzma_, lzma_check_of(options_.check));
}

std::unique_ptr<Decompressor> XzCodec::decompressor() const { return std::make_unique<XzDecompressor>(); }

std::optional<std::size_t> XzCodec::frame_bound(std::size_t bytes) const { return lzma_stream_buffer_bound(bytes); }

std::size_t XzCodec::frame_bytes() const { return std::max<std::size_t>(kUsualFrameBytes, lzma_.dict_size); }

std::unique_ptr<StreamFormat> XzCodec::stream_format() const { return std::make_unique<XzStreamFormat>(); }

}  // namespace fstool::xz
