/// \file
/// Puts the members of an archive into a Layer, as unpacking it would put them into a directory.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "fstool/layer.h"

namespace fstool::tar {

/// The rules for names:
///   * "/", "./" and doubled slashes at the beginning or between names mean nothing: everything lies below the root.
///   * ".." is refused, and so is a name below something that is no directory; a symbolic link is none.
///   * Directories that the archive leaves out are made, 0755 and root's, with the time of what is in them.
///   * Of members with one name the last wins. Directories become one, with the last one's attributes; one that has
///     something in it is not replaced by what is no directory.
///   * A hard link leads to a member before it that is no directory, and not to itself. If there is none of that name,
///     it is a lower link of the layer.
/// What breaks a rule throws Error(Corrupt).
class ArchiveTree {
 public:
  /// Memory is about `max_metadata` bytes at most: what would take more throws Error(Unsupported).
  explicit ArchiveTree(std::uint64_t max_metadata) : max_metadata_(max_metadata) {}

  void add(std::string_view path, Node node);
  /// `content` is what the member itself brings; null: none, the content of `target` is that of both.
  void add_link(std::string_view path, std::string_view target, BlobPtr content);
  /// Takes `bytes` of memory into account that a node brings along.
  void charge(std::uint64_t bytes);

  /// What was added. The directories that the archive leaves out are the implied ones.
  Layer finish();

 private:
  using Names = std::vector<std::string_view>;

  /// The directory of path.back(), which is made if it isn't there.
  NodeId parent(const Names& path, Timestamp mtime);
  NodeId add_implied(NodeId directory, std::string_view name, Timestamp mtime);
  NodeId add_node(NodeId directory, std::string_view name, Node node);
  /// Takes away what has the name. Throws if that is a directory with something in it.
  void make_room(NodeId directory, std::string_view name);
  bool is_empty(NodeId directory) const;
  /// What the lower link of that path leads to; the path itself if there is no such link.
  std::string lower_target(const Names& path, const std::string& joined) const;

  const std::uint64_t max_metadata_;
  std::uint64_t metadata_ = 0;
  Tree tree_;
  Names names_;  // of the path that is being added
  std::unordered_set<NodeId> implied_{Tree::kRoot};
  std::map<std::pair<NodeId, std::string>, std::string> lower_links_;  // directory and name; what they lead to
};

}  // namespace fstool::tar
