/// \file
/// Layer: a tree that may lie over others. What hides the names below it is marked in it, as OCI images and overlayfs
/// do.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "fstool/api.h"
#include "fstool/context.h"
#include "fstool/tree.h"

namespace fstool {

/// A hard link to a name that the layer doesn't have itself: the file is one of the layers below.
struct LowerLink {
  NodeId directory = Tree::kRoot;  ///< of the layer's tree
  std::string name;
  std::string target;  ///< '/'-separated from the layer's root
};

/// What a source has: a tree, and what one needs to know to lay it over another. A Tree alone is a Layer, too.
struct FSTOOL_API Layer {
  Layer();
  Layer(Tree own_tree);  // NOLINT(google-explicit-constructor): most sources have no more than that
  Layer(Layer&&) noexcept;
  Layer& operator=(Layer&&) noexcept;
  ~Layer();

  Tree tree;
  /// Directories that nothing describes: they are there because something lies in them. Over another layer's directory
  /// they change nothing of it. Sorted; each once.
  std::vector<NodeId> implied;
  std::vector<LowerLink> lower_links;
  /// What the source says about itself beside its files, the configuration of a container image for instance: a JSON
  /// object, for reports; empty: nothing.
  std::string description;

  /// True if nothing describes the directory.
  bool is_implied(NodeId directory) const { return std::ranges::binary_search(implied, directory); }
};

/// Which markers hide names of the layers below.
enum class Whiteouts : std::uint8_t {
  None,
  /// The image specification of the OCI: ".wh.NAME" hides NAME, ".wh..wh..opq" all that a directory has below. Other
  /// names that begin with ".wh..wh." are of aufs's own and dropped.
  Oci,
  /// The kernel's overlayfs: a character device 0:0, or an empty file with the attribute `trusted.overlay.whiteout` or
  /// `user.overlay.whiteout`, hides its name; a directory whose attribute `….overlay.opaque` is "y", all that it has
  /// below. The attributes of overlayfs are taken away.
  Overlayfs,
  Both,
};

/// Lays `upper` over what `directory` of `base` has:
///   * Markers act on what is below, before anything of `upper` is added. They are not added themselves.
///   * Directories become one, with the attributes of the upper one unless that is implied. An implied one goes through
///     a symbolic link of `base` that leads to a directory, as an archive does that is unpacked there.
///   * Any other kind replaces what has its name, a directory with all that is in it too.
///   * Names of one file stay names of one file. A lower link leads to what its target was before the layer came.
///   * Names are added in the order of a walk. Where implied ones lead to where the layer has others, what comes later
///     counts.
/// What lies over a tree that never had anything in it is moved there. Linear in what the layer has and takes away.
/// Throws Error(Corrupt) for a marker that hides nothing that can have a name (".wh..") and a lower link that leads
/// nowhere or to a directory; Error(Unsupported) for directories that overlayfs has moved or whose files it has only
/// half (`redirect`, `metacopy`). Then `base` is of no use any more.
FSTOOL_API void lay_over(Tree& base, NodeId directory, Layer upper, Whiteouts whiteouts);

/// The tree of a layer with nothing below it, without the markers that `whiteouts` knows. A root that nothing describes
/// has the time of the newest file. Throws as lay_over().
FSTOOL_API Tree tree_of(Layer layer, Whiteouts whiteouts = Whiteouts::None);

}  // namespace fstool
