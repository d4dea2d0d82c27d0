/// \file
/// One block through a codec and back, in memory that nothing may reach beyond.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "check_run.h"
#include "fstool/codec.h"
#include "guarded_bytes.h"
#include "samples.h"

namespace fstool::conformance {

/// Room in which every codec has to be able to store `bytes` bytes.
inline std::size_t ample_room(std::size_t bytes) { return 2 * bytes + 64 * 1024; }

/// What `in` becomes; nothing if it doesn't fit `room` bytes.
inline std::optional<ByteVector> compressed(Compressor& compressor, const ByteVector& in, std::size_t room) {
  const GuardedBytes guarded_in(in, Guard::Back);
  const GuardedBytes out(room, Guard::Back);
  const std::optional<std::size_t> size = compressor.compress(guarded_in.bytes(), out.bytes());
  if (!size) return std::nullopt;
  require(*size <= room, "more bytes came out than there was room");
  return ByteVector(out.bytes().begin(), out.bytes().begin() + static_cast<std::ptrdiff_t>(*size));
}

/// What `in` becomes in ample room; a Failure if it doesn't fit.
inline ByteVector compressed(Compressor& compressor, const ByteVector& in) {
  std::optional<ByteVector> out = compressed(compressor, in, ample_room(in.size()));
  require(out.has_value(), "it is said not to fit twice its size and 64 KiB");
  return *std::move(out);
}

inline ByteVector decompressed(Decompressor& decompressor, std::span<const std::byte> in, std::size_t room,
                               Guard guard = Guard::Back) {
  const GuardedBytes guarded_in(in, guard);
  const GuardedBytes out(room, guard);
  const std::size_t size = decompressor.decompress(guarded_in.bytes(), out.bytes());
  require(size <= room, "more bytes came out than there was room");
  return {out.bytes().begin(), out.bytes().begin() + static_cast<std::ptrdiff_t>(size)};
}

}  // namespace fstool::conformance
