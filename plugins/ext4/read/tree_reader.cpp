#include "read/tree_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fstool/error.h"
#include "read/inode_fields.h"

namespace fstool::ext4 {

namespace {

constexpr unsigned kMaxPaths = 1000;

}  // namespace

TreeReader::TreeReader(std::shared_ptr<const VolumeState> volume, GroupTable& groups)
    : volume_(std::move(volume)), inodes_(*volume_, groups), nodes_(volume_, inodes_), directories_(*volume_) {}

Tree TreeReader::read(const OpenScope& scope) {
  read_root();
  std::string_view path = scope.path;
  while (!path.empty() && !level_.empty()) {
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(name.size() + 1, path.size()));
    read_level(name);
  }
  if (scope.depth == OpenScope::Depth::Children) read_level(std::nullopt);
  while (scope.depth == OpenScope::Depth::Everything && !level_.empty()) read_level(std::nullopt);
  return std::move(tree_);
}

void TreeReader::read_level(const std::optional<std::string_view>& wanted) {
  names_.clear();
  name_bytes_.clear();
  next_level_.clear();
  for (std::uint32_t i = 0; i < level_.size(); ++i) read_directory(i, wanted);
  std::stable_sort(names_.begin(), names_.end(),
                   [](const PendingName& a, const PendingName& b) { return a.inode < b.inode; });
  for (const PendingName& name : names_) add(name);
  level_.swap(next_level_);
  volume_->context.check_cancelled();
}

void TreeReader::read_root() {
  std::optional<Node> root;
  with_context([] { return "reading the root directory"; },
               [&] {
                 root = nodes_.read(inodes_.read(kRootInode),
                                    [&](const std::string& what) { report(Tree::kRoot, "", what); });
                 if (!root || root->kind != NodeKind::Directory) {
                   throw Error(ErrorCode::Corrupt, "inode 2 is not a directory");
                 }
               });
  tree_.node(Tree::kRoot) = std::move(*root);
  known_.emplace(kRootInode, Tree::kRoot);
  level_.push_back({Tree::kRoot, kRootInode, kRootInode});
}

void TreeReader::report(NodeId directory, std::string_view name, std::string_view what) {
  // Paths may be as long as the tree is deep: making very many of them would take very long.
  std::string path = reports_++ < kMaxPaths ? tree_.path(directory) : "…";
  if (!name.empty()) path.append(path == "/" ? "" : "/").append(name);
  volume_->context.report_damage(fmt::format("{}: {}", path, what));
}

void TreeReader::read_directory(std::uint32_t index, const std::optional<std::string_view>& wanted) {
  const PendingDirectory& directory = level_[index];
  const auto report_here = [&](const std::string& what) { report(directory.node, "", what); };
  const auto keep = [&](std::string_view name, std::uint32_t inode) {
    if (wanted && name != *wanted) return;
    names_.push_back({inode, index, name_bytes_.size(), static_cast<std::uint8_t>(name.size())});
    name_bytes_ += name;
  };
  try {
    const InodeRecord record = inodes_.read(directory.inode);
    const bool is_inline = (record.fields.flags & kInodeInlineData) != 0;
    const std::string inline_data = is_inline ? nodes_.inline_data(record) : std::string();
    directories_.read(record, directory.parent_inode, inline_data, keep, report_here);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Corrupt) throw;
    report_here(error.what());
  }
}

void TreeReader::add(const PendingName& pending) {
  const PendingDirectory& parent = level_[pending.parent];
  const std::string_view name = std::string_view(name_bytes_).substr(pending.name_offset, pending.name_length);
  const auto report_here = [&](const std::string& what) { report(parent.node, name, what); };
  if (tree_.find(parent.node, name)) return report_here("the directory has this name twice");

  if (const auto known = known_.find(pending.inode); known != known_.end()) {
    if (tree_.node(known->second).kind == NodeKind::Directory) {
      return report_here(fmt::format("it is a second name of the directory with inode {}", pending.inode));
    }
    tree_.link(parent.node, name, known->second);
    return;
  }
  std::optional<Node> node;
  try {
    if (pending.inode < volume_->layout.first_inode) {
      throw Error(ErrorCode::Corrupt, fmt::format("inode {} is reserved", pending.inode));
    }
    node = nodes_.read(inodes_.read(pending.inode), report_here);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Corrupt) throw;
    report_here(error.what());
  }
  if (!node) return;
  const bool is_directory = node->kind == NodeKind::Directory;
  const NodeId id = tree_.add(parent.node, name, std::move(*node));
  known_.emplace(pending.inode, id);
  if (is_directory) next_level_.push_back({id, pending.inode, parent.inode});
}

}  // namespace fstool::ext4
