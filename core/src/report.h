/// \file
/// Report: what a run planned and wrote, for people and programs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "fstool/derivation.h"
#include "fstool/filesystem.h"
#include "fstool/partition_table.h"
#include "output_outcome.h"

namespace fstool {

/// One layer of what fills a file system.
struct SourceReport {
  std::string written;      ///< as the user wrote it
  std::string description;  ///< what it says about itself: a JSON object; empty: nothing
};

/// A file system of the image.
struct VolumeReport {
  std::string source;                      ///< as the user wrote it: "base.tar, overlay"; empty if there is none
  std::vector<SourceReport> sources = {};  ///< from the lowest one up
  VolumeFacts facts;
};

/// What a partition was computed from, and what came out beside its bytes.
struct DerivationReport {
  std::string type;  ///< the format
  std::string from;  ///< name of the partition
  std::vector<DerivedValue> values;
};

struct PartitionReport {
  Partition partition;
  std::optional<VolumeReport> volume;
  std::string content;  ///< as the user wrote it; empty if there is none
  std::optional<DerivationReport> derivation;
};

/// How much of an output came from the one before.
struct PieceCounts {
  std::uint64_t taken = 0;
  std::uint64_t all = 0;  ///< those taken included
};

/// The result of the last step.
struct OutputReport {
  std::filesystem::path path;
  std::vector<std::filesystem::path> companions;  ///< other files that belong to it
  OutputOutcome outcome;                          ///< its files as they were left
  std::uint64_t file_size = 0;                    ///< bytes
  std::uint64_t allocated_size = 0;               ///< bytes that the host stores for it; 0 if it is no file
  double seconds = 0;                             ///< planning and writing
  std::optional<PieceCounts> pieces;              ///< if an earlier output could be taken from
};

struct Report {
  std::string container;
  std::string codec;               ///< empty: none
  std::uint64_t virtual_size = 0;  ///< bytes of the disk or bare file system
  // A disk:
  std::string table;    ///< empty for a bare file system
  std::string disk_id;  ///< the table's own notation
  std::uint32_t sector_size = 0;
  std::vector<PartitionReport> partitions;
  // A bare file system:
  std::optional<VolumeReport> volume;
  /// Nothing while it is only planned.
  std::optional<OutputReport> output;
};

/// One line: "disk.qcow2: qcow2, 340 MiB; gpt disk with 2 partitions, 1.2 GiB; 2.3 s".
std::string summary_line(const Report& report);

/// What came out of derivations, a line each, ended: "verity of root: hash 4392…". Empty if there are none.
std::string describe_values(const Report& report);

/// Several lines, each ended: the disk, its partitions with their places, the file systems in them.
std::string describe_plan(const Report& report);

}  // namespace fstool
