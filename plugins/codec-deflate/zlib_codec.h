/// \file
/// The zlib codec: streams of the zlib format (RFC 1950), one for each block.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "deflate.h"
#include "fstool/codec.h"
#include "wrapped_options.h"

namespace fstool::deflate {

using ZlibOptions = WrappedOptions;

/// Deflate with the largest window between zlib's header and the Adler-32 checksum of the block. What deflate would
/// make longer is stored: a stream is never longer than its block and 5 bytes for each 65535 of it, begun or whole,
/// and 6.
class ZlibCodec : public Codec {
 public:
  /// Throws Error(InvalidArgument) for a level that the engine doesn't have.
  explicit ZlibCodec(ZlibOptions options);

  std::string name() const override { return "zlib"; }
  std::unique_ptr<Compressor> compressor() const override;
  std::unique_ptr<Decompressor> decompressor() const override;
  std::size_t history_bytes() const override { return deflate_.history_bytes(); }

 private:
  ZlibOptions options_;
  DeflateCodec deflate_;
};

}  // namespace fstool::deflate
