/// \file
/// The zstd codec: Zstandard frames (RFC 8878), one for each block, and streams of them.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fstool/codec.h"
#include "fstool/options.h"

namespace fstool::zstd {

inline constexpr int kLowestLevel = -7;
inline constexpr int kHighestLevel = 22;
inline constexpr int kLowestWindowLog = 10;
/// What zstd(1) and the stream reader take without being asked to.
inline constexpr int kHighestWindowLog = 27;

struct ZstdOptions {
  int level = 3;
  std::optional<bool> checksum = {};   ///< nothing: true for the frames of a stream, false for blocks
  std::optional<int> window_log = {};  ///< base-2 logarithm of the window in bytes, of the frames of a stream
};

const OptionSet<ZstdOptions>& zstd_options();

class ZstdCodec : public Codec {
 public:
  explicit ZstdCodec(ZstdOptions options) : options_(options) {}

  std::string name() const override { return "zstd"; }
  std::unique_ptr<Compressor> compressor() const override;
  /// Reads one frame. Its window size doesn't matter: `out` is the window, so no memory is taken for it.
  std::unique_ptr<Decompressor> decompressor() const override;
  std::optional<std::size_t> frame_bound(std::size_t bytes) const override;
  std::unique_ptr<Compressor> frame_compressor() const override;
  /// The usual size, or that of the window if it is larger.
  std::size_t frame_bytes() const override;
  /// The seek table of the frames.
  std::vector<std::byte> stream_trailer(std::span<const StreamFrame> frames) const override;
  std::unique_ptr<StreamFormat> stream_format() const override;

 private:
  ZstdOptions options_;
};

}  // namespace fstool::zstd
