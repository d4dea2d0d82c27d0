#include "zstd_stream.h"

#include <fmt/format.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstdint>
#include <cstring>
#include <span>

#include "frame_header.h"
#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/window_reader.h"
#include "seek_table.h"

namespace fstool::zstd {
namespace {

using boost::endian::little_uint32_t;

constexpr unsigned kLargestWindowLog = 27;
constexpr std::uint64_t kChecksumBytes = 4;
/// Of a stream so many frames to be skipped are looked behind for the first with data.
constexpr int kMostSkippedFirst = 16;

bool is_skippable(std::uint32_t magic) { return (magic & kSkippableMask) == kSkippableMagic; }

Error cut_off(std::uint64_t offset) {
  return {ErrorCode::Corrupt, fmt::format("the frame at byte {} is cut off by the end of the file", offset)};
}

/// The offset behind the last block of a frame whose header ends at `offset`. The frame begins at `frame`.
std::uint64_t skip_blocks(WindowReader& file, std::uint64_t offset, std::uint64_t frame) {
  constexpr unsigned kReservedType = 3;
  while (true) {
    const auto block = file.get<BlockHeader>(offset);
    if (!block) throw cut_off(frame);
    if (block->type() == kReservedType) {
      throw Error(ErrorCode::Corrupt, fmt::format("the frame at byte {} has a block at byte {} of a kind that there is "
                                                  "not",
                                                  frame, offset));
    }
    offset += sizeof(BlockHeader) + block->stored();
    if (block->is_last()) return offset;
  }
}

/// Goes from frame to frame. Nothing if one doesn't tell its size, or there are too many.
std::optional<std::vector<StreamFrame>> walk_frames(WindowReader& file, Context& context) {
  std::vector<StreamFrame> frames;
  for (std::uint64_t offset = 0; offset < file.size();) {
    context.check_cancelled();
    const std::uint64_t begin = offset;
    if (const auto header = read_frame_header(file, begin)) {
      if (!header->content_size || frames.size() == kMaxStreamFrames) return std::nullopt;
      offset = skip_blocks(file, begin + header->bytes, begin) + (header->has_checksum ? kChecksumBytes : 0);
      if (offset > file.size()) throw cut_off(begin);
      if (*header->content_size != 0) {
        frames.push_back({.offset = begin, .stored = offset - begin, .size = *header->content_size});
      }
      continue;
    }
    const auto skippable = file.get<SkippableHeader>(begin);
    if (!skippable) throw cut_off(begin);
    if (!is_skippable(skippable->magic)) {
      throw Error(ErrorCode::Corrupt, fmt::format("what follows the frames, at byte {}, is no zstd frame", begin));
    }
    offset += sizeof(SkippableHeader) + skippable->bytes;
    if (offset > file.size()) throw cut_off(begin);
  }
  return frames;
}

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const noexcept { ZSTD_freeDCtx(context); }
};

Error decoding_error(std::size_t status) {
  switch (ZSTD_getErrorCode(status)) {
    case ZSTD_error_frameParameter_windowTooLarge:
      return {ErrorCode::Unsupported, fmt::format("it needs more than the {} MiB of memory that decompressing may take",
                                                  (1U << kLargestWindowLog) >> 20U)};
    case ZSTD_error_dictionary_wrong:
      return {ErrorCode::Unsupported, "it needs a dictionary"};
    default:
      return {ErrorCode::Corrupt, fmt::format("the zstd frame is damaged: {}", ZSTD_getErrorName(status))};
  }
}

class ZstdStreamDecoder : public StreamDecoder {
 public:
  ZstdStreamDecoder() : context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) throw Error(ErrorCode::Internal, "zstd has no memory for a decompressor");
    const std::size_t status = ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kLargestWindowLog);
    if (ZSTD_isError(status) != 0) throw decoding_error(status);
  }

  Step decode(std::span<const std::byte> in, std::span<std::byte> out) override {
    if (in_frame_) return run(in, out);
    if (magic_bytes_ == 0 && in.size() >= magic_.size()) {
      std::ranges::copy(in.first(magic_.size()), magic_.begin());
      check_magic();
      return run(in, out);
    }
    return take_magic(in, out);
  }

  bool may_end() const override { return !in_frame_ && magic_bytes_ == 0; }

 private:
  /// A frame begins near the end of an input: its first bytes come one by one.
  Step take_magic(std::span<const std::byte> in, std::span<std::byte> out) {
    const auto part = in.first(std::min(in.size(), magic_.size() - magic_bytes_));
    std::ranges::copy(part, magic_.begin() + static_cast<std::ptrdiff_t>(magic_bytes_));
    magic_bytes_ += part.size();
    if (magic_bytes_ == magic_.size()) {
      check_magic();
      magic_bytes_ = 0;
      run(magic_, out);  // keeps them: they are less than a header
    }
    return {.consumed = part.size()};
  }

  /// libzstd also knows the formats from before version 0.8, which nobody has by now and which are no frames here.
  void check_magic() const {
    little_uint32_t magic;
    std::memcpy(&magic, magic_.data(), sizeof(magic));
    if (magic != kFrameMagic && !is_skippable(magic)) throw Error(ErrorCode::Corrupt, "no zstd frame begins here");
  }

  Step run(std::span<const std::byte> in, std::span<std::byte> out) {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t status = ZSTD_decompressStream(context_.get(), &output, &input);
    if (ZSTD_isError(status) != 0) throw decoding_error(status);
    in_frame_ = status != 0;
    return {.consumed = input.pos, .produced = output.pos, .frame_ended = status == 0};
  }

  std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
  std::array<std::byte, sizeof(kFrameMagic)> magic_{};
  std::size_t magic_bytes_ = 0;  // that are in magic_ and have not been decoded
  bool in_frame_ = false;
};

}  // namespace

bool ZstdStreamFormat::probe(const Blob& file) const {
  WindowReader reader(file);
  std::uint64_t offset = 0;
  for (int skipped = 0; skipped <= kMostSkippedFirst; ++skipped) {
    const auto magic = reader.get<little_uint32_t>(offset);
    if (!magic) return false;
    if (*magic == kFrameMagic) return true;
    const auto skippable = reader.get<SkippableHeader>(offset);
    if (!skippable || !is_skippable(skippable->magic)) return false;
    offset += sizeof(SkippableHeader) + skippable->bytes;
  }
  return false;
}

std::optional<std::vector<StreamFrame>> ZstdStreamFormat::frames(const Blob& file, Context& context) const {
  WindowReader reader(file);
  if (auto frames = read_seek_table(reader, context)) return frames;
  return walk_frames(reader, context);
}

std::unique_ptr<FrameDecoder> ZstdStreamFormat::frame_decoder() const { return make_frame_decoder(stream_decoder()); }

std::unique_ptr<StreamDecoder> ZstdStreamFormat::stream_decoder() const {
  return std::make_unique<ZstdStreamDecoder>();
}

}  // namespace fstool::zstd
