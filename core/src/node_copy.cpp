#include "node_copy.h"

namespace fstool {

Node copy_of(const Node& node) {
  Node copy;
  copy.kind = node.kind;
  copy.permissions = node.permissions;
  copy.uid = node.uid;
  copy.gid = node.gid;
  copy.device = node.device;
  copy.mtime = node.mtime;
  copy.content = node.content;
  copy.target = node.target;
  copy.xattrs = node.xattrs;
  return copy;
}

}  // namespace fstool
