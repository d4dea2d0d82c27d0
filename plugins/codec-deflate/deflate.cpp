#include "deflate.h"

#include <fmt/format.h>

#include "fstool/error.h"
#include "isal_engine.h"
#include "zlib_engine.h"

namespace fstool::deflate {
namespace {

constexpr int kHighestAutoIsalLevel = 2;

Engine compression_engine(const DeflateOptions& options) {
  if (options.engine != Engine::Auto) return options.engine;
  return options.level <= kHighestAutoIsalLevel ? Engine::Isal : Engine::Zlib;
}

}  // namespace

const OptionSet<DeflateOptions>& deflate_options() {
  static const auto set =
      OptionSet<DeflateOptions>()
          .add("level", &DeflateOptions::level, "From 1, the fastest, to 9, the smallest.", in_range(1, 9))
          .add("window_bits", &DeflateOptions::window_bits,
               "Base-2 logarithm of the window in bytes; readers of qcow2 keep a window of 12 bits.", in_range(9, 15))
          .add(
              "engine", &DeflateOptions::engine,
              "Library that compresses; auto takes isal for levels 1 and 2, else zlib. isal has the levels 1 to 3; the "
              "bytes of its level 3 depend on the CPU.",
              choices<Engine>({{"auto", Engine::Auto}, {"isal", Engine::Isal}, {"zlib", Engine::Zlib}}));
  return set;
}

DeflateCodec::DeflateCodec(DeflateOptions options) : options_(options) {
  if (options.engine == Engine::Isal && options.level > kHighestIsalLevel) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("the deflate engine isal has the levels 1 to {}, not {}; set engine = \"zlib\" or \"auto\"",
                            kHighestIsalLevel, options.level));
  }
}

std::unique_ptr<Compressor> DeflateCodec::compressor() const {
  if (compression_engine(options_) == Engine::Isal) return make_isal_compressor(options_.level, options_.window_bits);
  return make_zlib_compressor(options_.level, options_.window_bits);
}

std::unique_ptr<Decompressor> DeflateCodec::decompressor() const {
  if (options_.engine == Engine::Zlib) return make_zlib_decompressor();
  return make_isal_decompressor();
}

}  // namespace fstool::deflate
