/// \file
/// The zstd codec: Zstandard frames (RFC 8878), one for each block.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "fstool/codec.h"
#include "fstool/options.h"

namespace fstool::zstd {

inline constexpr int kLowestLevel = -7;
inline constexpr int kHighestLevel = 22;

struct ZstdOptions {
  int level = 3;
  bool checksum = false;
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

 private:
  ZstdOptions options_;
};

}  // namespace fstool::zstd
