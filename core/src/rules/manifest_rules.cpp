#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "fstool/posix_acl.h"
#include "node_status.h"
#include "rules/attribute_changes.h"
#include "rules/attribute_files.h"
#include "rules/layer_names.h"
#include "rules/mtree.h"
#include "rules/named_place.h"

namespace fstool {

namespace {

/// Some 200 bytes a file: enough for several million.
constexpr std::uint64_t kMaxManifestBytes = std::uint64_t{1} << 30;

class ManifestApplier {
 public:
  ManifestApplier(Layer& layer, const TextLines& lines, OwnerResolver& owners, const Context& context)
      : layer_(layer), lines_(lines), owners_(owners), places_(layer, context) {}

  void apply(const MtreeEntry& entry) {
    const std::optional<NodeId> existing = places_.find(entry.path);
    if (!existing) {
      if (!entry.is_optional && !places_.is_lower_link(entry.path)) make(entry);
      return;
    }
    Node& node = layer_.tree.node(*existing);
    if (entry.kind && *entry.kind != node.kind) {
      throw lines_.error(
          fmt::format("/{} is a {} in the source, not a {}", entry.path, kind_name(node.kind), kind_name(*entry.kind)));
    }
    if (entry.is_fixed) return;
    change(node, entry);
    described_.push_back(*existing);
  }

  /// Call it once, at the end.
  void finish() { remove_implied(layer_, std::move(described_)); }

 private:
  void make(const MtreeEntry& entry) {
    if (!entry.kind) throw lines_.error(fmt::format("the source has no /{}, and the line has no type", entry.path));
    Node node = places_.new_node(*entry.kind);
    switch (*entry.kind) {
      case NodeKind::File:
        if (entry.size == 0U) break;
        throw lines_.error(fmt::format("the source has no /{}, whose content no manifest can give", entry.path));
      case NodeKind::Symlink:
        if (entry.link.empty()) throw lines_.error(fmt::format("the link /{} needs a link=TARGET", entry.path));
        node.target = entry.link;
        break;
      case NodeKind::CharDevice:
      case NodeKind::BlockDevice:
        if (!entry.device) throw lines_.error(fmt::format("the device /{} needs a device=NUMBER", entry.path));
        node.device = *entry.device;
        break;
      default:
        break;
    }
    change(node, entry);
    try {
      places_.add(entry.path, std::move(node));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::InvalidArgument) throw;
      throw lines_.error(error.what());
    }
  }

  void change(Node& node, const MtreeEntry& entry) {
    if (entry.uid) {
      node.uid = *entry.uid;
    } else if (!entry.uname.empty()) {
      node.uid = id_of(entry.uname, OwnerKind::User);
    }
    if (entry.gid) {
      node.gid = *entry.gid;
    } else if (!entry.gname.empty()) {
      node.gid = id_of(entry.gname, OwnerKind::Group);
    }
    if (entry.permissions) set_permissions(node, *entry.permissions);
    if (entry.mtime) node.mtime = *entry.mtime;
    change_xattrs(node, entry.xattrs);
  }

  std::uint32_t id_of(const std::string& name, OwnerKind kind) {
    try {
      return owners_.id_of(name, kind);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::InvalidArgument) throw;
      throw lines_.error(error.what());
    }
  }

  Layer& layer_;
  const TextLines& lines_;
  OwnerResolver& owners_;
  NamedPlaces places_;
  std::vector<NodeId> described_;  // of what was there
};

}  // namespace

void apply_manifest(Layer& layer, const RuleFile& manifest, OwnerResolver& owners, const Context& context) {
  const std::string text = read_rule_file(manifest, kMaxManifestBytes, context);
  apply_manifest(layer, text, manifest.path.string(), owners, context);
}

void apply_manifest(Layer& layer, std::string_view text, const std::string& name, OwnerResolver& owners,
                    const Context& context) {
  TextLines lines(text, name);
  ManifestApplier applier(layer, lines, owners, context);
  read_mtree(lines, [&](const MtreeEntry& entry) { applier.apply(entry); });
  applier.finish();
}

}  // namespace fstool
