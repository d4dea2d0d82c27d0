#include "archive_writer.h"

#include <sys/stat.h>

#include <limits>
#include <span>
#include <utility>

#include "fstool/error.h"
#include "fstool/size.h"
#include "newc_header.h"

namespace cpio {

using fstool::Error;
using fstool::ErrorCode;
using fstool::Node;
using fstool::NodeKind;

namespace {

constexpr std::uint64_t kLargestNumber = std::numeric_limits<std::uint32_t>::max();

std::uint32_t type_bits(NodeKind kind) {
  switch (kind) {
    case NodeKind::File:
      return S_IFREG;
    case NodeKind::Directory:
      return S_IFDIR;
    case NodeKind::Symlink:
      return S_IFLNK;
    case NodeKind::CharDevice:
      return S_IFCHR;
    case NodeKind::BlockDevice:
      return S_IFBLK;
    case NodeKind::Fifo:
      return S_IFIFO;
    case NodeKind::Socket:
      return S_IFSOCK;
  }
  return S_IFREG;
}

/// Throws Error(Unsupported).
std::uint32_t checked(std::uint64_t value, const std::string& path, const char* what) {
  if (value <= kLargestNumber) return static_cast<std::uint32_t>(value);
  throw Error(ErrorCode::Unsupported, path + ": a cpio archive can't hold " + what);
}

}  // namespace

ArchiveWriter::ArchiveWriter(const fstool::Tree& tree, bool owners, fstool::Context& context)
    : tree_(tree), owners_(owners) {
  const std::vector<Name> members = names(context);
  std::unordered_map<fstool::NodeId, std::uint32_t> names_to_come;
  for (const Name& name : members) ++names_to_come[name.node];
  std::uint64_t with_xattrs = 0;
  for (const Name& name : members) {
    const bool is_last = --names_to_come[name.node] == 0;
    const auto& xattrs = tree_.node(name.node).xattrs;
    if (is_last && xattrs && !xattrs->empty()) ++with_xattrs;
    add(name, is_last);
  }
  append(member_start({}, kTrailer));
  if (with_xattrs > 0) {
    context.warn("a cpio archive has no extended attributes: those of " + std::to_string(with_xattrs) +
                 (with_xattrs == 1 ? " file" : " files") + " are left out");
  }
}

std::vector<ArchiveWriter::Name> ArchiveWriter::names(fstool::Context& context) const {
  std::vector<Name> names = {{".", fstool::Tree::kRoot}};
  // A list instead of recursion: trees from images may be deeper than the stack.
  struct Level {
    fstool::NodeId directory;
    std::size_t next_entry;
    std::string prefix;
  };
  std::vector<Level> levels = {{fstool::Tree::kRoot, 0, {}}};
  while (!levels.empty()) {
    context.check_cancelled();
    Level& level = levels.back();
    const auto entries = tree_.entries(level.directory);
    if (level.next_entry == entries.size()) {
      levels.pop_back();
      continue;
    }
    const fstool::DirEntry& entry = entries[level.next_entry++];
    std::string path = level.prefix + std::string(entry.name);
    if (tree_.node(entry.node).kind == NodeKind::Directory) levels.push_back({entry.node, 0, path + "/"});
    names.push_back({std::move(path), entry.node});
  }
  return names;
}

void ArchiveWriter::add(const Name& name, bool with_content) {
  const Node& node = tree_.node(name.node);
  const bool is_directory = node.kind == NodeKind::Directory;
  const std::uint64_t content = !with_content ? 0 : node.content ? node.content->size() : node.target.size();
  const auto inode = inodes_.try_emplace(name.node, static_cast<std::uint32_t>(inodes_.size() + 1)).first->second;
  // Times before 1970 would be ones after 2038: readers differ in what they make of them.
  const auto mtime = static_cast<std::uint64_t>(node.mtime.seconds);
  append(member_start({.inode = inode,
                       .mode = type_bits(node.kind) | node.permissions,
                       .uid = owners_ ? node.uid : 0,
                       .gid = owners_ ? node.gid : 0,
                       .links = is_directory ? 2 : tree_.links(name.node),
                       .mtime = checked(mtime, name.path, "times before 1970 or after 2106"),
                       .content_size = checked(content, name.path, "files of 4 GiB and more"),
                       .special_major = node.device.major,
                       .special_minor = node.device.minor},
                      name.path));
  if (content == 0) return;
  if (node.content) {
    archive_.add(end_, node.content);
    end_ += fstool::round_up(content, kAlignment);
  } else {
    std::string target = node.target;
    target.resize(fstool::round_up(target.size(), kAlignment), '\0');
    append(std::move(target));
  }
}

void ArchiveWriter::append(std::string bytes) {
  const auto view = std::as_bytes(std::span(bytes));
  archive_.add(end_, fstool::make_memory_blob({view.begin(), view.end()}));
  end_ += bytes.size();
}

}  // namespace cpio
