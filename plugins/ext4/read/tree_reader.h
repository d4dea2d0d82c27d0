/// \file
/// Reads the tree of directories of an opened file system.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fstool/filesystem.h"
#include "fstool/tree.h"
#include "read/directory_reader.h"
#include "read/inode_table.h"
#include "read/node_reader.h"

namespace fstool::ext4 {

/// Goes down level by level, and reads the inodes of a level in the order of their numbers: that is the order in which
/// they lie in the image. What is damaged is reported and left out. Not thread-safe.
class TreeReader {
 public:
  /// `groups` must outlive this.
  TreeReader(std::shared_ptr<const VolumeState> volume, GroupTable& groups);

  /// What `scope` asks for: on the way to its path, the directories are read and the inodes that it names, and nothing
  /// else. Call it once. Throws Error(Corrupt) if there is no root directory.
  Tree read(const OpenScope& scope);

 private:
  struct PendingDirectory {
    NodeId node;
    std::uint32_t inode;
    std::uint32_t parent_inode;
  };
  struct PendingName {
    std::uint32_t inode;
    std::uint32_t parent;       // index into level_
    std::uint64_t name_offset;  // into name_bytes_
    std::uint8_t name_length;
  };

  void read_root();
  /// The names in all directories of level_, and their nodes; or only what `wanted` names. Directories among them are
  /// the next level_.
  void read_level(const std::optional<std::string_view>& wanted);
  void read_directory(std::uint32_t index, const std::optional<std::string_view>& wanted);
  void add(const PendingName& pending);
  /// Reports damage of `name` in a directory, or of the directory itself if it is empty.
  void report(NodeId directory, std::string_view name, std::string_view what);

  std::shared_ptr<const VolumeState> volume_;
  InodeTable inodes_;
  NodeReader nodes_;
  DirectoryReader directories_;
  Tree tree_;
  std::unordered_map<std::uint32_t, NodeId> known_;  // by inode
  std::vector<PendingDirectory> level_;
  std::vector<PendingDirectory> next_level_;
  std::vector<PendingName> names_;
  std::string name_bytes_;
  unsigned reports_ = 0;
};

}  // namespace fstool::ext4
