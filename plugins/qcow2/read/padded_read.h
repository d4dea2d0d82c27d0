/// \file
/// Reading over the end of a Blob: a disk ends within a cluster, and a backing file may be shorter than the disk.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "fstool/blob.h"

namespace fstool::qcow2 {

/// Fills `out` with what `blob` has from `offset` on, which may lie behind its end, and zeros from there. Throws as
/// Blob::read().
inline void read_padded(const Blob& blob, std::uint64_t offset, std::span<std::byte> out) {
  const std::uint64_t there = blob.size() - std::min(offset, blob.size());
  const auto stored = out.first(std::min<std::uint64_t>(out.size(), there));
  if (!stored.empty()) blob.read(offset, stored);
  std::ranges::fill(out.subspan(stored.size()), std::byte{0});
}

}  // namespace fstool::qcow2
