#include "walk_ext4.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "filesystem.h"
#include "fstool/error.h"
#include "fstool/registry.h"
#include "fstool/usage.h"

namespace fstool::fuzz {

namespace {

constexpr std::uint64_t kMaxRunsOfFile = 64;
constexpr std::uint64_t kMaxBytesOfRun = 16 * 1024;
constexpr std::size_t kMaxParts = 4;

void require(bool condition, const char* what) {
  if (!condition) throw std::logic_error(what);
}

void read_content(const Blob& content) {
  std::vector<std::byte> buffer;
  std::uint64_t offset = 0;
  for (std::uint64_t runs = 0; runs < kMaxRunsOfFile && offset < content.size(); ++runs) {
    const Run run = content.run_at(offset);
    require(run.length > 0 && run.length <= content.size() - offset, "a run has an impossible length");
    content.host_range(offset, run.length);
    buffer.resize(std::min(run.length, kMaxBytesOfRun));
    content.read(offset, buffer);
    require(!run.hole || is_zero(buffer), "a hole is not zero");
    offset += run.length;
  }
  if (content.size() > 0) content.read(content.size() - 1, std::span(buffer).first(0));
}

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
  try {
    read_content(*node.content);
  } catch (const Error& error) {
    require(error.code() == ErrorCode::Corrupt || error.code() == ErrorCode::Unsupported, error.what());
  }
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
void check_parts(ext4::ExtFilesystem& filesystem, const BlobPtr& image, const Tree& whole, Context& context) {
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

/// Looks for damage, of which there may be any.
void check_for_damage(ext4::ExtFilesystem& filesystem, const BlobPtr& image, const Registry& registry) {
  Context::Settings settings;
  settings.threads = 1;
  settings.damage_listener = [](std::string_view message) { require(!message.empty(), "damage without a word"); };
  Context context(registry, settings);
  try {
    filesystem.check(image, context);
  } catch (const Error& error) {
    require(error.code() == ErrorCode::Corrupt || error.code() == ErrorCode::Unsupported, error.what());
  }
}

}  // namespace

void walk_ext4_image(std::span<const std::byte> image) {
  const Registry registry;
  Context::Settings settings;
  settings.threads = 1;
  Context context(registry, settings);
  ext4::ExtFilesystem filesystem(ext4::Generation::Ext4, {});
  const BlobPtr blob = make_memory_blob({image.begin(), image.end()});
  check_for_damage(filesystem, blob, registry);
  try {
    filesystem.probe(*blob);
    const Volume volume = filesystem.open(blob, {}, context);
    require(volume.facts.free_blocks <= volume.facts.blocks, "more is free than there is");
    for (NodeId id = 0; id < volume.tree.node_count(); ++id) {
      require(volume.tree.links(id) > 0, "a node has no name");
      check_node(volume.tree.node(id));
    }
    constexpr std::size_t kLargestFiles = 5;
    check_usage(filesystem.usage(blob, kLargestFiles, context).value());
    check_parts(filesystem, blob, volume.tree, context);
  } catch (const Error& error) {
    require(error.code() == ErrorCode::Corrupt || error.code() == ErrorCode::Unsupported, error.what());
  }
}

}  // namespace fstool::fuzz
