/// \file
/// What an image that is written is to be like.
#pragma once

#include <cstdint>
#include <string>

#include "fstool/blob.h"
#include "ondisk/geometry.h"
#include "ondisk/header.h"

namespace fstool::qcow2 {

/// What becomes of guest clusters that are all zeros.
enum class Preallocation : std::uint8_t {
  Off,       ///< they take no room
  Metadata,  ///< each has a host cluster, which is a hole of the file
  Falloc,    ///< … which the host has reserved
  Full,      ///< … which zeros are written to
};

/// What the disk is where the image has nothing.
struct BackingFile {
  std::string name;    ///< as the image is to say it; empty: none, and zeros
  std::string format;  ///< "raw" or "qcow2"
  BlobPtr disk;        ///< null: none
};

/// Plain clusters in a file of their own, each where it is on the disk.
struct ExternalData {
  std::string name;  ///< as the image is to say it; empty: none
  bool raw = false;  ///< that file alone is the disk
};

struct ImageSettings {
  std::uint32_t version = kVersion3;
  Geometry geometry{16};
  CompressionType compression = CompressionType::Zlib;
  Preallocation preallocation = Preallocation::Off;
  bool lazy_refcounts = false;
  bool dedup = false;
  BackingFile backing;
  ExternalData data_file;

  /// Version 2 can't mark a cluster as zeros.
  bool has_zero_clusters() const noexcept { return version >= kVersion3; }
  /// Every guest cluster has a place, that of a raw data file too: who changes that file doesn't tell the image.
  bool places_every_cluster() const noexcept { return preallocation != Preallocation::Off || data_file.raw; }
  /// What becomes of a cluster depends on its bytes alone.
  bool has_independent_clusters() const noexcept {
    return !dedup && !geometry.has_subclusters() && !places_every_cluster() && backing.name.empty() &&
           data_file.name.empty();
  }
};

}  // namespace fstool::qcow2
