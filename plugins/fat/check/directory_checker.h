/// \file
/// Checks the tree of directories: names, chains of clusters, sizes.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "check/cluster_claims.h"
#include "read/directory_parser.h"
#include "read/directory_reader.h"
#include "read/volume_state.h"

namespace fstool::fat {

/// Not thread-safe.
class DirectoryChecker {
 public:
  DirectoryChecker(const VolumeState& volume, ClusterClaims& claims) : volume_(volume), claims_(claims) {}

  /// Goes through all directories and reports what is wrong. Call it once.
  void check();

  /// The label in the root directory; known after check().
  const std::optional<std::string>& label() const { return label_; }

 private:
  struct Directory {
    std::size_t parent = 0;  // index into directories_
    std::string name;
    std::uint32_t first_cluster = 0;  // 0: the root
    std::vector<ClusterRun> runs;
  };

  void check_root();
  void check_directory(std::size_t index);
  void check_entry(std::size_t index, const NamedEntry& entry, std::size_t number);
  void check_dots(std::size_t index, const DirectoryEntry& slot, std::size_t number, const Report& report) const;
  void check_label(std::size_t index, const DirectoryEntry& slot);
  void check_names(const NamedEntry& entry, const Report& report);
  void check_file(const DirectoryEntry& fields, const Report& report);
  void add_directory(std::size_t parent, std::string_view name, const DirectoryEntry& fields, const Report& report);
  std::string path_of(std::size_t index) const;
  void report(std::size_t index, std::string_view name, std::string_view what);

  const VolumeState& volume_;
  ClusterClaims& claims_;
  std::vector<Directory> directories_;
  // Of the directory that is being checked:
  std::set<ShortName> short_names_;           // as stored
  std::unordered_set<std::u16string> names_;  // in capitals; of short names those of ASCII
  std::optional<std::string> label_;
  unsigned reports_ = 0;
};

}  // namespace fstool::fat
