/// \file
/// Finds the places that attribute files name in a layer, and makes what is not there.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "fstool/context.h"
#include "fstool/layer.h"

namespace fstool {

/// Names follow one another in directories, so the last directory is remembered. Valid while nobody else changes the
/// layer.
class NamedPlaces {
 public:
  NamedPlaces(Layer& layer, const Context& context) : layer_(layer), context_(context) {}

  /// The node at a path from the root; symbolic links to directories are followed on the way.
  std::optional<NodeId> find(std::string_view path);
  /// True if the name is a hard link to a file of a layer below.
  bool is_lower_link(std::string_view path);
  /// Adds a node; directories that lead to it are made. Throws Error(InvalidArgument) as make_implied_directories() and
  /// Tree::add().
  NodeId add(std::string_view path, Node node);
  /// Of the given kind, with the mode that such a file usually has, 0:0 and the time of what is made.
  Node new_node(NodeKind kind);

 private:
  std::optional<NodeId> directory_of(std::string_view path);

  Layer& layer_;
  const Context& context_;
  std::optional<Timestamp> mtime_;
  std::string directory_path_;
  std::optional<NodeId> directory_;
  std::set<std::pair<NodeId, std::string_view>> lower_links_;  // the layer's, once they were asked for
};

}  // namespace fstool
