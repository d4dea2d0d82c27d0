#include "lz4_stream.h"

#include <fmt/format.h>
#include <lz4frame.h>

#include <boost/endian/arithmetic.hpp>
#include <cstdint>
#include <span>

#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/window_reader.h"

namespace fstool::lz4 {
namespace {

using boost::endian::little_uint32_t;
using boost::endian::little_uint64_t;

constexpr std::uint32_t kFrameMagic = 0x184D2204;
/// A frame that decoders skip begins with this, or one of the 15 numbers behind it.
constexpr std::uint32_t kSkippableMagic = 0x184D2A50;
constexpr std::uint32_t kSkippableMask = 0xFFFFFFF0;
/// Of a stream so many frames to be skipped are looked behind for the first with data.
constexpr int kMostSkippedFirst = 16;
/// Of a frame or a block.
constexpr std::uint64_t kChecksumBytes = 4;

/// What a frame begins with (LZ4 frame format 1.6.1, "General Structure"). The size of the content and the number of a
/// dictionary follow, if the flags say so, and then a byte of a checksum.
struct FrameHeader {
  little_uint32_t magic;
  std::uint8_t flags;
  std::uint8_t block_descriptor;

  bool is_valid() const {
    constexpr std::uint8_t kVersion = 1;
    constexpr std::uint8_t kReservedBits = 0x8f;  // of the block descriptor
    return magic == kFrameMagic && flags >> 6U == kVersion && (block_descriptor & kReservedBits) == 0;
  }
  bool has_block_checksums() const { return (flags & 0x10U) != 0; }
  bool has_content_size() const { return (flags & 0x08U) != 0; }
  bool has_content_checksum() const { return (flags & 0x04U) != 0; }
  bool has_dictionary() const { return (flags & 0x01U) != 0; }
  /// Of all that comes before the first block, in bytes.
  std::uint64_t bytes() const {
    constexpr std::uint64_t kHeaderChecksumBytes = 1;
    return sizeof(FrameHeader) + (has_content_size() ? sizeof(little_uint64_t) : 0) +
           (has_dictionary() ? sizeof(little_uint32_t) : 0) + kHeaderChecksumBytes;
  }
};
static_assert(sizeof(FrameHeader) == 6);

struct SkippableHeader {
  little_uint32_t magic;
  little_uint32_t bytes;  // of what follows

  bool is_valid() const { return (magic & kSkippableMask) == kSkippableMagic; }
};
static_assert(sizeof(SkippableHeader) == 8);

/// What every block begins with, and, 0, what ends a frame.
struct BlockHeader {
  little_uint32_t bits;

  bool is_end() const { return bits == 0; }
  /// Of what follows, without the checksum; bit 31: it isn't compressed.
  std::uint64_t stored() const { return bits & 0x7fffffffU; }
};
static_assert(sizeof(BlockHeader) == 4);

Error cut_off(std::uint64_t offset) {
  return {ErrorCode::Corrupt, fmt::format("the frame at byte {} is cut off by the end of the file", offset)};
}

/// The end of the frame at `offset`.
std::uint64_t end_of_frame(WindowReader& file, std::uint64_t offset, const FrameHeader& header) {
  const std::uint64_t block_checksum = header.has_block_checksums() ? kChecksumBytes : 0;
  std::uint64_t at = offset + header.bytes();
  while (true) {
    const auto block = file.get<BlockHeader>(at);
    if (!block) throw cut_off(offset);
    at += sizeof(BlockHeader);
    if (block->is_end()) break;
    at += block->stored() + block_checksum;
  }
  at += header.has_content_checksum() ? kChecksumBytes : 0;
  if (at > file.size()) throw cut_off(offset);
  return at;
}

/// How many bytes the frame at `offset` holds; nothing if it doesn't say.
std::optional<std::uint64_t> content_size(WindowReader& file, std::uint64_t offset, const FrameHeader& header) {
  if (header.has_content_size()) {
    const auto size = file.get<little_uint64_t>(offset + sizeof(FrameHeader));
    return size ? std::optional<std::uint64_t>(*size) : std::nullopt;
  }
  const auto block = file.get<BlockHeader>(offset + header.bytes());
  return block && block->is_end() ? std::optional<std::uint64_t>(0) : std::nullopt;
}

class Lz4StreamDecoder : public StreamDecoder {
 public:
  Lz4StreamDecoder() {
    const LZ4F_errorCode_t status = LZ4F_createDecompressionContext(&context_, LZ4F_VERSION);
    if (LZ4F_isError(status) != 0) throw Error(ErrorCode::Internal, "LZ4 has no memory for a decompressor");
  }
  ~Lz4StreamDecoder() override { LZ4F_freeDecompressionContext(context_); }
  Lz4StreamDecoder(const Lz4StreamDecoder&) = delete;
  Lz4StreamDecoder& operator=(const Lz4StreamDecoder&) = delete;

