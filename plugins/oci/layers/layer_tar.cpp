#include "layers/layer_tar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "digest.h"
#include "fstool/error.h"
#include "fstool/registry.h"
#include "fstool/size.h"
#include "fstool/spill.h"
#include "fstool/stream.h"

namespace fstool::oci {

namespace {

constexpr std::size_t kInputBytes = 256 * 1024;
constexpr std::size_t kOutputBytes = 1024 * 1024;

/// How layers are compressed (OCI image specification, "Media Types"), by their first bytes, whatever is said of them.
struct Compression {
  std::string_view codec;  ///< as it is registered
  std::array<unsigned char, 4> magic;
  std::size_t magic_bytes;
};
constexpr Compression kCompressions[] = {
    {"gzip", {0x1f, 0x8b, 0x08, 0}, 3},     // RFC 1952, with the method "deflate"
    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4},  // RFC 8878, a frame
    {"zstd", {0x50, 0x2a, 0x4d, 0x18}, 4},  // RFC 8878, a skippable frame
};

/// The codec's name; empty if it isn't compressed.
std::string_view codec_of(const Blob& layer) {
  std::array<unsigned char, 4> begin{};
  layer.read(0, std::as_writable_bytes(std::span(begin)).first(std::min<std::uint64_t>(begin.size(), layer.size())));
  for (const Compression& compression : kCompressions) {
    if (std::equal(begin.begin(), begin.begin() + compression.magic_bytes, compression.magic.begin())) {
      return compression.codec;
    }
  }
  return {};
}

void require(const Digest& found, const Digest& expected, std::string_view what) {
  if (found == expected) return;
  throw Error(ErrorCode::Corrupt,
              fmt::format("it is damaged: {} is {} instead of {}", what, found.text(), expected.text()));
}

constexpr std::string_view kStored = "its digest";
constexpr std::string_view kUnpacked = "its digest, decompressed,";

/// Calls `take` with all bytes, piece by piece.
template <class Take>
void for_pieces(const Blob& blob, Take&& take) {
  std::vector<std::byte> buffer(kOutputBytes);
  for (std::uint64_t offset = 0; offset < blob.size(); offset += buffer.size()) {
    const auto piece = std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), blob.size() - offset));
    blob.read(offset, piece);
    take(piece);
  }
}

/// The digest of all bytes.
Digest digest_of(const Blob& blob, std::string_view algorithm) {
  Hasher hasher(algorithm);
  for_pieces(blob, [&](std::span<const std::byte> piece) { hasher.update(piece); });
  return hasher.finish();
}

/// A layer that isn't compressed: both digests are of the same bytes.
void check_plain(const StoredLayer& layer, Context& context) {
  Hasher hasher(layer.diff_id.algorithm);
  for_pieces(*layer.bytes, [&](std::span<const std::byte> piece) {
    hasher.update(piece);
    context.advance(piece.size());
  });
  const Digest found = hasher.finish();
  if (layer.digest) {
    const std::string& algorithm = layer.digest->algorithm;
    require(algorithm == found.algorithm ? found : digest_of(*layer.bytes, algorithm), *layer.digest, kStored);
  }
  require(found, layer.diff_id, "its digest, by its configuration,");
}

/// Decompresses a layer, and hashes what goes in and what comes out.
class LayerDecoder {
 public:
  LayerDecoder(const StoredLayer& layer, StreamDecoder& decoder, std::uint64_t memory_bytes, SizeBound& bound,
               Context& context)
      : layer_(layer),
        decoder_(decoder),
        bound_(bound),
        context_(context),
        output_(kOutputBytes),
        unpacked_(layer.diff_id.algorithm),
        spill_(std::make_shared<Spill>(Spill::Options{.memory_bytes = memory_bytes})) {
    if (layer.digest) stored_.emplace(layer.digest->algorithm);
  }

  BlobPtr run() {
    try {
      decode_all();
    } catch (const Error& error) {
      // What was damaged on its way is told of as that.
      if (error.code() == ErrorCode::Corrupt && layer_.digest) {
        require(digest_of(*layer_.bytes, layer_.digest->algorithm), *layer_.digest, kStored);
      }
      throw;
    }
    if (stored_) require(stored_->finish(), *layer_.digest, kStored);
    require(unpacked_.finish(), layer_.diff_id, kUnpacked);
    return spill_;
  }

 private:
  void decode_all() {
    std::vector<std::byte> input(kInputBytes);
    for (std::uint64_t offset = 0; offset < layer_.bytes->size();) {
      const auto piece = std::span(input).first(std::min<std::uint64_t>(input.size(), layer_.bytes->size() - offset));
      layer_.bytes->read(offset, piece);
      const std::size_t taken = decode(piece);
      if (taken == 0) throw Error(ErrorCode::Corrupt, "its compressed stream makes no sense");
      if (stored_) stored_->update(piece.first(taken));
      context_.advance(taken);
      offset += taken;
    }
    if (!decoder_.may_end()) throw Error(ErrorCode::Corrupt, "its compressed stream is cut off");
  }

  /// Returns how much of it the decoder took.
  std::size_t decode(std::span<const std::byte> in) {
    std::size_t taken = 0;
    while (true) {
      const StreamDecoder::Step step = decoder_.decode(in.subspan(taken), output_);
      const auto made = std::span(output_).first(step.produced);
      bound_.add(made.size());
      unpacked_.update(made);
      spill_->append(made);
      taken += step.consumed;
      if (step.consumed == 0 && step.produced == 0 && !step.frame_ended) return taken;
      context_.check_cancelled();
    }
  }

  const StoredLayer& layer_;
  StreamDecoder& decoder_;
  SizeBound& bound_;
  Context& context_;
  std::vector<std::byte> output_;
  std::optional<Hasher> stored_;
  Hasher unpacked_;
  std::shared_ptr<Spill> spill_;
};

}  // namespace

void SizeBound::add(std::uint64_t bytes) {
  const std::uint64_t total = total_.fetch_add(bytes) + bytes;
  if (total <= most_) return;
  throw Error(ErrorCode::Unsupported,
              fmt::format("the layers decompress to more than max_size = \"{}\" together", size_text(most_)));
}

BlobPtr open_layer_tar(const StoredLayer& layer, std::uint64_t memory_bytes, SizeBound& bound, Context& context) {
  const std::string_view codec = codec_of(*layer.bytes);
  if (codec.empty()) {
    check_plain(layer, context);
    return layer.bytes;
  }
  const std::unique_ptr<StreamFormat> format = context.registry().get<Codec>(codec).create({})->stream_format();
  if (!format) throw Error(ErrorCode::Unsupported, fmt::format("the codec {} has no streams to read", codec));
  const std::unique_ptr<StreamDecoder> decoder = format->stream_decoder();
  return LayerDecoder(layer, *decoder, memory_bytes, bound, context).run();
}

}  // namespace fstool::oci
