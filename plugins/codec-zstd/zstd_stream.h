/// \file
/// Reading streams of zstd frames, whoever made them.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "fstool/stream.h"

namespace fstool::zstd {

/// Frames are found by the seek table, if there is one, else by going from block to block; they can be read by
/// themselves if each tells its size, as the frames of zstd(1) do that come from files. Windows may have up to 128 MiB,
/// zstd(1)'s limit as well.
class ZstdStreamFormat : public StreamFormat {
 public:
  bool probe(const Blob& file) const override;
  std::optional<std::vector<StreamFrame>> frames(const Blob& file, Context& context) const override;
  std::unique_ptr<FrameDecoder> frame_decoder() const override;
  std::unique_ptr<StreamDecoder> stream_decoder() const override;
};

}  // namespace fstool::zstd
