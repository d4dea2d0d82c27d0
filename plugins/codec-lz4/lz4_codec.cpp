#include "lz4_codec.h"

#include <fmt/format.h>
#include <lz4frame.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "fstool/error.h"
#include "lz4_stream.h"

namespace fstool::lz4 {
namespace {

constexpr std::uint64_t kKiB = 1024;

LZ4F_blockSizeID_t block_size_id(Bytes size) {
  if (size.value <= 64 * kKiB) return LZ4F_max64KB;
  if (size.value <= 256 * kKiB) return LZ4F_max256KB;
  if (size.value <= 1024 * kKiB) return LZ4F_max1MB;
  return LZ4F_max4MB;
}

LZ4F_preferences_t preferences_for(const Lz4Options& options, std::size_t bytes) {
  LZ4F_preferences_t preferences = LZ4F_INIT_PREFERENCES;
  preferences.frameInfo.blockSizeID = block_size_id(options.block_size);
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;
  preferences.frameInfo.contentChecksumFlag = options.checksum ? LZ4F_contentChecksumEnabled : LZ4F_noContentChecksum;
  preferences.frameInfo.contentSize = bytes;
  preferences.compressionLevel = options.level;
  return preferences;
}

class Lz4Compressor : public Compressor {
 public:
  explicit Lz4Compressor(const Lz4Options& options) : options_(options) {}

  std::optional<std::size_t> compress(std::span<const std::byte> in, std::span<std::byte> out) override {
    const LZ4F_preferences_t preferences = preferences_for(options_, in.size());
    // liblz4 wants room for the worst case, whatever comes of it.
    const std::size_t bound = LZ4F_compressFrameBound(in.size(), &preferences);
    if (out.size() >= bound) return compress_into(out, in, preferences);
    buffer_.resize(bound);
    const std::size_t size = compress_into(buffer_, in, preferences);
    if (size > out.size()) return std::nullopt;
    std::copy_n(buffer_.begin(), size, out.begin());
    return size;
  }

 private:
  static std::size_t compress_into(std::span<std::byte> out, std::span<const std::byte> in,
                                   const LZ4F_preferences_t& preferences) {
    const std::size_t size = LZ4F_compressFrame(out.data(), out.size(), in.data(), in.size(), &preferences);
    if (LZ4F_isError(size) == 0) return size;
    throw Error(ErrorCode::Internal, fmt::format("LZ4F_compressFrame failed: {}", LZ4F_getErrorName(size)));
  }

  Lz4Options options_;
  std::vector<std::byte> buffer_;
};

/// Reads one frame with the decoder of streams.
class Lz4Decompressor : public Decompressor {
 public:
  std::size_t decompress(std::span<const std::byte> in, std::span<std::byte> out) override {
    const std::unique_ptr<StreamDecoder> decoder = Lz4StreamFormat().stream_decoder();
    std::size_t produced = 0;
    std::array<std::byte, 1> spare{};  // for the end of a frame whose bytes are all out
    while (true) {
      const auto room = out.subspan(produced);
      const StreamDecoder::Step step = decoder->decode(in, room.empty() ? std::span(spare) : room);
      if (room.empty() && step.produced > 0) {
        throw Error(ErrorCode::Corrupt, fmt::format("the LZ4 frame holds more than {} bytes", out.size()));
      }
      produced += step.produced;
      in = in.subspan(step.consumed);
      if (step.frame_ended) return produced;
      if (step.consumed == 0 && step.produced == 0) throw Error(ErrorCode::Corrupt, "the LZ4 frame ends early");
    }
  }
};

}  // namespace

const OptionSet<Lz4Options>& lz4_options() {
  static const auto set =
      OptionSet<Lz4Options>()
          .add("level", &Lz4Options::level,
               "From 1, fast, to 12, the smallest; below 1 faster and larger the lower it is, as lz4 --fast.",
               in_range(kLowestLevel, kHighestLevel))
          .add("checksum", &Lz4Options::checksum, "Ends each frame with a checksum of its content.")
          .add("block_size", &Lz4Options::block_size, "Bytes that are compressed by themselves.",
               one_of<Bytes>({{64 * kKiB}, {256 * kKiB}, {1024 * kKiB}, {4096 * kKiB}}));
  return set;
}

std::unique_ptr<Compressor> Lz4Codec::compressor() const { return std::make_unique<Lz4Compressor>(options_); }

std::unique_ptr<Decompressor> Lz4Codec::decompressor() const { return std::make_unique<Lz4Decompressor>(); }

std::optional<std::size_t> Lz4Codec::frame_bound(std::size_t bytes) const {
  const LZ4F_preferences_t preferences = preferences_for(options_, bytes);
  return LZ4F_compressFrameBound(bytes, &preferences);
}

std::unique_ptr<StreamFormat> Lz4Codec::stream_format() const { return std::make_unique<Lz4StreamFormat>(); }

}  // namespace fstool::lz4
