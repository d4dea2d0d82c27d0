#include "directory_source.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "fstool/error.h"
#include "host_tree.h"
#include "scanner.h"

namespace fstool::dir {

namespace {

NodeKind kind_of(std::uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFREG:
      return NodeKind::File;
    case S_IFDIR:
      return NodeKind::Directory;
    case S_IFLNK:
      return NodeKind::Symlink;
    case S_IFCHR:
      return NodeKind::CharDevice;
    case S_IFBLK:
      return NodeKind::BlockDevice;
    case S_IFIFO:
      return NodeKind::Fifo;
    case S_IFSOCK:
      return NodeKind::Socket;
    default:
      throw Error(ErrorCode::Unsupported, fmt::format("the file type {:#o} is unknown", mode & S_IFMT));
  }
}

Node make_node(const Attributes& attributes) {
  Node node;
  node.kind = kind_of(attributes.mode);
  node.permissions = static_cast<std::uint16_t>(attributes.mode & 07777U);
  node.uid = attributes.uid;
  node.gid = attributes.gid;
  node.mtime = attributes.mtime;
  if (attributes.xattrs != nullptr) node.xattrs = *attributes.xattrs;
  return node;
}

/// Puts what was scanned into a Tree, in an order that follows from the names alone.
class TreeBuilder {
 public:
  explicit TreeBuilder(HostTree& host) : host_(host) {}

  Tree build(ScannedDirectory& top) {
    tree_.node(Tree::kRoot) = make_node(top.attributes);
    pending_.emplace_back(&top, Tree::kRoot);
    while (!pending_.empty()) {
      const auto [directory, id] = pending_.back();
      pending_.pop_back();
      add_entries(*directory, id);
    }
    return std::move(tree_);
  }

 private:
  void add_entries(ScannedDirectory& directory, NodeId id) {
    const std::size_t first_below = pending_.size();
    for (std::vector<ScannedEntry>& batch : directory.batches) {
      for (ScannedEntry& entry : batch) {
        with_context([&] { return "reading " + host_.path(*directory.directory, entry.name); },
                     [&] { add_entry(*directory.directory, id, entry); });
      }
      std::vector<ScannedEntry>().swap(batch);  // gives the memory back while the tree grows
    }
    // The first name is to be on top.
    std::reverse(pending_.begin() + static_cast<std::ptrdiff_t>(first_below), pending_.end());
  }

  void add_entry(const Directory& host_directory, NodeId parent, ScannedEntry& entry) {
    if (entry.directory != nullptr) {
      pending_.emplace_back(entry.directory, tree_.add(parent, entry.name, make_node(entry.directory->attributes)));
      return;
    }
    const std::pair inode(entry.host_device, entry.identity.inode);
    if (entry.host_device != 0) {
      const auto known = linked_.find(inode);
      if (known != linked_.end()) {
        tree_.link(parent, entry.name, known->second);
        return;
      }
    }
    Node node = make_node(entry.attributes);
    node.device = entry.device;
    node.target = entry.target;
    if (node.kind == NodeKind::File) node.content = content_of(host_directory, entry);
    const NodeId id = tree_.add(parent, entry.name, std::move(node));
    if (entry.host_device != 0) linked_.emplace(inode, id);
  }

  BlobPtr content_of(const Directory& directory, ScannedEntry& entry) {
    if (entry.identity.size == 0) return nullptr;
    if (!entry.data) return host_.add_file(directory, entry.name, entry.identity);
    return host_.add_sparse_file(directory, entry.name, entry.identity, std::move(*entry.data));
  }

  HostTree& host_;
  Tree tree_;
  std::vector<std::pair<ScannedDirectory*, NodeId>> pending_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, NodeId> linked_;  // st_dev and st_ino of what has several names
};

}  // namespace

bool DirectorySource::accepts(const std::filesystem::path& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

Tree DirectorySource::load(const std::filesystem::path& location, Context& context) {
  context.begin_step(fmt::format("reading {}", location.string()), 0, "files");
  const auto host = std::make_shared<HostTree>(location, context.workers().size());
  Scanner scanner(*host, context);
  ScannedDirectory& top = scanner.scan();
  host->close_idle();
  return TreeBuilder(*host).build(top);
}

}  // namespace fstool::dir
