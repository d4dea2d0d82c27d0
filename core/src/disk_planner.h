/// \file
/// Finds every partition its place and makes the file systems to measure.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fstool/filesystem.h"
#include "fstool/partition_table.h"
#include "spec.h"

namespace fstool {

/// A file system that is about to be formatted.
struct VolumeJob {
  const FilesystemChoice* choice = nullptr;
  std::unique_ptr<Filesystem> filesystem;
  std::shared_ptr<const Tree> tree;
};

/// A file system's size as the format's interface takes it: exactly `fixed`, or else to measure with headroom.
SizeRequest size_request(const FilesystemChoice& choice, std::optional<std::uint64_t> fixed);

/// Throws Error(NoSpace) if a file system whose size was given has less free space than `choice` asks for.
void require_headroom(const FilesystemChoice& choice, const VolumeFacts& facts);

struct PlannedDisk {
  BlobPtr disk;
  Layout layout;
  std::vector<std::optional<VolumeFacts>> facts;  ///< one for each partition
};

/// Plans the disk of `spec`, which has an image. `volumes` has one job for each partition, without a file system where
/// the partition has none. `seed` is the run's.
PlannedDisk plan_disk(const Spec& spec, PartitionTable& table, const std::vector<VolumeJob>& volumes, const Seed& seed,
                      Context& context);

}  // namespace fstool
