/// \file
/// Reading files of bzip2 streams, whoever made them.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "fstool/stream.h"

namespace bzip2_codec {

/// bzip2 tells neither where a stream ends nor how much it holds: files are read from their beginning.
class Bzip2StreamFormat : public fstool::StreamFormat {
 public:
  bool probe(const fstool::Blob& file) const override;
  std::optional<std::vector<fstool::StreamFrame>> frames(const fstool::Blob& file,
                                                         fstool::Context& context) const override;
  std::unique_ptr<fstool::FrameDecoder> frame_decoder() const override;
  std::unique_ptr<fstool::StreamDecoder> stream_decoder() const override;
};

}  // namespace bzip2_codec
