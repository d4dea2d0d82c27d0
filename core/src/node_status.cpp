#include "node_status.h"

#include <sys/stat.h>

#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool {

namespace {

constexpr std::uint64_t kSectorBytes = 512;

std::uint32_t kind_bits(NodeKind kind) {
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
  throw Error(ErrorCode::Internal, "no such kind of node");
}

/// A directory is named by its parent, by itself, and by each directory in it.
std::uint64_t links_of(const Tree& tree, NodeId id) {
  if (tree.node(id).kind != NodeKind::Directory) return tree.links(id);
  std::uint64_t links = 2;
  for (const DirEntry& entry : tree.entries(id)) links += tree.node(entry.node).kind == NodeKind::Directory ? 1 : 0;
  return links;
}

std::uint64_t size_of(const Node& node) {
  if (node.kind == NodeKind::Symlink) return node.target.size();
  return node.content ? node.content->size() : 0;
}

char letter_of(std::uint32_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR:
      return 'd';
    case S_IFLNK:
      return 'l';
    case S_IFCHR:
      return 'c';
    case S_IFBLK:
      return 'b';
    case S_IFIFO:
      return 'p';
    case S_IFSOCK:
      return 's';
    default:
      return '-';
  }
}

/// The last letter of a triple, which also shows one of the three upper bits.
char execute_letter(bool executable, bool special, char letter) {
  if (!special) return executable ? 'x' : '-';
  return executable ? letter : static_cast<char>(letter - 'a' + 'A');
}

}  // namespace

NodeStatus status_of(const Tree& tree, NodeId id) {
  const Node& node = tree.node(id);
  NodeStatus status;
  status.mode = kind_bits(node.kind) | node.permissions;
  const RecordedInode unknown;
  const RecordedInode& recorded = node.recorded ? *node.recorded : unknown;
  status.links = recorded.links ? *recorded.links : links_of(tree, id);
  status.size = recorded.size ? *recorded.size : size_of(node);
  if (recorded.sectors) {
    status.sectors = *recorded.sectors;
  } else if (node.kind == NodeKind::File) {
    status.sectors = div_ceil(status.size, kSectorBytes);
  }
  status.inode = recorded.number;
  return status;
}

std::string mode_text(std::uint32_t mode) {
  std::string text(1, letter_of(mode));
  for (const unsigned shift : {6U, 3U, 0U}) {
    text += ((mode >> shift) & 4U) != 0 ? 'r' : '-';
    text += ((mode >> shift) & 2U) != 0 ? 'w' : '-';
    text += ((mode >> shift) & 1U) != 0 ? 'x' : '-';
  }
  text[3] = execute_letter((mode & S_IXUSR) != 0, (mode & S_ISUID) != 0, 's');
  text[6] = execute_letter((mode & S_IXGRP) != 0, (mode & S_ISGID) != 0, 's');
  text[9] = execute_letter((mode & S_IXOTH) != 0, (mode & S_ISVTX) != 0, 't');
  return text;
}

std::string_view kind_name(NodeKind kind) {
  switch (kind) {
    case NodeKind::File:
      return "regular file";
    case NodeKind::Directory:
      return "directory";
    case NodeKind::Symlink:
      return "symbolic link";
    case NodeKind::CharDevice:
      return "character device";
    case NodeKind::BlockDevice:
      return "block device";
    case NodeKind::Fifo:
      return "fifo";
    case NodeKind::Socket:
      return "socket";
  }
  throw Error(ErrorCode::Internal, "no such kind of node");
}

}  // namespace fstool
