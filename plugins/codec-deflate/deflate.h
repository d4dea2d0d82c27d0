/// \file
/// The deflate codec: raw deflate streams (RFC 1951) without a zlib or gzip wrapper, from ISA-L or zlib.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "fstool/codec.h"
#include "fstool/options.h"

namespace fstool::deflate {

/// Which library compresses.
enum class Engine {
  Auto,  ///< ISA-L for levels 1 and 2, zlib above
  Isal,  ///< Intel's ISA-L: levels 1 to 3
  Zlib,  ///< zlib: levels 1 to 9
};

struct DeflateOptions {
  int level = 2;
  int window_bits = 12;  ///< base-2 logarithm of the window in bytes
  Engine engine = Engine::Auto;
};

const OptionSet<DeflateOptions>& deflate_options();

/// Sizes fall as the level rises: auto's levels are ISA-L 1 and 2, then zlib 3 to 9. ISA-L 2 is about ten times as fast
/// as zlib 6, for streams that are 3 to 9 % longer.
///
/// The same input and options give the same bytes on every x86-64 CPU with SSE 4.2, with one exception, which Auto
/// therefore never chooses: ISA-L's level 3 looks for matches in steps of a vector register, so CPUs with AVX2 and with
/// AVX-512 find different ones.
class DeflateCodec : public Codec {
 public:
  /// Throws Error(InvalidArgument) for a level that the engine doesn't have.
  explicit DeflateCodec(DeflateOptions options);

  std::string name() const override { return "deflate"; }
  std::unique_ptr<Compressor> compressor() const override;
  /// Reads streams of every window size, whatever the options say.
  std::unique_ptr<Decompressor> decompressor() const override;
  std::size_t history_bytes() const override { return std::size_t{1} << options_.window_bits; }

 private:
  DeflateOptions options_;
};

}  // namespace fstool::deflate
