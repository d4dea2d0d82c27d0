/// \file
/// What every Blob promises.
#pragma once

#include <cstdint>
#include <string>

#include "fstool/blob.h"

namespace fstool::conformance {

/// Blobs that are read as a whole have at most so many bytes.
inline constexpr std::uint64_t kMostBytesOfBlob = std::uint64_t{256} << 20U;

/// Throws a Failure unless the runs of `blob` cover it, its holes are zeros, and it reads the same as a whole, in parts
/// that begin and end anywhere, and by several threads at once.
void require_consistent(const Blob& blob, unsigned threads);

/// Throws a Failure unless `actual` has the bytes of `expected`, and behind them, if `may_be_larger`, nothing but
/// zeros.
void require_same_bytes(const Blob& actual, const Blob& expected, bool may_be_larger = false);

/// Reads the beginning of the first runs of a Blob that was opened of damaged bytes, whose size may be anything. Throws
/// a Failure if it contradicts itself, and what reading throws.
void read_some(const Blob& blob);

}  // namespace fstool::conformance
