/// \file
/// LayerMarkers: what a layer says about the names below it, as OCI images and overlayfs do.
#pragma once

#include <optional>
#include <string_view>

#include "fstool/layer.h"

namespace fstool {

/// Reads the markers of one tree, which must outlive it.
class LayerMarkers {
 public:
  LayerMarkers(const Tree& tree, Whiteouts whiteouts);

  /// True if the entry says something, and is nothing itself.
  bool is_marker(const DirEntry& entry) const;
  /// The name that a marker hides; nothing if it hides none by name. Throws Error(Corrupt) if no file can have it.
  std::optional<std::string_view> hidden_name(NodeId directory, const DirEntry& marker) const;
  /// True if all that the directory has below is hidden.
  bool is_opaque(NodeId directory) const;
  /// Takes the attributes of overlayfs off a node. `directory` and `name` say in messages where it is. Throws
  /// Error(Unsupported) if it is not all there.
  void clean(Node& node, NodeId directory, std::string_view name) const;

 private:
  const Tree& tree_;
  bool oci_;
  bool overlayfs_;
};

}  // namespace fstool
