#include "gzip_stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "fstool/checksum.h"
#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/window_reader.h"
#include "gzip_member.h"
#include "isal_engine.h"

namespace fstool::deflate {
namespace {

using boost::endian::little_uint16_t;
using boost::endian::little_uint32_t;

/// Bytes of a member without content, whatever made it and whatever is in its header.
constexpr std::uint64_t kLargestEmptyMember = 256;

bool is_field(const Subfield& field, std::uint8_t id1, std::uint8_t id2, std::size_t bytes) {
  return field.id1 == id1 && field.id2 == id2 && field.bytes == bytes;
}

/// How long the member at `offset` says that it is; nothing if it doesn't say.
std::optional<std::uint64_t> member_size(WindowReader& file, std::uint64_t offset, const MemberHeader& header) {
  if ((header.flags & kHasExtra) == 0) return std::nullopt;
  std::uint64_t at = offset + sizeof(MemberHeader);
  const auto extra_bytes = file.get<little_uint16_t>(at);
  if (!extra_bytes) return std::nullopt;
  at += sizeof(little_uint16_t);
  const std::uint64_t end = at + *extra_bytes;
  while (end - at >= sizeof(Subfield)) {
    const auto field = file.get<Subfield>(at);
    if (!field) return std::nullopt;
    at += sizeof(Subfield);
    if (field->bytes > end - at) return std::nullopt;
    if (is_field(*field, MemberSizeField::kFieldId1, MemberSizeField::kFieldId2, sizeof(little_uint32_t))) {
      const auto bytes = file.get<little_uint32_t>(at);
      return bytes ? std::optional<std::uint64_t>(*bytes) : std::nullopt;
    }
    // BGZF: the size of the member less one.
    if (is_field(*field, 'B', 'C', sizeof(little_uint16_t))) {
      const auto bytes = file.get<little_uint16_t>(at);
      return bytes ? std::optional<std::uint64_t>(std::uint64_t{*bytes} + 1) : std::nullopt;
    }
    at += field->bytes;
  }
  return std::nullopt;
}

/// True if nothing but zeros follows.
bool is_padding(const Blob& file, std::uint64_t offset) {
  std::vector<std::byte> buffer(64 * 1024);
  while (offset < file.size()) {
    const auto part = std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), file.size() - offset));
    file.read(offset, part);
    if (!is_zero(part)) return false;
    offset += part.size();
  }
  return true;
}

class GzipStreamDecoder : public StreamDecoder {
 public:
  Step decode(std::span<const std::byte> in, std::span<std::byte> out) override {
    Step step;
    if (padding_ || (members_ > 0 && header_.at_start() && !in.empty() && in.front() == std::byte{0})) {
      padding_ = true;
      if (!is_zero(in)) throw Error(ErrorCode::Corrupt, "zeros and something else follow the members");
      step.consumed = in.size();
      return step;
    }
    if (!header_.done()) {
      step.consumed = header_.take(in);
      in = in.subspan(step.consumed);
    }
    if (header_.done() && !inflater_.ended()) inflate(in, out, step);
    if (inflater_.ended()) take_trailer(in, step);
    return step;
  }

  bool may_end() const override { return header_.at_start(); }

 private:
  void inflate(std::span<const std::byte>& in, std::span<std::byte> out, Step& step) {
    const IsalInflater::Step inflated = inflater_.inflate(in, out);
    in = in.subspan(inflated.consumed);
    step.consumed += inflated.consumed;
    step.produced = inflated.produced;
    crc_ = crc32(crc_, out.first(inflated.produced));
    size_ += inflated.produced;
    if (inflater_.ended()) trailer_ = inflater_.bytes_behind();
  }

  void take_trailer(std::span<const std::byte> in, Step& step) {
    const auto part = in.first(std::min(in.size(), sizeof(MemberTrailer) - trailer_.size()));
    trailer_.insert(trailer_.end(), part.begin(), part.end());
    step.consumed += part.size();
    if (trailer_.size() < sizeof(MemberTrailer)) return;
    check_trailer();
    ++members_;
    step.frame_ended = true;
    header_ = {};
    inflater_.reset();
    trailer_.clear();
    crc_ = 0;
    size_ = 0;
  }

  void check_trailer() const {
    MemberTrailer trailer;
    std::ranges::copy(trailer_, std::as_writable_bytes(std::span(&trailer, 1)).begin());
    if (trailer.crc32 != crc_) throw Error(ErrorCode::Corrupt, "the checksum of the gzip member is wrong");
    if (trailer.size != static_cast<std::uint32_t>(size_)) {
      throw Error(ErrorCode::Corrupt, fmt::format("the gzip member holds {} bytes, and says {}", size_,
                                                  static_cast<std::uint32_t>(trailer.size)));
    }
  }

  HeaderReader header_;
  IsalInflater inflater_;
  std::vector<std::byte> trailer_;  // as much of it as has come
  std::uint32_t crc_ = 0;           // of the content
  std::uint64_t size_ = 0;          // of the content, in bytes
  std::uint64_t members_ = 0;       // that have ended
  bool padding_ = false;            // only zeros may come
};

}  // namespace

bool GzipStreamFormat::probe(const Blob& file) const {
  const auto header = WindowReader(file).get<MemberHeader>(0);
  return header && header->is_valid();
}

std::optional<std::vector<StreamFrame>> GzipStreamFormat::frames(const Blob& file, Context& context) const {
  WindowReader reader(file);
  WindowReader trailers(file);
  std::vector<StreamFrame> frames;
  for (std::uint64_t offset = 0; offset < file.size();) {
    context.check_cancelled();
    const auto header = reader.get<MemberHeader>(offset);
    if (!header || !header->is_valid()) {
      if (is_padding(file, offset)) break;
      context.report_damage(
          fmt::format("no gzip member begins at byte {}, where the one before says that it ends", offset));
      return std::nullopt;
    }
    const std::optional<std::uint64_t> stored = member_size(reader, offset, *header);
    if (!stored || frames.size() == kMaxStreamFrames) return std::nullopt;
    if (*stored < sizeof(MemberHeader) + sizeof(MemberTrailer) || *stored > file.size() - offset) {
      context.report_damage(
          fmt::format("the gzip member at byte {} says that it has {} bytes, of the {} that there are", offset, *stored,
                      file.size() - offset));
      return std::nullopt;
    }
    const auto trailer = trailers.get<MemberTrailer>(offset + *stored - sizeof(MemberTrailer));
    if (!trailer) return std::nullopt;
    // The size is counted modulo 2^32: no content, or a multiple of that.
    if (trailer->size == 0 && *stored > kLargestEmptyMember) return std::nullopt;
    if (trailer->size != 0) frames.push_back({.offset = offset, .stored = *stored, .size = trailer->size});
    offset += *stored;
  }
  return frames;
}

std::unique_ptr<FrameDecoder> GzipStreamFormat::frame_decoder() const { return make_frame_decoder(stream_decoder()); }

std::unique_ptr<StreamDecoder> GzipStreamFormat::stream_decoder() const {
  return std::make_unique<GzipStreamDecoder>();
}

}  // namespace fstool::deflate
