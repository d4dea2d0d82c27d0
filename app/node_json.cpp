#include "node_json.h"

#include <fmt/format.h>

#include "base64.h"
#include "escape.h"
#include "node_status.h"
#include "time_text.h"

namespace fstool {

namespace {

Json time_or_null(const std::optional<Timestamp>& time) {
  return time ? Json(format_time(*time, kRfc3339)) : Json(nullptr);
}

Json name_or_null(const OwnerNames& names, std::uint32_t id) {
  const std::string* const name = names.name_of(id);
  return name != nullptr ? Json(*name) : Json(nullptr);
}

}  // namespace

Json node_json(const Tree& tree, NodeId id, const std::string& path, const Owners& owners) {
  const Node& node = tree.node(id);
  const NodeStatus status = status_of(tree, id);
  const RecordedInode unknown;
  const RecordedInode& recorded = node.recorded ? *node.recorded : unknown;
  Json json;
  add_text(json, "path", path);
  json["type"] = kind_name(node.kind);
  json["mode"] = fmt::format("{:04o}", node.permissions);
  json["uid"] = node.uid;
  json["gid"] = node.gid;
  json["user"] = name_or_null(owners.users, node.uid);
  json["group"] = name_or_null(owners.groups, node.gid);
  json["size"] = status.size;
  json["links"] = status.links;
  json["sectors"] = status.sectors;
  json["inode"] = status.inode ? Json(*status.inode) : Json(nullptr);
  json["mtime"] = format_time(node.mtime, kRfc3339);
  json["atime"] = time_or_null(recorded.atime);
  json["ctime"] = time_or_null(recorded.ctime);
  json["birth"] = time_or_null(recorded.birth);
  if (node.kind == NodeKind::Symlink) add_text(json, "target", node.target);
  if (node.kind == NodeKind::CharDevice || node.kind == NodeKind::BlockDevice) {
    json["device"] = {{"major", node.device.major}, {"minor", node.device.minor}};
  }
  if (node.xattrs) {
    Json xattrs = Json::object();
    for (const Xattr& xattr : *node.xattrs) xattrs[xattr.name] = base64(xattr.value);
    json["xattrs"] = std::move(xattrs);
  }
  return json;
}

}  // namespace fstool
