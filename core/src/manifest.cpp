#include "manifest.h"

#include <fmt/format.h>

#include <unordered_map>

#include "base64.h"
#include "content_hash.h"
#include "fstool/error.h"
#include "tree_walk.h"

namespace fstool {

namespace {

/// vis(3) with VIS_OCTAL, of all that mtree files give a meaning to.
std::string vis(std::string_view text) {
  constexpr std::string_view kSpecial = "\\#*=?[";
  std::string out;
  for (const char c : text) {
    if (c > ' ' && c <= '~' && kSpecial.find(c) == std::string_view::npos) {
      out += c;
    } else {
      out += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

std::string_view type_name(NodeKind kind) {
  switch (kind) {
    case NodeKind::File:
      return "file";
    case NodeKind::Directory:
      return "dir";
    case NodeKind::Symlink:
      return "link";
    case NodeKind::CharDevice:
      return "char";
    case NodeKind::BlockDevice:
      return "block";
    case NodeKind::Fifo:
      return "fifo";
    case NodeKind::Socket:
      return "socket";
  }
  throw Error(ErrorCode::Internal, "no such kind of node");
}

}  // namespace

void list_manifest(const Tree& tree, NodeId root, Context& context,
                   const std::function<void(const ManifestEntry& entry)>& sink) {
  std::unordered_map<NodeId, std::size_t> index_of;
  std::vector<BlobPtr> contents;
  walk_tree(tree, root, "", [&](const WalkedName& walked) {
    const Node& node = tree.node(walked.node);
    if (node.kind == NodeKind::File && index_of.emplace(walked.node, contents.size()).second) {
      contents.push_back(node.content);
    }
    return true;
  });
  const std::vector<ContentHash> hashes = hash_contents(contents, HashAlgorithm::Sha256, context);
  walk_tree(tree, root, "", [&](const WalkedName& walked) {
    const auto index = index_of.find(walked.node);
    if (index == index_of.end()) {
      sink({walked.path, walked.node, {}});
      return true;
    }
    const ContentHash& hash = hashes[index->second];
    with_context([&] { return fmt::format("/{}", walked.path); },
                 [&] {
                   if (hash.error) throw Error(*hash.error);
                 });
    sink({walked.path, walked.node, hash.text});
    return true;
  });
}

std::string manifest_lines(const Tree& tree, const ManifestEntry& entry) {
  const Node& node = tree.node(entry.node);
  std::string line = entry.path.empty() ? "." : "./" + vis(entry.path);
  line += fmt::format(" type={} mode={:04o} uid={} gid={}", type_name(node.kind), node.permissions, node.uid, node.gid);
  if (node.kind == NodeKind::File) line += fmt::format(" size={}", node.content ? node.content->size() : 0);
  line += fmt::format(" time={}.{:09}", node.mtime.seconds, node.mtime.nanoseconds);
  if (node.kind == NodeKind::File) line += fmt::format(" sha256digest={}", entry.sha256);
  if (node.kind == NodeKind::Symlink) line += " link=" + vis(node.target);
  if (node.kind == NodeKind::CharDevice || node.kind == NodeKind::BlockDevice) {
    line += fmt::format(" device=native,{},{}", node.device.major, node.device.minor);
  }
  if (node.kind != NodeKind::Directory) line += fmt::format(" nlink={}", tree.links(entry.node));
  line += "\n";
  if (!node.xattrs) return line;
  for (const Xattr& xattr : *node.xattrs) line += fmt::format("# xattr {}={}\n", vis(xattr.name), base64(xattr.value));
  return line;
}

}  // namespace fstool
