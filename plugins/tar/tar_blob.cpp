#include "tar_blob.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <unordered_map>
#include <utility>

#include "fstool/error.h"
#include "header.h"

namespace fstool::tar {

namespace {

/// What tar writes at once; readers of tapes want whole records.
constexpr std::uint64_t kRecordBytes = 20 * kBlockBytes;
/// Two blocks of zeros end an archive.
constexpr std::uint64_t kEndBytes = 2 * kBlockBytes;
/// Fewer bytes of holes than this are written: a map and its headers take about as much.
constexpr std::uint64_t kLeastHoles = 4096;

}  // namespace

TarBlob::TarBlob(std::shared_ptr<const Tree> tree, Context& context) : tree_(std::move(tree)) {
  add_everything(context);
  const std::uint64_t end = members_end_ + kEndBytes;
  size_ = (end + kRecordBytes - 1) / kRecordBytes * kRecordBytes;
}

void TarBlob::add_everything(Context& context) {
  std::unordered_map<NodeId, std::uint32_t> linked;  // nodes with several names: the member that has the content
  std::uint64_t sockets = 0;
  std::string first_socket;
  add(Tree::kRoot, {}, Tree::kRoot, kNone);
  // A list instead of recursion: trees from images may be deeper than the stack.
  struct Level {
    NodeId directory;
    std::size_t next_entry;
  };
  std::vector<Level> levels{{Tree::kRoot, 0}};
  while (!levels.empty()) {
    Level& level = levels.back();
    const NodeId directory = level.directory;
    const auto entries = tree_->entries(directory);
    if (level.next_entry == entries.size()) {
      levels.pop_back();
      continue;
    }
    const DirEntry& entry = entries[level.next_entry++];
    const NodeKind kind = tree_->node(entry.node).kind;
    if (kind == NodeKind::Socket) {
      if (sockets++ == 0) first_socket = fmt::format("{}/{}", directory == 0 ? "" : tree_->path(directory), entry.name);
      continue;
    }
    std::uint32_t first = kNone;
    if (kind != NodeKind::Directory && tree_->links(entry.node) > 1) {
      const auto [known, is_new] = linked.try_emplace(entry.node, static_cast<std::uint32_t>(members_.size()));
      if (!is_new) first = known->second;
    }
    add(directory, entry.name, entry.node, first);
    if (kind == NodeKind::Directory) levels.push_back({entry.node, 0});
    context.check_cancelled();
  }
  if (sockets != 0) {
    context.warn(fmt::format("{}: a tar can't hold sockets: {} {} left out", first_socket, sockets,
                             sockets == 1 ? "is" : "are"));
  }
}

void TarBlob::add(NodeId directory, std::string_view name, NodeId node, std::uint32_t first) {
  Member member{.offset = members_end_, .node = node, .directory = directory, .name = name, .first = first};
  const BlobPtr& content = tree_->node(node).content;
  if (content && first == kNone && content->size() != 0) {
    std::vector<DataExtent> extents = data_extents(*content, 0, content->size(), kBlockBytes);
    std::uint64_t stored = 0;
    for (const DataExtent& extent : extents) stored += extent.length;
    if (content->size() - stored >= kLeastHoles) {
      BlobBuilder data;
      std::uint64_t at = 0;
      for (const DataExtent& extent : extents) {
        data.add(at, content, extent.offset, extent.length);
        at += extent.length;
      }
      // A file that is one hole has an empty piece at its end, as every map has one.
      if (extents.empty()) extents.push_back({content->size(), 0});
      member.sparse = static_cast<std::uint32_t>(sparse_.size());
      sparse_.push_back({std::move(extents), data.finish(stored)});
    }
  }
  member.header_bytes = header(member).size();
  const std::uint64_t stored = content_size(member);
  if (stored > std::numeric_limits<std::int64_t>::max() - members_end_ - 2 * kRecordBytes - member.header_bytes) {
    throw Error(ErrorCode::Unsupported, fmt::format("{}: the tar would be larger than any file", path(member)));
  }
  members_end_ += member.header_bytes + round_up_to_block(stored);
  members_.push_back(member);
}

std::string TarBlob::path(const Member& member) const {
  if (member.name.empty()) return "./";
  std::string path = tree_->path(member.directory).substr(1);  // without the slash in front
  if (!path.empty()) path += '/';
  path += member.name;
  if (tree_->node(member.node).kind == NodeKind::Directory) path += '/';
  return path;
}

std::string TarBlob::header(const Member& member) const {
  return member_header({
      .node = tree_->node(member.node),
      .path = path(member),
      .link = member.first == kNone ? std::string() : path(members_[member.first]),
      .stored = content_size(member),
      .extents = member.sparse == kNone ? std::span<const DataExtent>() : sparse_[member.sparse].extents,
  });
}

const Blob* TarBlob::content(const Member& member) const {
  if (member.first != kNone) return nullptr;
  return member.sparse == kNone ? tree_->node(member.node).content.get() : sparse_[member.sparse].data.get();
}

std::uint64_t TarBlob::content_size(const Member& member) const {
  const Blob* const blob = content(member);
  return blob == nullptr ? 0 : blob->size();
}

std::optional<TarBlob::Place> TarBlob::place_at(std::uint64_t offset) const {
  if (offset >= members_end_) return std::nullopt;
  const auto next = std::ranges::upper_bound(members_, offset, {}, &Member::offset);
  const Member& member = *std::prev(next);
  const std::uint64_t begin = member.offset + member.header_bytes;
  return Place{member, begin, begin + content_size(member), next == members_.end() ? members_end_ : next->offset};
}

void TarBlob::read(std::uint64_t offset, std::span<std::byte> out) const {
  if (offset > size_ || out.size() > size_ - offset) throw Error(ErrorCode::Internal, "read beyond the end of a tar");
  while (!out.empty()) {
    const std::optional<Place> place = place_at(offset);
    std::uint64_t end = size_;
    if (place) {
      end = offset < place->content_begin ? place->content_begin
            : offset < place->content_end ? place->content_end
                                          : place->end;
    }
    const auto part = out.first(std::min<std::uint64_t>(out.size(), end - offset));
    if (place && offset < place->content_begin) {
      const std::string bytes = header(place->member);
      std::memcpy(part.data(), bytes.data() + (offset - place->member.offset), part.size());
    } else if (place && offset < place->content_end) {
      with_context([&] { return path(place->member); },
                   [&] { content(place->member)->read(offset - place->content_begin, part); });
    } else {
      std::ranges::fill(part, std::byte{0});
    }
    offset += part.size();
    out = out.subspan(part.size());
  }
}

Run TarBlob::run_at(std::uint64_t offset) const {
  const std::optional<Place> place = place_at(offset);
  if (!place) return {size_ - offset, false};
  if (offset < place->content_begin) return {place->content_begin - offset, false};
  if (offset < place->content_end) return content(place->member)->run_at(offset - place->content_begin);
  return {place->end - offset, false};
}

std::optional<HostRange> TarBlob::host_range(std::uint64_t offset, std::uint64_t length) const {
  const std::optional<Place> place = place_at(offset);
  if (!place || offset < place->content_begin || offset > place->content_end || length > place->content_end - offset) {
    return std::nullopt;
  }
  return content(place->member)->host_range(offset - place->content_begin, length);
}

}  // namespace fstool::tar
