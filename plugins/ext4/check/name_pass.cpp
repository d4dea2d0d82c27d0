#include "check/name_pass.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "check/directory_check.h"

namespace fstool::ext4 {

namespace {

/// Directories that are checked one after the other by one worker.
constexpr std::size_t kBatch = 32;
/// With the feature dir_nlink, a directory with more subdirectories has 1 as its number of links.
constexpr std::uint32_t kMaxLinks = 65000;

/// How a directory is connected with others.
struct Connection {
  std::uint32_t inode = 0;
  std::uint32_t dotdot = 0;  ///< as its ".." says; 0: it has none
  std::uint32_t parent = 0;  ///< the directory that has a name for it; 0: none
  bool judged = false;       ///< whether a way leads here from the root is known
};

class NamePass {
 public:
  NamePass(CheckState& state, Inventory& inventory) : state_(state), inventory_(inventory) {
    connections_.reserve(inventory.directories.size());
    for (const DirectoryToCheck& directory : inventory.directories)
      connections_.push_back({directory.inode, 0, 0, false});
  }

  void run() {
    read_directories();
    check_connections();
    check_links();
  }

 private:
  void read_directories() {
    Context& context = state_.context();
    WorkerPool& workers = context.workers();
    const auto& directories = inventory_.directories;
    std::vector<std::unique_ptr<DirectoryCheck>> checkers(workers.size());
    std::vector<std::vector<DirectoryScan>> scans(workers.slots());
    context.begin_step("checking directories", directories.size(), "directories");
    workers.ordered((directories.size() + kBatch - 1) / kBatch,
                    [&](std::uint64_t batch, unsigned worker, unsigned slot) {
                      if (!checkers[worker]) checkers[worker] = std::make_unique<DirectoryCheck>(state_);
                      const std::size_t begin = batch * kBatch;
                      const std::size_t end = std::min(begin + kBatch, directories.size());
                      for (std::size_t i = begin; i < end; ++i)
                        scans[slot].push_back(checkers[worker]->check(directories[i]));
                    },
                    [&](std::uint64_t, unsigned slot) {
                      context.advance(scans[slot].size());
                      for (DirectoryScan& scan : scans[slot]) connect(scan);
                      scans[slot].clear();
                    });
  }

  void connect(DirectoryScan& scan) {
    Connection* const here = find(scan.inode);
    if (here != nullptr) here->dotdot = scan.parent;
    for (const NameReference& name : scan.names) check_name(scan, name);
    scan.findings.report(state_.context(), fmt::format("directory {}", scan.inode));
  }

  void check_name(DirectoryScan& scan, const NameReference& name) {
    const auto damage = [&](const std::string& what) {
      scan.findings.add("directory {}: \"{}\" {}", scan.inode, scan.text_of(name), what);
    };
    const Layout& layout = state_.layout();
    if (name.inode < layout.first_inode && name.inode != kRootInode) {
      return damage(fmt::format("is inode {}, which is reserved", name.inode));
    }
    UsedInode* const inode = inventory_.find(name.inode);
    if (inode == nullptr) return damage(fmt::format("is inode {}, which is not in use", name.inode));
    if (inode->is_value) return damage(fmt::format("is inode {}, which holds an extended attribute", name.inode));
    ++inode->names;
    const bool has_types = layout.features.has_incompat(kIncompatFiletype);
    const unsigned type = has_types ? directory_file_type(inode->kind) : 0;
    if (name.has_type && name.file_type != type) {
      damage(fmt::format("has file type {} instead of {}", name.file_type, type));
    }
    if (name.is_dot || inode->kind != NodeKind::Directory) return;
    Connection* const child = find(name.inode);
    if (child == nullptr) return;
    if (name.inode == kRootInode) {
      damage("is the root directory");
    } else if (child->parent != 0) {
      damage(fmt::format("is a second name of directory {}", name.inode));
    } else {
      child->parent = scan.inode;
    }
  }

  Connection* find(std::uint32_t inode) {
    const auto found = std::partition_point(connections_.begin(), connections_.end(),
                                            [&](const Connection& other) { return other.inode < inode; });
    return found != connections_.end() && found->inode == inode ? &*found : nullptr;
  }

  void check_connections() {
    if (Connection* const root = find(kRootInode)) root->judged = true;
    for (Connection& directory : connections_) {
      const std::uint32_t expected = directory.inode == kRootInode ? kRootInode : directory.parent;
      if (expected != 0 && directory.dotdot != 0 && directory.dotdot != expected) {
        state_.context().report_damage(fmt::format("directory {}: its \"..\" is inode {}, and it is in directory {}",
                                                   directory.inode, directory.dotdot, expected));
      }
      judge(directory);
    }
  }

  /// Goes up from `directory` until it is known whether a way leads there from the root.
  void judge(Connection& directory) {
    if (directory.inode != kRootInode && directory.parent == 0) {
      directory.judged = true;
      state_.context().report_damage(fmt::format("directory {}: no directory has it", directory.inode));
      return;
    }
    std::vector<Connection*> way;
    Connection* last = &directory;
    while (last != nullptr && !last->judged && last->parent != 0) {
      last->judged = true;
      way.push_back(last);
      last = find(last->parent);
    }
    const bool in_itself = last != nullptr && std::find(way.begin(), way.end(), last) != way.end();
    if (in_itself) {
      state_.context().report_damage(fmt::format("directory {}: it lies in itself, and can't be reached", last->inode));
    }
  }

  void check_links() {
    Context& context = state_.context();
    const bool dir_nlink = state_.layout().features.has_ro_compat(kRoCompatDirNlink);
    Findings findings;
    for (const UsedInode& inode : inventory_.used) {
      if (inode.hidden) continue;
      const auto damage = [&](const std::string& what) { findings.add("inode {}: {}", inode.number, what); };
      if (inode.is_value) {
        if (inode.links != 1) damage(fmt::format("it holds an extended attribute, and has {} links", inode.links));
        continue;
      }
      const bool orphan = state_.orphans.contains(inode.number);
      if (inode.names == 0 && !orphan) {
        damage(fmt::format("it is in use, with {} links, and no directory has it", inode.links));
      } else if (inode.links != inode.names) {
        const bool too_many = dir_nlink && inode.kind == NodeKind::Directory && inode.links == 1;
        if (!too_many) damage(fmt::format("it counts {} links, and has {}", inode.links, inode.names));
      } else if (inode.names > kMaxLinks) {
        damage(fmt::format("it has {} links", inode.names));
      }
    }
    findings.report(context, "links");
  }

  CheckState& state_;
  Inventory& inventory_;
  std::vector<Connection> connections_;  // by inode
};

}  // namespace

void check_names(CheckState& state, Inventory& inventory) { NamePass(state, inventory).run(); }

}  // namespace fstool::ext4
