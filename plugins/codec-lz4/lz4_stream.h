/// \file
/// Reading streams of LZ4 frames, whoever made them.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "fstool/stream.h"

namespace fstool::lz4 {

/// Frames are found by going from block to block; they can be read by themselves if each tells the size of its content,
/// as those of fstool and of `lz4 --content-size` do. The legacy format of before version 1.4 is none of these.
class Lz4StreamFormat : public StreamFormat {
 public:
  bool probe(const Blob& file) const override;
  std::optional<std::vector<StreamFrame>> frames(const Blob& file, Context& context) const override;
  std::unique_ptr<FrameDecoder> frame_decoder() const override;
  std::unique_ptr<StreamDecoder> stream_decoder() const override;
};

}  // namespace fstool::lz4
