/// \file
/// Finds every partition its place and makes what lies in them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "deferred_text.h"
#include "fstool/derivation.h"
#include "fstool/filesystem.h"
#include "fstool/partition_table.h"
#include "spec.h"

namespace fstool {

/// A file system that is about to be formatted.
struct VolumeJob {
  const FilesystemChoice* choice = nullptr;  ///< null: there is none
  std::unique_ptr<Filesystem> filesystem;
  std::shared_ptr<const Tree> tree;
  std::vector<std::string> descriptions;  ///< what each of its sources says about itself
};

/// What a partition is about to hold: one of these, or nothing.
struct PartitionJob {
  VolumeJob volume;
  BlobPtr content;  ///< bytes as they are; null for what is filled, too
  std::unique_ptr<Derivation> derivation;
  std::size_t origin = 0;  ///< of a derivation: the index of the partition whose bytes it takes
};

/// A disk on its way to a plan: its formats are made, its trees loaded, its files opened.
struct DiskJob {
  std::unique_ptr<PartitionTable> table;
  BlobPtr boot_code;                     ///< null: none
  std::vector<PartitionJob> partitions;  ///< one for each of the spec's
};

/// `${FORMAT.PARTITION.VALUE}` of what is derived from the partition `from`.
std::string deferred_name(const DerivationChoice& choice, const std::string& value);

/// A file system's size as the format's interface takes it: exactly `fixed`, or else to measure with headroom.
SizeRequest size_request(const FilesystemChoice& choice, std::optional<std::uint64_t> fixed);

/// Throws Error(NoSpace) if a file system whose size was given has less free space than `choice` asks for.
void require_headroom(const FilesystemChoice& choice, const VolumeFacts& facts);

/// What a table is asked for a partition, but for its size. A uuid that comes out later is left out.
PartitionRequest partition_request(const PartitionChoice& choice, const DeferredValues& values);

/// Plans the table of `spec`, which has an image, without what lies on the disk: what is as large as its content, or
/// takes its size from it, has one sector. Throws as PartitionTable::plan().
void plan_places(const Spec& spec, const DiskJob& job, DeferredValues& values, Context& context);

/// True if a partition is as large as what is in it, which is known only when that is made.
bool has_measured_partition(const Spec& spec, const DiskJob& job);

struct PlannedDisk {
  BlobPtr disk;
  Layout layout;
  // One for each of layout.partitions:
  std::vector<std::optional<VolumeFacts>> facts;
  std::vector<std::vector<DerivedValue>> values;
};

/// Plans the disk of `spec`, which has an image. `seed` is the run's. What is derived is read for that, and its values
/// are set in `values`.
PlannedDisk plan_disk(const Spec& spec, const DiskJob& job, const Seed& seed, DeferredValues& values, Context& context);

}  // namespace fstool
