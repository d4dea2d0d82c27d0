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

/// Gets the slots of a directory one after the other.
using VisitSlot = std::function<void(const DirectoryEntry& slot)>;
/// Gets a sentence about damage without the name of what is damaged.
using Report = std::function<void(const std::string& what)>;

/// Calls `visit` for the slots in a stretch of the image, but for those in holes. Throws Error(Io).
void read_slots(const Blob& image, std::uint64_t offset, std::uint64_t length, const VisitSlot& visit,
                const Report& report);

/// Reads each cluster once: what would be a second directory in it is damage, so that no loop and no tangle of chains
/// takes long. Not thread-safe.
class DirectoryReader {
 public:
  explicit DirectoryReader(const VolumeState& volume) : volume_(volume) {}

  /// Calls `visit` for each slot of the root directory, and returns its size in bytes.
  std::uint64_t read_root(const VisitSlot& visit, const Report& report);

  /// The same for the directory that begins at `first_cluster`. It ends where it is damaged.
  std::uint64_t read(std::uint32_t first_cluster, const VisitSlot& visit, const Report& report);

  /// True if a directory that was read begins at the cluster or goes through it.
  bool has_read(std::uint32_t cluster) const { return claimed_.contains(cluster); }

 private:
  const VolumeState& volume_;
  std::unordered_set<std::uint32_t> claimed_;  // clusters of directories
};

}  // namespace fstool::fat
