/// \file
/// Reads the tree of directories of an opened file system.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/filesystem.h"
#include "read/directory_parser.h"
#include "read/directory_reader.h"
#include "read/volume_state.h"

namespace fstool::fat {

/// Shows what the kernel shows of it, mounted with utf8 and tz=UTC by the user root: everything belongs to root and
/// has permissions 0755, read-only files 0555. Not thread-safe.
class TreeReader {
 public:
  explicit TreeReader(std::shared_ptr<const VolumeState> volume) : volume_(std::move(volume)), directories_(*volume_) {}

  /// Call it once. What is damaged is reported and left out.
  Tree read(const OpenScope& scope);

  /// The label in the root directory, if there is one: known once read() has read it.
  const std::optional<std::string>& label() const { return label_; }

  /// The first clusters of what is in the Tree, by NodeId, as the directories say; known after read(). 0: none.
  const std::vector<std::uint32_t>& first_clusters() const { return first_clusters_; }

 private:
  struct Directory {
    NodeId node = Tree::kRoot;
    std::uint32_t first_cluster = 0;
  };
  /// Which of a directory's entries to add to the Tree; null: none.
  using Wanted = std::function<bool(std::string_view name)>;

  /// Reads a directory, adds its entries, and notes its size and links. Returns the directories among what was added.
  std::vector<Directory> read_directory(const Directory& directory, const Wanted& wanted);
  void add(const Directory& parent, const NamedEntry& entry, const Wanted& wanted, std::vector<Directory>& added);
  std::optional<std::string> name_of(const Directory& parent, const NamedEntry& entry);
  Node make_node(const DirectoryEntry& fields, const std::function<void(const std::string&)>& report) const;
  /// Reports damage of `name` in a directory, or of the directory itself if it is empty.
  void report(NodeId directory, std::string_view name, std::string_view what);

  std::shared_ptr<const VolumeState> volume_;
  DirectoryReader directories_;
  Tree tree_;
  std::optional<std::string> label_;
  std::vector<std::uint32_t> first_clusters_;
  unsigned reports_ = 0;
};

}  // namespace fstool::fat
