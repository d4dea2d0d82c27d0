/// \file
/// Reads the slots of directories.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <unordered_set>

#include "ondisk/directory_entry.h"
#include "read/volume_state.h"

namespace fstool::fat {

/// Reads each cluster once: what would be a second directory in it is damage, so that no loop and no tangle of chains
/// takes long. Not thread-safe.
class DirectoryReader {
 public:
  using Visit = std::function<void(const DirectoryEntry& slot)>;
  /// Gets a sentence about damage without the directory's name.
  using Report = std::function<void(const std::string& what)>;

  explicit DirectoryReader(const VolumeState& volume) : volume_(volume) {}

  /// Calls `visit` for each slot of the root directory, and returns its size in bytes.
  std::uint64_t read_root(const Visit& visit, const Report& report);

  /// The same for the directory that begins at `first_cluster`. It ends where it is damaged.
  std::uint64_t read(std::uint32_t first_cluster, const Visit& visit, const Report& report);

  /// True if a directory that was read begins at the cluster or goes through it.
  bool has_read(std::uint32_t cluster) const { return claimed_.contains(cluster); }

 private:
  void read_slots(std::uint64_t offset, std::uint64_t length, const Visit& visit, const Report& report) const;

  const VolumeState& volume_;
  std::unordered_set<std::uint32_t> claimed_;  // clusters of directories
};

}  // namespace fstool::fat