  Step decode(std::span<const std::byte> in, std::span<std::byte> out) override {
    if (in.empty() && !in_frame_) return {};
    std::size_t consumed = in.size();
    std::size_t produced = out.size();
    const std::size_t status = LZ4F_decompress(context_, out.data(), &produced, in.data(), &consumed, nullptr);
    if (LZ4F_isError(status) != 0) {
      throw Error(ErrorCode::Corrupt, fmt::format("the LZ4 frame is damaged: {}", LZ4F_getErrorName(status)));
    }
    in_frame_ = status != 0;
    return {.consumed = consumed, .produced = produced, .frame_ended = status == 0};
  }

  bool may_end() const override { return !in_frame_; }

 private:
  LZ4F_dctx* context_ = nullptr;
  bool in_frame_ = false;
};

}  // namespace

bool Lz4StreamFormat::probe(const Blob& file) const {
  WindowReader reader(file);
  std::uint64_t offset = 0;
  for (int skipped = 0; skipped <= kMostSkippedFirst; ++skipped) {
    const auto header = reader.get<FrameHeader>(offset);
    if (header && header->is_valid()) return true;
    const auto skippable = reader.get<SkippableHeader>(offset);
    if (!skippable || !skippable->is_valid()) return false;
    offset += sizeof(SkippableHeader) + skippable->bytes;
  }
  return false;
}

std::optional<std::vector<StreamFrame>> Lz4StreamFormat::frames(const Blob& file, Context& context) const {
  WindowReader reader(file);
  std::vector<StreamFrame> frames;
  for (std::uint64_t offset = 0; offset < file.size();) {
    context.check_cancelled();
    if (const auto header = reader.get<FrameHeader>(offset); header && header->is_valid()) {
      const std::optional<std::uint64_t> size = content_size(reader, offset, *header);
      if (!size || frames.size() == kMaxStreamFrames) return std::nullopt;
      const std::uint64_t end = end_of_frame(reader, offset, *header);
      if (*size != 0) frames.push_back({.offset = offset, .stored = end - offset, .size = *size});
      offset = end;
      continue;
    }
    const auto skippable = reader.get<SkippableHeader>(offset);
    if (!skippable) throw cut_off(offset);
    if (!skippable->is_valid()) {
      throw Error(ErrorCode::Corrupt, fmt::format("what follows the frames, at byte {}, is no LZ4 frame", offset));
    }
    offset += sizeof(SkippableHeader) + skippable->bytes;
    if (offset > file.size()) throw cut_off(offset);
  }
  return frames;
}

std::unique_ptr<FrameDecoder> Lz4StreamFormat::frame_decoder() const { return make_frame_decoder(stream_decoder()); }

std::unique_ptr<StreamDecoder> Lz4StreamFormat::stream_decoder() const { return std::make_unique<Lz4StreamDecoder>(); }

}  // namespace fstool::lz4
