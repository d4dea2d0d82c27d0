#include "xz_stream.h"

#include <fmt/format.h>
#include <lzma.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/window_reader.h"
#include "lzma_error.h"

namespace fstool::xz {
namespace {

/// A Stream begins with this (section 2.1.1.1).
using HeaderMagic = std::array<std::uint8_t, 6>;
constexpr HeaderMagic kHeaderMagic = {0xfd, '7', 'z', 'X', 'Z', 0x00};
/// Memory for the indexes of a file: liblzma takes 16 bytes for a Block, and some hundred for a Stream.
constexpr std::uint64_t kIndexMemory = std::uint64_t{256} << 20U;
constexpr std::size_t kIndexBuffer = 4096;

const std::uint8_t* input_bytes(std::span<const std::byte> in) {
  return reinterpret_cast<const std::uint8_t*>(in.data());
}

/// A coder of liblzma, which frees itself.
class Coder {
 public:
  ~Coder() { lzma_end(&stream_); }
  Coder() = default;
  Coder(const Coder&) = delete;
  Coder& operator=(const Coder&) = delete;

  lzma_stream* operator->() noexcept { return &stream_; }
  lzma_stream* get() noexcept { return &stream_; }

 private:
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

struct FreeIndex {
  void operator()(lzma_index* index) const noexcept { lzma_index_end(index, nullptr); }
};
using IndexPtr = std::unique_ptr<lzma_index, FreeIndex>;

/// The indexes of all Streams of a file, read from its end. Throws as decoding_error().
IndexPtr read_indexes(const Blob& file, Context& context) {
  Coder coder;
  lzma_index* found = nullptr;
  lzma_ret code = lzma_file_info_decoder(coder.get(), &found, kIndexMemory, file.size());
  std::vector<std::byte> buffer(kIndexBuffer);
  std::uint64_t position = 0;
  while (code == LZMA_OK || code == LZMA_SEEK_NEEDED) {
    context.check_cancelled();
    if (code == LZMA_SEEK_NEEDED) {
      position = coder->seek_pos;
      coder->avail_in = 0;
    }
    if (coder->avail_in == 0) {
      if (position >= file.size()) throw decoding_error(LZMA_DATA_ERROR);
      const auto part = std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), file.size() - position));
      file.read(position, part);
      position += part.size();
      coder->next_in = input_bytes(part);
      coder->avail_in = part.size();
    }
    code = lzma_code(coder.get(), LZMA_RUN);
  }
  if (code != LZMA_STREAM_END) throw decoding_error(code);
  return IndexPtr(found);
}

std::vector<StreamFrame> frames_of(const lzma_index& index) {
  std::vector<StreamFrame> frames;
  frames.reserve(lzma_index_block_count(&index));
  lzma_index_iter iterator;
  lzma_index_iter_init(&iterator, &index);
  while (!lzma_index_iter_next(&iterator, LZMA_INDEX_ITER_NONEMPTY_BLOCK)) {
    frames.push_back({.offset = iterator.block.compressed_file_offset,
                      .stored = iterator.block.total_size,
                      .size = iterator.block.uncompressed_size,
                      .kind = static_cast<std::uint32_t>(iterator.stream.flags->check)});
  }
  return frames;
}

/// Decodes a Block with its header (section 3), padding and check.
class BlockDecoder : public FrameDecoder {
 public:
  void decode(const StreamFrame& frame, std::span<const std::byte> stored, std::span<std::byte> out) override {
    std::array<lzma_filter, LZMA_FILTERS_MAX + 1> filters{};
    filters[0].id = LZMA_VLI_UNKNOWN;
    lzma_block block{};
    block.version = 1;
    block.check = static_cast<lzma_check>(frame.kind);
    block.filters = filters.data();
    // Of 0, which would be the index, 4 bytes would be the header.
    if (stored.empty() || stored.front() == std::byte{0}) throw Error(ErrorCode::Corrupt, "no xz block begins here");
    block.header_size = lzma_block_header_size_decode(std::to_integer<std::uint32_t>(stored.front()));
    if (block.header_size > stored.size()) throw Error(ErrorCode::Corrupt, "the header of the xz block is cut off");
    const lzma_ret code = lzma_block_header_decode(&block, nullptr, input_bytes(stored));
    if (code != LZMA_OK) throw decoding_error(code);
    const FreeFilters free_filters{filters.data()};
    if (lzma_raw_decoder_memusage(filters.data()) > kMemoryLimit) throw decoding_error(LZMA_MEMLIMIT_ERROR);
    decode_content(block, stored, out);
  }

