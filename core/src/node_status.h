/// \file
/// What stat(2) would say about a node.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fstool/tree.h"

namespace fstool {

/// The fields of struct stat that a Node does not have as they are.
struct NodeStatus {
  std::uint32_t mode = 0;  ///< st_mode: kind and permissions
  std::uint64_t links = 0;
  std::uint64_t size = 0;     ///< bytes
  std::uint64_t sectors = 0;  ///< st_blocks: units of 512 bytes
  std::optional<std::uint64_t> inode;
};

/// As an image recorded it; for a tree that comes from elsewhere what follows from its names and contents: a directory
/// has no size then, and a file occupies as many sectors as its bytes need.
NodeStatus status_of(const Tree& tree, NodeId id);

/// "drwxr-sr-t", as ls writes a mode.
std::string mode_text(std::uint32_t mode);

/// "regular file", "directory", "symbolic link" …
std::string_view kind_name(NodeKind kind);

}  // namespace fstool
