/// \file
/// Reading .xz files (the .xz file format 1.1.0), whoever made them.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "fstool/stream.h"

namespace fstool::xz {

/// The frames are the Blocks of all Streams of the file, as the Streams' indexes tell them; a frame's kind is the check
/// that it ends with. `xz -T` makes many Blocks, fstool many Streams, and a plain `xz` one Block.
class XzStreamFormat : public StreamFormat {
 public:
  bool probe(const Blob& file) const override;
  std::optional<std::vector<StreamFrame>> frames(const Blob& file, Context& context) const override;
  std::unique_ptr<FrameDecoder> frame_decoder() const override;
  std::unique_ptr<StreamDecoder> stream_decoder() const override;
};

}  // namespace fstool::xz
