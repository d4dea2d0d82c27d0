#include "layers/layer_tar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "digest.h"
#include "fstool/error.h"
#include "fstool/read_ahead.h"
#include "fstool/registry.h"
#include "fstool/size.h"
#include "fstool/spill.h"
#include "fstool/stream.h"
#include "fstool/stream_reader.h"

namespace fstool::oci {

namespace {

constexpr std::size_t kPieceBytes = 1024 * 1024;

/// How layers are compressed (OCI image specification, "Media Types"), by their first bytes, whatever is said of them.
struct Compression {
  std::string_view codec;  ///< as it is registered
  std::array<unsigned char, 4> magic;
  std::size_t magic_bytes;
  unsigned char first_byte_mask = 0xff;
};
constexpr Compression kCompressions[] = {
    {"gzip", {0x1f, 0x8b, 0x08, 0}, 3},     // RFC 1952, with the method "deflate"
    {"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4},  // RFC 8878, a frame
    // RFC 8878, a skippable frame: 0x184D2A50 to 0x184D2A5F
    {.codec = "zstd", .magic = {0x50, 0x2a, 0x4d, 0x18}, .magic_bytes = 4, .first_byte_mask = 0xf0},
};

/// The codec's name; empty if it isn't compressed.
std::string_view codec_of(const Blob& layer) {
  std::array<unsigned char, 4> begin{};
  layer.read(0, std::as_writable_bytes(std::span(begin)).first(std::min<std::uint64_t>(begin.size(), layer.size())));
  for (const Compression& compression : kCompressions) {
    auto bytes = begin;
    bytes[0] &= compression.first_byte_mask;
    if (std::equal(bytes.begin(), bytes.begin() + compression.magic_bytes, compression.magic.begin())) {
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
  std::vector<std::byte> buffer(kPieceBytes);
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

/// Decompresses a layer, and hashes what goes in and, in another thread, what comes out.
class LayerDecoder {
 public:
  LayerDecoder(const StoredLayer& layer, std::unique_ptr<StreamDecoder> decoder, std::uint64_t memory_bytes,
               SizeBound& bound, Context& context)
      : layer_(layer),
        bound_(bound),
        context_(context),
        reader_(*layer.bytes, std::move(decoder), [this](std::span<const std::byte> bytes) { hash_stored(bytes); }),
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
    for_each_piece(reader_, context_, [this](std::span<const std::byte> bytes) {
      bound_.add(bytes.size());
      unpacked_.update(bytes);
      spill_->append(bytes);
    });
  }

  void hash_stored(std::span<const std::byte> bytes) {
    if (stored_) stored_->update(bytes);
  }

  const StoredLayer& layer_;
  SizeBound& bound_;
  Context& context_;
  std::optional<Hasher> stored_;  // of what reader_ reads
  StreamReader reader_;
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
  return LayerDecoder(layer, format->stream_decoder(), memory_bytes, bound, context).run();
}

}  // namespace fstool::oci
