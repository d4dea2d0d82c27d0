#include "directory_source.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <system_error>
#include <utility>
#include <variant>
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
  node.mtime = {attributes.mtime_seconds, attributes.mtime_nanoseconds};
  if (attributes.xattrs != nullptr) node.xattrs = *attributes.xattrs;
  return node;
}

/// Puts what was scanned into a Tree, in an order that follows from the names alone.
class TreeBuilder {
 public:
  explicit TreeBuilder(const HostTree& host) : host_(host) {}

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
    const auto first_below = static_cast<std::ptrdiff_t>(pending_.size());
    for (ScannedBatch& batch : directory.batches) {
      auto link = batch.links.begin();
      for (std::size_t index = 0; index < batch.entries.size(); ++index) {
        const ScannedEntry& entry = batch.entries[index];
        const bool linked = link != batch.links.end() && link->entry == index;
        with_context([&] { return "reading " + host_.path(*directory.directory, entry.name); },
                     [&] { linked ? add_linked(id, entry, *link) : static_cast<void>(add_entry(id, entry)); });
        if (linked) ++link;
      }
      batch = ScannedBatch();  // gives the memory back while the tree grows
    }
    // The first name is to be on top.
    std::reverse(pending_.begin() + first_below, pending_.end());
  }

  void add_linked(NodeId parent, const ScannedEntry& entry, const ScannedLink& link) {
    const auto [known, is_new] = linked_.try_emplace({link.device, link.inode});
    if (is_new) {
      known->second = add_entry(parent, entry);
    } else {
      tree_.link(parent, entry.name, known->second);
    }
  }

  NodeId add_entry(NodeId parent, const ScannedEntry& entry) {
    if (const auto* const below = std::get_if<ScannedDirectory*>(&entry.special)) {
      const NodeId id = tree_.add(parent, entry.name, make_node((*below)->attributes));
      pending_.emplace_back(*below, id);
      return id;
    }
    Node node = make_node(entry.attributes);
    if (const auto* const content = std::get_if<const FileContent*>(&entry.special)) {
      if (*content != nullptr) node.content = host_.share(**content);
    } else if (const auto* const target = std::get_if<const char*>(&entry.special)) {
      node.target = *target;
    } else if (const auto* const device = std::get_if<DeviceNumber>(&entry.special)) {
      node.device = *device;
    }
    return tree_.add(parent, entry.name, std::move(node));
  }

  const HostTree& host_;
  Tree tree_;
  std::vector<std::pair<ScannedDirectory*, NodeId>> pending_;
  std::map<std::pair<std::uint64_t, std::uint64_t>, NodeId> linked_;  // st_dev and st_ino of what has several names
};

}  // namespace

const OptionSet<DirectoryOptions>& directory_options() {
  static const auto set = OptionSet<DirectoryOptions>().add(
      "follow_links", &DirectoryOptions::follow_links,
      "Take what symbolic links lead to in place of the links, as in a build's sandbox.");
  return set;
}

Claim DirectorySource::claim(const SourceInput& input) {
  std::error_code error;
  return !input.bytes && std::filesystem::is_directory(input.path, error) ? Claim::General : Claim::None;
}

Layer DirectorySource::load(const SourceInput& input, Context& context) {
  if (input.bytes) throw Error(ErrorCode::InvalidArgument, fmt::format("{} is no directory", input.name()));
  context.begin_step(fmt::format("reading {}", input.name()), 0, "files");
  const Links links = options_.follow_links ? Links::Follow : Links::Keep;
  const auto host = std::make_shared<HostTree>(input.path, links, context.workers().size());
  Scanner scanner(*host, context);
  ScannedDirectory& top = scanner.scan();
  for (const std::string& path : scanner.followed()) context.note_input(path, InputUse::Metadata);
  host->close_idle();
  return TreeBuilder(*host).build(top);
}

}  // namespace fstool::dir
