#include "zstd_codec.h"

#include <fmt/format.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "fstool/error.h"
#include "seek_table.h"
#include "zstd_stream.h"

namespace fstool::zstd {
namespace {

/// The first bytes of a frame (RFC 8878, section 3.1.1): 0xFD2FB528, little-endian.
constexpr std::array<std::byte, 4> kFrameMagic = {std::byte{0x28}, std::byte{0xb5}, std::byte{0x2f}, std::byte{0xfd}};

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

/// Of the checksum behind a frame (RFC 8878, section 3.1.1).
constexpr std::size_t kChecksumBytes = 4;

void require(std::size_t status, const char* call) {
  if (ZSTD_isError(status) == 0) return;
  throw Error(ErrorCode::Internal, fmt::format("zstd's {} failed: {}", call, ZSTD_getErrorName(status)));
}

class ZstdCompressor : public Compressor {
 public:
  /// `window_log` turns long distance matching on.
  ZstdCompressor(int level, bool checksum, std::optional<int> window_log) : context_(ZSTD_createCCtx()) {
    if (context_ == nullptr) throw Error(ErrorCode::Internal, "zstd has no memory for a compressor");
    set(ZSTD_c_compressionLevel, level);
    set(ZSTD_c_checksumFlag, checksum ? 1 : 0);
    if (!window_log) return;
    set(ZSTD_c_enableLongDistanceMatching, 1);
    set(ZSTD_c_windowLog, *window_log);
  }

  std::optional<std::size_t> compress(std::span<const std::byte> in, std::span<std::byte> out) override {
    const std::size_t size = ZSTD_compress2(context_.get(), out.data(), out.size(), in.data(), in.size());
    if (ZSTD_getErrorCode(size) == ZSTD_error_dstSize_tooSmall) return std::nullopt;
    require(size, "ZSTD_compress2");
    return size;
  }

 private:
  void set(ZSTD_cParameter parameter, int value) {
    require(ZSTD_CCtx_setParameter(context_.get(), parameter, value), "ZSTD_CCtx_setParameter");
  }

  std::unique_ptr<ZSTD_CCtx, FreeContext> context_;
};

class ZstdDecompressor : public Decompressor {
 public:
  ZstdDecompressor() : context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) throw Error(ErrorCode::Internal, "zstd has no memory for a decompressor");
  }

  std::size_t decompress(std::span<const std::byte> in, std::span<std::byte> out) override {
    // Skippable frames and the formats from before version 0.8 begin in another way and are not data here.
    if (in.size() < kFrameMagic.size() || std::memcmp(in.data(), kFrameMagic.data(), kFrameMagic.size()) != 0) {
      throw Error(ErrorCode::Corrupt, "no zstd frame begins here");
    }
    const std::size_t frame_size = ZSTD_findFrameCompressedSize(in.data(), in.size());
    if (ZSTD_isError(frame_size) != 0) throw damaged(frame_size);
    const std::size_t size = ZSTD_decompressDCtx(context_.get(), out.data(), out.size(), in.data(), frame_size);
    if (ZSTD_isError(size) != 0) throw damaged(size);
    return size;
  }

 private:
  static Error damaged(std::size_t status) {
    return {ErrorCode::Corrupt, fmt::format("the zstd frame is damaged: {}", ZSTD_getErrorName(status))};
  }

  std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
};

}  // namespace

const OptionSet<ZstdOptions>& zstd_options() {
  static const auto set =
      OptionSet<ZstdOptions>()
          .add("level", &ZstdOptions::level, "From -7, the fastest, to 22, the smallest.",
               in_range(kLowestLevel, kHighestLevel))
          .add("checksum", &ZstdOptions::checksum,
               "Ends each frame with a checksum of its content; left out: true for a stream, false for the clusters of "
               "a container.")
          .add("long", &ZstdOptions::window_log,
               "Base-2 logarithm of the window in bytes, in which long distance matching looks; for streams, whose "
               "frames get as large, as does the memory for each thread.",
               in_range(kLowestWindowLog, kHighestWindowLog));
  return set;
}

std::unique_ptr<Compressor> ZstdCodec::compressor() const {
  return std::make_unique<ZstdCompressor>(options_.level, options_.checksum.value_or(false), std::nullopt);
}

std::unique_ptr<Compressor> ZstdCodec::frame_compressor() const {
  return std::make_unique<ZstdCompressor>(options_.level, options_.checksum.value_or(true), options_.window_log);
}

std::unique_ptr<Decompressor> ZstdCodec::decompressor() const { return std::make_unique<ZstdDecompressor>(); }

std::optional<std::size_t> ZstdCodec::frame_bound(std::size_t bytes) const {
  return ZSTD_compressBound(bytes) + kChecksumBytes;
}

std::size_t ZstdCodec::frame_bytes() const {
  return std::max(kUsualFrameBytes, std::size_t{1} << options_.window_log.value_or(0));
}

std::vector<std::byte> ZstdCodec::stream_trailer(std::span<const StreamFrame> frames) const {
  return make_seek_table(frames);
}

std::unique_ptr<StreamFormat> ZstdCodec::stream_format() const { return std::make_unique<ZstdStreamFormat>(); }

}  // namespace fstool::zstd
