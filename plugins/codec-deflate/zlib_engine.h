/// \file
/// Raw deflate with zlib, and the reading of streams of zlib and members of gzip.
#pragma once

#include <memory>

#include "fstool/codec.h"

namespace fstool::deflate {

/// `level` in [1, 9], `window_bits` in [9, 15].
std::unique_ptr<Compressor> make_zlib_compressor(int level, int window_bits);
std::unique_ptr<Decompressor> make_zlib_decompressor();
/// Reads one zlib stream (RFC 1950), and checks its sum.
std::unique_ptr<Decompressor> make_zlib_stream_decompressor();
/// Reads one member of a gzip file (RFC 1952), and checks its sum.
std::unique_ptr<Decompressor> make_gzip_decompressor();

}  // namespace fstool::deflate
