/// \file
/// Contents: what a file system will hold, independent of where it will lie. Gives every directory its slots, and every
/// name its short name.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "fstool/context.h"
#include "fstool/tree.h"
#include "ondisk/directory_entry.h"
#include "options.h"

namespace fstool::fat {

/// The most slots of a directory (fatgen103: 2 MiB).
inline constexpr std::uint32_t kMaxDirectorySlots = 65'536;
/// The largest file.
inline constexpr std::uint64_t kMaxFileSize = 0xFFFFFFFF;

/// A name in a directory.
struct PlannedEntry {
  NodeId node = 0;
  std::string_view name;  ///< valid as long as the Tree
  ShortName short_name{};
  std::uint8_t name_case = 0;
  std::uint8_t attributes = 0;
  std::uint8_t slots = 1;        ///< the pieces of the long name among them
  std::uint32_t first_slot = 0;  ///< of the directory
};

struct PlannedDirectory {
  NodeId node = Tree::kRoot;
  NodeId parent = Tree::kRoot;
  std::uint32_t slots = 0;  ///< the label, or "." and "..", among them
  std::vector<PlannedEntry> entries;

  bool is_root() const { return node == Tree::kRoot; }
};

/// Immutable.
class Contents {
 public:
  /// Names and measures everything in `tree`. Warns, once in all, of what FAT doesn't keep of the files. What it can't
  /// hold is Error(Unsupported) that names the path, or left out with a warning. Throws Error(Unsupported) too for
  /// directories with too many names.
  Contents(std::shared_ptr<const Tree> tree, bool has_label, OnUnsupported on_unsupported, Context& context);

  const Tree& tree() const { return *tree_; }
  /// The root first, every directory behind its parent.
  const std::vector<PlannedDirectory>& directories() const { return directories_; }
  /// Files that have bytes, in the order of the directories.
  const std::vector<NodeId>& files() const { return files_; }
  bool has_label() const { return has_label_; }

  std::uint64_t file_bytes() const { return file_bytes_; }
  std::uint32_t root_slots() const { return directories_.front().slots; }
  /// How many clusters of that size everything but the root directory takes.
  std::uint64_t clusters_below_root(std::uint64_t cluster_size) const;

 private:
  class Planner;

  std::shared_ptr<const Tree> tree_;
  bool has_label_;
  std::vector<PlannedDirectory> directories_;
  std::vector<NodeId> files_;
  std::uint64_t file_bytes_ = 0;
};

}  // namespace fstool::fat
