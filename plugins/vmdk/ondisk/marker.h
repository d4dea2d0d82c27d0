/// \file
/// Markers: what the pieces of a stream-optimized extent begin with ("Stream-Optimized Compressed Sparse Extents" in
/// VMware's "Virtual Disk Format 5.0"), so that it can be read front to back.
#pragma once

#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>

#include "ondisk/sparse_header.h"

namespace fstool::vmdk {

/// Before the compressed bytes of a grain, which follow without a gap. Zeros fill the last sector.
struct GrainMarker {
  boost::endian::little_uint64_t sector;  // of the disk, the grain's first
  boost::endian::little_uint32_t bytes;   // of the compressed grain; not 0
};
static_assert(sizeof(GrainMarker) == 12);

enum class MarkerType : std::uint32_t {
  EndOfStream = 0,
  Table = 1,
  Directory = 2,
  Footer = 3,
};

/// A sector before one of the other pieces.
struct MetadataMarker {
  boost::endian::little_uint64_t sectors;  // of the piece
  boost::endian::little_uint32_t zero;     // here a grain has its size
  boost::endian::little_uint32_t type;     // MarkerType
  std::array<std::byte, 496> padding;
};
static_assert(sizeof(MetadataMarker) == kSectorBytes);

/// The end of a stream-optimized extent.
struct StreamEnd {
  MetadataMarker footer_marker;
  SparseExtentHeader footer;
  MetadataMarker end_of_stream;
};
static_assert(sizeof(StreamEnd) == 3 * kSectorBytes);

}  // namespace fstool::vmdk
