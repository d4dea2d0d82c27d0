/// \file
/// Reading gzip files, whoever made them.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "fstool/stream.h"

namespace fstool::deflate {

/// Members can be read by themselves if each says how long it is: by our own subfield of the extra field, or by that of
/// BGZF (the SAM format specification, section 4.1), as bgzip(1) writes it. Zeros behind the last member are ignored,
/// as gzip(1) does: they fill up blocks of tapes and disks.
class GzipStreamFormat : public StreamFormat {
 public:
  bool probe(const Blob& file) const override;
  std::optional<std::vector<StreamFrame>> frames(const Blob& file, Context& context) const override;
  std::unique_ptr<FrameDecoder> frame_decoder() const override;
  std::unique_ptr<StreamDecoder> stream_decoder() const override;
};

}  // namespace fstool::deflate
