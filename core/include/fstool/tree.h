/// \file
/// Tree: what a source has and a file system holds. Inodes and names are two things, as on disk: a hard link is a
/// second name for one node.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/api.h"
#include "fstool/blob.h"

namespace fstool {

/// Index of a node in its Tree.
using NodeId = std::uint32_t;

enum class NodeKind : std::uint8_t { File, Directory, Symlink, CharDevice, BlockDevice, Fifo, Socket };

/// A point in time: seconds since 1970-01-01T00:00:00Z (may be negative) plus nanoseconds in [0, 999'999'999].
struct Timestamp {
  std::int64_t seconds = 0;
  std::uint32_t nanoseconds = 0;
  friend auto operator<=>(const Timestamp&,
                          const Timestamp&) = default;  // NOLINT(modernize-use-nullptr): a false alarm
};

/// One extended attribute: the full name with its namespace ("user.comment", "security.capability",
/// "system.posix_acl_access") and the value as the kernel's getxattr(2) gives it (for ACLs: the
/// `posix_acl_xattr_header` form, version 2).
struct Xattr {
  std::string name;
  std::string value;
  friend auto operator<=>(const Xattr&, const Xattr&) = default;  // NOLINT(modernize-use-nullptr): a false alarm
};

/// The extended attributes of a node, sorted by name, each name once.
using Xattrs = std::vector<Xattr>;

/// Device number of a character or block device.
struct DeviceNumber {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  friend auto operator<=>(const DeviceNumber&, const DeviceNumber&) = default;
};

/// What an image says about an inode beside what a Node has, for those who look into it. None of it is written into a
/// new file system: numbers and sizes are the new one's own, and times other than mtime can't be reproduced from a
/// host's tree. Fields are empty where the format has no such thing.
struct RecordedInode {
  std::optional<Timestamp> atime;
  std::optional<Timestamp> ctime;
  std::optional<Timestamp> birth;
  std::optional<std::uint64_t> number;
  std::optional<std::uint32_t> links;    ///< as recorded; a directory counts itself and its subdirectories' ".."
  std::optional<std::uint64_t> size;     ///< bytes, as stat(2) gives it, of directories too
  std::optional<std::uint64_t> sectors;  ///< units of 512 bytes that it occupies, st_blocks of stat(2)
};

/// An inode.
struct Node {
  NodeKind kind = NodeKind::File;
  std::uint16_t permissions = 0644;  ///< the low twelve mode bits: rwx for three, sticky, setgid, setuid
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  DeviceNumber device;  ///< devices only
  Timestamp mtime;
  BlobPtr content;                                ///< files only; null means empty
  std::string target;                             ///< symlinks only; raw bytes, never empty, without NUL
  std::shared_ptr<const Xattrs> xattrs;           ///< null means none; nodes with equal sets may share one
  std::unique_ptr<const RecordedInode> recorded;  ///< null for sources on the host
};

/// One name in a directory.
struct DirEntry {
  std::string_view name;  ///< 1 or more bytes, no '/' or NUL, never "." or ".."; valid as long as the Tree
  NodeId node = 0;
};

/// A rooted tree of nodes. Reading is thread-safe once nobody modifies it any more. Movable, not copyable.
class FSTOOL_API Tree {
 public:
  /// A tree of one empty directory (0755, 0:0, epoch).
  Tree();
  Tree(Tree&&) noexcept;
  Tree& operator=(Tree&&) noexcept;
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  ~Tree();

  static constexpr NodeId kRoot = 0;

  /// Number of nodes ever added, the root included: ids are 0 … node_count() - 1. A node may have lost its last name
  /// (see links()).
  std::size_t node_count() const noexcept;

  const Node& node(NodeId id) const;
  Node& node(NodeId id);

  /// Adds a node under a new name. Throws Error(InvalidArgument) if `name` is not a valid name, is taken, or `parent`
  /// is not a directory; Error(Unsupported) beyond 2^32 - 2 nodes.
  NodeId add(NodeId parent, std::string_view name, Node node);
  /// Gives a node that is not a directory one more name. Errors as add().
  void link(NodeId parent, std::string_view name, NodeId existing);
  /// Takes a name away, and everything below it if it is a directory. Returns false if there is no such name.
  bool remove(NodeId parent, std::string_view name);

  /// The entries of a directory, sorted by the byte values of their names. Valid until the directory is modified.
  std::span<const DirEntry> entries(NodeId directory) const;
  /// The node that `name` names in `directory`, if any.
  std::optional<NodeId> find(NodeId directory, std::string_view name) const;
  /// The node at a '/'-separated path from the root; "" and "/" are the root. Symlinks are not followed; "." and ".."
  /// are not special.
  std::optional<NodeId> find_path(std::string_view path) const;

  /// Number of names of a node; the root counts one. 0: removed.
  std::uint32_t links(NodeId id) const;
  /// The directory that holds `directory`; the root's parent is the root. Throws if the node is not a directory.
  NodeId parent(NodeId directory) const;
  /// The path of a directory from the root, "/" for the root itself; for messages.
  std::string path(NodeId directory) const;

  /// The latest mtime of all nodes that have a name.
  Timestamp newest_mtime() const;

 private:
  struct Directory;
  struct Slot;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fstool
