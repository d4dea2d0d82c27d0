#include "walk_filesystem.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

#include "fstool/usage.h"
#include "walk_blob.h"
#include "walking.h"

namespace fstool::fuzz {

namespace {

constexpr std::size_t kMaxParts = 4;
constexpr std::size_t kLargestFiles = 5;

void check_node(const Node& node) {
  require(node.mtime.nanoseconds < 1'000'000'000, "a time has too many nanoseconds");
  require((node.kind == NodeKind::Symlink) == !node.target.empty(), "a target is missing");
  require(node.target.find('\0') == std::string::npos, "a target has a NUL");
  if (node.xattrs) {
    require(!node.xattrs->empty(), "a set of attributes is empty");
    for (std::size_t i = 1; i < node.xattrs->size(); ++i) {
      require((*node.xattrs)[i - 1].name < (*node.xattrs)[i].name, "attributes are not sorted");
    }
  }
  if (!node.content) return;
  require(node.kind == NodeKind::File, "something that is no file has content");
  tolerate([&] { read_runs(*node.content); });
}

void check_volume(const Volume& volume) {
  require(volume.facts.free_blocks <= volume.facts.blocks, "more is free than there is");
  for (NodeId id = 0; id < volume.tree.node_count(); ++id) {
    require(volume.tree.links(id) > 0, "a node has no name");
    check_node(volume.tree.node(id));
  }
}

/// The facts that may be asked for alone, beside those of the opened file system.
void compare_facts(const VolumeFacts& inspected, const VolumeFacts& opened) {
  require(inspected.type == opened.type && inspected.uuid == opened.uuid && inspected.label == opened.label,
          "the facts name another file system than the one that is opened");
  require(
      inspected.size == opened.size && inspected.block_size == opened.block_size && inspected.blocks == opened.blocks,
      "the facts tell another size than that of what is opened");
}

/// The uses of all bytes of the file system, whatever its facts say.
void check_usage(const VolumeUsage& usage) {
  std::uint64_t end = 0;
  for (const UsedRange& used : usage.ranges) {
    require(used.range.offset == end && used.range.length > 0, "the uses have a gap or overlap");
    end = used.range.end();
  }
  require(end == usage.volume.facts.size, "the uses don't end with the file system");
  for (const FileRanges& file : usage.largest) {
    std::uint64_t allocated = 0;
    for (const ByteRange& range : file.ranges) {
      require(range.offset <= end && range.length <= end - range.offset, "a file lies outside of the file system");
      allocated += range.length;
    }
    require(allocated == file.usage.allocated, "the ranges of a file don't add up");
    require(file.usage.fragments >= 1 && file.usage.fragments <= file.ranges.size(), "a file has impossible fragments");
  }
}

/// What is opened of a part has the names that all of it has.
void check_parts(Filesystem& filesystem, const BlobPtr& image, const Tree& whole, Context& context) {
  const auto names = whole.entries(Tree::kRoot);
  for (const DirEntry& entry : names.first(std::min(names.size(), kMaxParts))) {
    const std::string name(entry.name);
    const Volume node = filesystem.open(image, {.path = name, .depth = OpenScope::Depth::Node}, context);
    const auto found = node.tree.find(Tree::kRoot, name);
    require(found && node.tree.node(*found).kind == whole.node(entry.node).kind, "a name is missing");
    if (whole.node(entry.node).kind != NodeKind::Directory) continue;
    const Volume children = filesystem.open(image, {.path = name, .depth = OpenScope::Depth::Children}, context);
    require(children.tree.find(Tree::kRoot, name).has_value(), "a directory is missing");
  }
}

}  // namespace

void walk_filesystem(Filesystem& filesystem, std::span<const std::byte> image, const Registry& registry) {
  ListeningContext listening(registry);
  Context& context = listening.get();
  const BlobPtr blob = make_memory_blob({image.begin(), image.end()});
  tolerate([&] { filesystem.check(blob, context); });
  filesystem.probe(*blob);
  std::optional<VolumeFacts> facts;
  tolerate([&] { facts = filesystem.inspect(blob, context); });
  tolerate([&] {
    const Volume volume = filesystem.open(blob, {}, context);
    if (facts) compare_facts(*facts, volume.facts);
    check_volume(volume);
    if (const auto usage = filesystem.usage(blob, kLargestFiles, context)) check_usage(*usage);
    check_parts(filesystem, blob, volume.tree, context);
  });
}

}  // namespace fstool::fuzz
