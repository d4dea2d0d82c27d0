/// \file
/// Makes the refcount table and its refcount blocks of an image that is written.
#pragma once

#include <cstdint>

#include "fstool/output_file.h"
#include "ondisk/geometry.h"
#include "write/allocator.h"

namespace fstool::qcow2 {

/// Clusters that refcounts take.
struct RefcountSize {
  std::uint64_t block_clusters = 0;
  std::uint64_t table_clusters = 0;
};

/// The smallest refcount structures that count `used_clusters` other host clusters (at least 1) and themselves.
RefcountSize refcount_size(Geometry geometry, std::uint64_t used_clusters);

/// Where the refcount table is.
struct RefcountTable {
  std::uint64_t offset = 0;    ///< bytes
  std::uint32_t clusters = 0;  ///< at least 1
};

/// Writes the refcounts of everything that `allocator` gave out, and of what they take themselves. Nothing may be
/// allocated afterwards.
RefcountTable write_refcounts(Geometry geometry, ClusterAllocator& allocator, OutputFile& output);

}  // namespace fstool::qcow2
