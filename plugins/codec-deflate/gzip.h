/// \file
/// The gzip codec: members of a gzip file (RFC 1952), one for each block.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "deflate.h"
#include "fstool/codec.h"
#include "wrapped_options.h"

namespace fstool::deflate {

using GzipOptions = WrappedOptions;

/// Deflate with the largest window. Members have no name and no time, and say in their extra field how long they are
/// (MemberSizeField). What deflate would make longer is stored.
class GzipCodec : public Codec {
 public:
  /// Throws Error(InvalidArgument) for a level that the engine doesn't have.
  explicit GzipCodec(GzipOptions options);

  std::string name() const override { return "gzip"; }
  std::unique_ptr<Compressor> compressor() const override;
  std::unique_ptr<Decompressor> decompressor() const override;
  std::size_t history_bytes() const override { return deflate_.history_bytes(); }
  std::optional<std::size_t> frame_bound(std::size_t bytes) const override;
  std::unique_ptr<StreamFormat> stream_format() const override;

 private:
  DeflateCodec deflate_;
};

}  // namespace fstool::deflate
