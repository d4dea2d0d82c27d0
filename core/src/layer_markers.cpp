#include "layer_markers.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "directory_path.h"
#include "fstool/error.h"

namespace fstool {

namespace {

// The names of the OCI image specification, "Image Layer Filesystem Changeset", and of aufs, from which they come.
constexpr std::string_view kOciPrefix = ".wh.";
constexpr std::string_view kOciOpaque = ".wh..wh..opq";
constexpr std::string_view kAufsPrefix = ".wh..wh.";

/// What follows the prefix in the name of one of overlayfs's attributes (Documentation/filesystems/overlayfs.rst).
std::optional<std::string_view> overlay_attribute(std::string_view name) {
  for (const std::string_view prefix : {"trusted.overlay.", "user.overlay."}) {
    if (name.starts_with(prefix)) return name.substr(prefix.size());
  }
  return std::nullopt;
}

const std::string* find_overlay_attribute(const Node& node, std::string_view wanted) {
  if (!node.xattrs) return nullptr;
  for (const Xattr& xattr : *node.xattrs) {
    if (overlay_attribute(xattr.name) == wanted) return &xattr.value;
  }
  return nullptr;
}

void remove_overlay_attributes(Node& node) {
  const auto is_overlay = [](const Xattr& xattr) { return overlay_attribute(xattr.name).has_value(); };
  if (!node.xattrs || std::ranges::none_of(*node.xattrs, is_overlay)) return;
  Xattrs kept = *node.xattrs;
  std::erase_if(kept, is_overlay);
  node.xattrs = kept.empty() ? nullptr : std::make_shared<const Xattrs>(std::move(kept));
}

bool is_overlayfs_whiteout(const Node& node) {
  if (node.kind == NodeKind::CharDevice) return node.device == DeviceNumber{};
  return node.kind == NodeKind::File && (!node.content || node.content->size() == 0) &&
         find_overlay_attribute(node, "whiteout") != nullptr;
}

}  // namespace

LayerMarkers::LayerMarkers(const Tree& tree, Whiteouts whiteouts)
    : tree_(tree),
      oci_(whiteouts == Whiteouts::Oci || whiteouts == Whiteouts::Both),
      overlayfs_(whiteouts == Whiteouts::Overlayfs || whiteouts == Whiteouts::Both) {}

bool LayerMarkers::is_marker(const DirEntry& entry) const {
  if (oci_ && entry.name.starts_with(kOciPrefix)) return true;
  return overlayfs_ && is_overlayfs_whiteout(tree_.node(entry.node));
}

std::optional<std::string_view> LayerMarkers::hidden_name(NodeId directory, const DirEntry& marker) const {
  if (!oci_ || !marker.name.starts_with(kOciPrefix)) return marker.name;
  if (marker.name.starts_with(kAufsPrefix)) return std::nullopt;
  const std::string_view hidden = marker.name.substr(kOciPrefix.size());
  if (!hidden.empty() && hidden != "." && hidden != "..") return hidden;
  throw Error(ErrorCode::Corrupt,
              fmt::format("{}: it hides nothing that could have a name", child_path(tree_, directory, marker.name)));
}

bool LayerMarkers::is_opaque(NodeId directory) const {
  if (oci_ && tree_.find(directory, kOciOpaque)) return true;
  if (!overlayfs_) return false;
  const std::string* const value = find_overlay_attribute(tree_.node(directory), "opaque");
  return value != nullptr && *value == "y";
}

void LayerMarkers::clean(Node& node, NodeId directory, std::string_view name) const {
  if (!overlayfs_ || !node.xattrs) return;
  for (const std::string_view part : {"redirect", "metacopy"}) {
    if (find_overlay_attribute(node, part) == nullptr) continue;
    throw Error(ErrorCode::Unsupported,
                fmt::format("{}: overlayfs keeps only a part of it in this layer (the attribute \"{}\"): mount the "
                            "overlay and take the mounted tree",
                            child_path(tree_, directory, name), part));
  }
  remove_overlay_attributes(node);
}

}  // namespace fstool
