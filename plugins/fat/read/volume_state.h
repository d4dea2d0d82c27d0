/// \file
/// What everything that reads an opened file system needs.
#pragma once

#include <utility>

#include "fstool/context.h"
#include "ondisk/geometry.h"
#include "read/content_cache.h"
#include "read/fat_table.h"

namespace fstool::fat {

/// Kept alive by the contents of files. Thread-safe.
struct VolumeState {
  VolumeState(BlobPtr volume_image, const Geometry& volume_geometry, Context& volume_context)
      : image(std::move(volume_image)), geometry(volume_geometry), fat(image, geometry), context(volume_context) {}

  BlobPtr image;
  Geometry geometry;
  FatTable fat;
  Context& context;
  mutable ContentCache contents;
};

}  // namespace fstool::fat
