#include "archive_reader.h"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "fstool/error.h"
#include "fstool/size.h"

namespace cpio {

using fstool::Error;
using fstool::ErrorCode;
using fstool::Node;
using fstool::NodeId;
using fstool::NodeKind;

namespace {

constexpr std::uint32_t kMaxNameBytes = 4096;     // PATH_MAX of Linux, with the NUL
constexpr std::uint32_t kMaxTargetBytes = 65536;  // far more than Linux takes
constexpr std::size_t kPieceBytes = 65536;

std::optional<NodeKind> kind_of(std::uint32_t mode) {
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
      return std::nullopt;
  }
}

/// The names of a path, without those that say nothing. Throws Error(Corrupt) for "..".
std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> names;
  while (!path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    const std::string_view name = path.substr(0, slash);
    if (name == "..") throw Error(ErrorCode::Corrupt, "its name leads out of the archive");
    if (!name.empty() && name != ".") names.push_back(name);
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return names;
}

}  // namespace

fstool::Tree ArchiveReader::read_all() {
  while (has_magic(*image_, at_)) {
    while (
        fstool::with_context([&] { return "member at byte " + std::to_string(at_); }, [&] { return read_member(); })) {
      context_.check_cancelled();
    }
    linked_.clear();
    skip_zeros();
  }
  if (at_ < image_->size()) {
    context_.warn("what follows the archive from byte " + std::to_string(at_) + " on is not read");
  }
  return std::move(tree_);
}

std::uint64_t ArchiveReader::take(std::uint64_t bytes) {
  // What is padded away at the end of the image need not be there.
  if (bytes > image_->size() - at_) throw Error(ErrorCode::Corrupt, "it is cut off");
  const std::uint64_t begin = at_;
  at_ = std::min(fstool::round_up(at_ + bytes, kAlignment), image_->size());
  return begin;
}

std::string ArchiveReader::take_text(std::uint64_t bytes) {
  std::string text(bytes, '\0');
  image_->read(take(bytes), std::as_writable_bytes(std::span(text)));
  return text;
}

bool ArchiveReader::read_member() {
  if (image_->size() - at_ < sizeof(StoredHeader)) throw Error(ErrorCode::Corrupt, "the archive has no end");
  StoredHeader stored{};
  image_->read(at_, std::as_writable_bytes(std::span(&stored, 1)));
  const Header header = parse_header(stored);
  if (header.name_size == 0 || header.name_size > kMaxNameBytes)
    throw Error(ErrorCode::Corrupt, "its name is too long");
  // The padding is that of header and name together.
  const std::string name = take_text(sizeof(stored) + header.name_size).substr(sizeof(stored));
  if (name.find('\0') != name.size() - 1) throw Error(ErrorCode::Corrupt, "its name does not end with it");
  const std::string_view path = std::string_view(name).substr(0, name.size() - 1);
  if (path == kTrailer) return false;
  add(header, path);
  return true;
}

void ArchiveReader::skip_zeros() {
  std::vector<std::byte> piece(kPieceBytes);
  while (at_ < image_->size()) {
    context_.check_cancelled();
    if (const fstool::Run run = image_->run_at(at_); run.hole) {
      at_ += run.length;
      continue;
    }
    const auto bytes = std::span(piece).first(std::min<std::uint64_t>(piece.size(), image_->size() - at_));
    image_->read(at_, bytes);
    const auto other = std::ranges::find_if(bytes, [](std::byte byte) { return byte != std::byte{0}; });
    at_ += static_cast<std::uint64_t>(other - bytes.begin());
    if (other != bytes.end()) return;
  }
}

void ArchiveReader::add(const Header& header, std::string_view path) {
  const std::vector<std::string_view> names = split(path);
  Node node = node_of(header);
  if (names.empty()) {
    if (node.kind != NodeKind::Directory) throw Error(ErrorCode::Corrupt, "the root is no directory");
    tree_.node(fstool::Tree::kRoot) = std::move(node);
    return;
  }
  NodeId parent = fstool::Tree::kRoot;
  for (const std::string_view name : std::span(names).first(names.size() - 1)) parent = directory_at(parent, name);
  if (node.kind == NodeKind::Directory) return add_directory(parent, names.back(), std::move(node));
  tree_.remove(parent, names.back());
  if (header.links > 1 && add_link(header, parent, names.back(), node)) return;
  const NodeId added = tree_.add(parent, names.back(), std::move(node));
  if (header.links > 1) linked_[{header.device_major, header.device_minor, header.inode}] = added;
}

Node ArchiveReader::node_of(const Header& header) {
  const std::optional<NodeKind> kind = kind_of(header.mode);
  if (!kind) throw Error(ErrorCode::Corrupt, "it is of no kind");
  Node node;
  node.kind = *kind;
  node.permissions = static_cast<std::uint16_t>(header.mode & 07777U);
  node.uid = header.uid;
  node.gid = header.gid;
  node.mtime.seconds = header.mtime;
  if (node.kind == NodeKind::Symlink) {
    if (header.content_size == 0 || header.content_size > kMaxTargetBytes) {
      throw Error(ErrorCode::Corrupt, "its target is empty, or too long");
    }
    node.target = take_text(header.content_size);
    if (node.target.find('\0') != std::string::npos) throw Error(ErrorCode::Corrupt, "its target is wrong");
    return node;
  }
  const std::uint64_t content = take(header.content_size);
  if (node.kind == NodeKind::File) node.content = fstool::make_slice_blob(image_, content, header.content_size);
  if (node.kind == NodeKind::CharDevice || node.kind == NodeKind::BlockDevice) {
    node.device = {header.special_major, header.special_minor};
  }
  return node;
}

NodeId ArchiveReader::directory_at(NodeId parent, std::string_view name) {
  if (const auto present = tree_.find(parent, name)) {
    if (tree_.node(*present).kind == NodeKind::Directory) return *present;
    throw Error(ErrorCode::Corrupt, "it lies in what is no directory");
  }
  Node directory;
  directory.kind = NodeKind::Directory;
  directory.permissions = 0755;
  return tree_.add(parent, name, std::move(directory));
}

void ArchiveReader::add_directory(NodeId parent, std::string_view name, Node node) {
  const auto present = tree_.find(parent, name);
  if (present && tree_.node(*present).kind == NodeKind::Directory) {
    tree_.node(*present) = std::move(node);
    return;
  }
  tree_.remove(parent, name);
  tree_.add(parent, name, std::move(node));
}

bool ArchiveReader::add_link(const Header& header, NodeId parent, std::string_view name, const Node& node) {
  const auto first = linked_.find({header.device_major, header.device_minor, header.inode});
  if (first == linked_.end() || tree_.links(first->second) == 0) return false;
  Node& known = tree_.node(first->second);
  if (known.kind != node.kind) return false;
  // The content is with the last name, or with the first.
  if (node.content && node.content->size() > 0) known.content = node.content;
  tree_.link(parent, name, first->second);
  return true;
}

}  // namespace cpio