 private:
  /// Frees the options that the header's decoder allocated.
  struct FreeFilters {
    lzma_filter* filters;
    ~FreeFilters() { lzma_filters_free(filters, nullptr); }
  };

  static void decode_content(lzma_block& block, std::span<const std::byte> stored, std::span<std::byte> out) {
    std::size_t consumed = block.header_size;
    std::size_t produced = 0;
    const lzma_ret code = lzma_block_buffer_decode(&block, nullptr, input_bytes(stored), &consumed, stored.size(),
                                                   reinterpret_cast<std::uint8_t*>(out.data()), &produced, out.size());
    if (code != LZMA_OK) throw decoding_error(code);
    if (produced < out.size()) {
      throw Error(ErrorCode::Corrupt, fmt::format("it holds {} bytes in place of {}", produced, out.size()));
    }
    if (consumed < stored.size()) {
      throw Error(ErrorCode::Corrupt, fmt::format("it ends {} bytes before it should", stored.size() - consumed));
    }
  }
};

/// Streams one after the other, with the padding between them (section 2.2).
class XzStreamDecoder : public StreamDecoder {
 public:
  Step decode(std::span<const std::byte> in, std::span<std::byte> out) override {
    if (!in_stream_) {
      if (const std::size_t zeros = streams_ > 0 ? take_padding(in) : 0; zeros > 0) return {.consumed = zeros};
      if (in.empty()) return {};
      begin_stream();
    }
    coder_->next_in = input_bytes(in);
    coder_->avail_in = in.size();
    coder_->next_out = reinterpret_cast<std::uint8_t*>(out.data());
    coder_->avail_out = out.size();
    const lzma_ret code = lzma_code(coder_.get(), LZMA_RUN);
    // BUF_ERROR: nothing can be done without more input.
    if (code != LZMA_OK && code != LZMA_STREAM_END && code != LZMA_BUF_ERROR) throw decoding_error(code);
    const bool ended = code == LZMA_STREAM_END;
    if (ended) {
      in_stream_ = false;
      padding_ = 0;
      ++streams_;
    }
    return {.consumed = in.size() - coder_->avail_in, .produced = out.size() - coder_->avail_out, .frame_ended = ended};
  }

  bool may_end() const override { return !in_stream_ && padding_ % kPaddingUnit == 0; }

 private:
  static constexpr std::size_t kPaddingUnit = 4;

  std::size_t take_padding(std::span<const std::byte> in) {
    const auto end = std::ranges::find_if(in, [](std::byte byte) { return byte != std::byte{0}; });
    const auto zeros = static_cast<std::size_t>(end - in.begin());
    padding_ += zeros;
    return zeros;
  }

  void begin_stream() {
    if (padding_ % kPaddingUnit != 0) {
      throw Error(ErrorCode::Corrupt, "the zeros behind an xz stream are no multiple of 4 bytes");
    }
    const lzma_ret code = lzma_stream_decoder(coder_.get(), kMemoryLimit, 0);
    if (code != LZMA_OK) throw decoding_error(code);
    in_stream_ = true;
  }

  Coder coder_;
  bool in_stream_ = false;
  std::uint64_t padding_ = 0;  // bytes since the last Stream
  std::uint64_t streams_ = 0;  // that have ended
};

}  // namespace

bool XzStreamFormat::probe(const Blob& file) const { return WindowReader(file).get<HeaderMagic>(0) == kHeaderMagic; }

std::optional<std::vector<StreamFrame>> XzStreamFormat::frames(const Blob& file, Context& context) const {
  IndexPtr index;
  try {
    index = read_indexes(file, context);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::Unsupported) return std::nullopt;  // too many blocks
    if (error.code() != ErrorCode::Corrupt) throw;
    context.report_damage(fmt::format("the index of the xz file is damaged or cut off: {}", error.what()));
    return std::nullopt;
  }
  if (lzma_index_block_count(index.get()) > kMaxStreamFrames) return std::nullopt;
  return frames_of(*index);
}

std::unique_ptr<FrameDecoder> XzStreamFormat::frame_decoder() const { return std::make_unique<BlockDecoder>(); }

std::unique_ptr<StreamDecoder> XzStreamFormat::stream_decoder() const { return std::make_unique<XzStreamDecoder>(); }

}  // namespace fstool::xz
