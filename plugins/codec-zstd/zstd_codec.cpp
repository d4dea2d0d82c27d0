#include "zstd_codec.h"

#include <fmt/format.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "fstool/error.h"

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
  explicit ZstdCompressor(const ZstdOptions& options) : context_(ZSTD_createCCtx()) {
    if (context_ == nullptr) throw Error(ErrorCode::Internal, "zstd has no memory for a compressor");
    require(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, options.level), "ZSTD_CCtx_setParameter");
    require(ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, options.checksum ? 1 : 0),
            "ZSTD_CCtx_setParameter");
  }

  std::optional<std::size_t> compress(std::span<const std::byte> in, std::span<std::byte> out) override {
    const std::size_t size = ZSTD_compress2(context_.get(), out.data(), out.size(), in.data(), in.size());
    if (ZSTD_getErrorCode(size) == ZSTD_error_dstSize_tooSmall) return std::nullopt;
    require(size, "ZSTD_compress2");
    return size;
  }

 private:
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
          .add("checksum", &ZstdOptions::checksum, "Ends each frame with a checksum of its content.");
  return set;
}

std::unique_ptr<Compressor> ZstdCodec::compressor() const { return std::make_unique<ZstdCompressor>(options_); }

std::unique_ptr<Decompressor> ZstdCodec::decompressor() const { return std::make_unique<ZstdDecompressor>(); }

std::optional<std::size_t> ZstdCodec::frame_bound(std::size_t bytes) const {
  return ZSTD_compressBound(bytes) + (options_.checksum ? kChecksumBytes : 0);
}

}  // namespace fstool::zstd
