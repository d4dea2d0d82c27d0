#include "read/tree_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fstool/error.h"
#include "fstool/size.h"
#include "ondisk/attributes.h"
#include "ondisk/timestamp.h"
#include "ondisk/unicode.h"
#include "read/boot_sector_reader.h"
#include "read/file_content.h"

namespace fstool::fat {

namespace {

constexpr unsigned kMaxPaths = 1000;
constexpr std::uint16_t kPermissions = 0755;
constexpr std::uint16_t kReadOnlyPermissions = 0555;
constexpr std::uint64_t kStatSector = 512;

bool is_usable_name(std::string_view name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
         name.find('\0') == std::string_view::npos;
}

/// st_blocks as the kernel's driver counts: whole clusters for the size, whatever the chain has.
std::uint64_t stat_sectors(std::uint64_t size, const Geometry& geometry) {
  return round_up(size, geometry.cluster_size()) / kStatSector;
}

Node make_root() {
  // The root has no entry, hence no times: the kernel shows the epoch.
  Node root;
  root.kind = NodeKind::Directory;
  root.permissions = kPermissions;
  RecordedInode recorded;
  recorded.atime = recorded.ctime = Timestamp{};
  root.recorded = std::make_unique<const RecordedInode>(recorded);
  return root;
}

}  // namespace

Tree TreeReader::read(const OpenScope& scope) {
  tree_.node(Tree::kRoot) = make_root();
  first_clusters_.push_back(volume_->geometry.root_cluster);
  Directory directory;
  std::string_view path = scope.path;
  while (!path.empty()) {
    const std::string_view name = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(name.size() + 1, path.size()));
    if (name.empty()) continue;
    const auto added = read_directory(directory, [&](std::string_view entry) { return entry == name; });
    if (added.empty()) return std::move(tree_);  // nothing there, or no directory
    directory = added.front();
  }
  const Wanted all = [](std::string_view) { return true; };
  const bool has_children = scope.depth != OpenScope::Depth::Node;
  std::vector<Directory> level = read_directory(directory, has_children ? all : nullptr);
  while (!level.empty()) {
    std::vector<Directory> next;
    for (const Directory& subdirectory : level) {
      const bool is_wanted = scope.depth == OpenScope::Depth::Everything;
      const auto added = read_directory(subdirectory, is_wanted ? all : nullptr);
      next.insert(next.end(), added.begin(), added.end());
    }
    level = std::move(next);
    volume_->context.check_cancelled();
  }
  return std::move(tree_);
}

void TreeReader::report(NodeId directory, std::string_view name, std::string_view what) {
  // Paths may be as long as the tree is deep: making very many of them would take very long.
  std::string path = reports_++ < kMaxPaths ? tree_.path(directory) : "…";
  if (!name.empty()) path.append(path == "/" ? "" : "/").append(name);
  volume_->context.report_damage(fmt::format("{}: {}", path, what));
}

std::vector<TreeReader::Directory> TreeReader::read_directory(const Directory& directory, const Wanted& wanted) {
  const bool is_root = directory.node == Tree::kRoot;
  std::vector<Directory> added;
  std::uint32_t subdirectories = 0;
  DirectoryParser parser([&](const NamedEntry& entry) {
    if (entry.fields.is_volume_label()) {
      if (is_root && !label_) {
        ShortName name = entry.fields.name;
        if (name[0] == kEscapedE5) name[0] = kDeletedMark;
        label_ = decode_label(name);
      }
      return;
    }
    if (entry.fields.name == kDotName || entry.fields.name == kDotDotName) return;
    if (entry.fields.is_directory()) ++subdirectories;
    if (wanted) add(directory, entry, wanted, added);
  });
  const auto visit = [&](const DirectoryEntry& slot) { parser.feed(slot); };
  const auto report_here = [&](const std::string& what) { report(directory.node, "", what); };
  std::uint64_t size = 0;
  try {
    size = is_root ? directories_.read_root(visit, report_here)
                   : directories_.read(directory.first_cluster, visit, report_here);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Corrupt) throw;
    report_here(error.what());
  }
  parser.finish();

  Node& node = tree_.node(directory.node);
  RecordedInode recorded = *node.recorded;
  recorded.size = size;
  recorded.sectors = stat_sectors(size, volume_->geometry);
  recorded.links = 2 + subdirectories;
  node.recorded = std::make_unique<const RecordedInode>(recorded);
  return added;
}

std::optional<std::string> TreeReader::name_of(const Directory& parent, const NamedEntry& entry) {
  std::string short_name = short_name_text(entry.fields);
  if (short_name.empty()) {
    report(parent.node, "", "an entry has a short name of blanks");
    return std::nullopt;
  }
  if (!entry.long_name.empty()) {
    bool is_valid = true;
    std::string long_name = to_utf8(entry.long_name, is_valid);
    if (!is_valid) report(parent.node, short_name, "its long name is not valid UTF-16");
    if (is_usable_name(long_name)) return long_name;
    report(parent.node, short_name, "its long name can't be a file's name; the short name is used");
  }
  if (is_usable_name(short_name)) return short_name;
  report(parent.node, "", "an entry has a name that can't be a file's name");
  return std::nullopt;
}

void TreeReader::add(const Directory& parent, const NamedEntry& entry, const Wanted& wanted,
                     std::vector<Directory>& added) {
  const std::optional<std::string> name = name_of(parent, entry);
  if (!name || !wanted(*name)) return;
  const auto report_here = [&](const std::string& what) { report(parent.node, *name, what); };
  if (tree_.find(parent.node, *name)) return report_here("the directory has this name twice");
  const std::uint32_t first_cluster = entry.fields.first_cluster(volume_->geometry.variant);
  if (entry.fields.is_directory() && directories_.has_read(first_cluster)) {
    return report_here(fmt::format("cluster {} belongs to another directory already", first_cluster));
  }
  const NodeId id = tree_.add(parent.node, *name, make_node(entry.fields, report_here));
  first_clusters_.push_back(first_cluster);
  if (entry.fields.is_directory()) added.push_back({id, first_cluster});
}

Node TreeReader::make_node(const DirectoryEntry& fields, const std::function<void(const std::string&)>& report) const {
  const Geometry& geometry = volume_->geometry;
  const bool is_directory = fields.is_directory();
  Node node;
  node.kind = is_directory ? NodeKind::Directory : NodeKind::File;
  const bool is_read_only = !is_directory && (fields.attributes & kAttributeReadOnly) != 0;
  node.permissions = is_read_only ? kReadOnlyPermissions : kPermissions;
  node.mtime = from_fat_time({fields.modified_date, fields.modified_time, 0});
  node.xattrs = xattrs_of(fields.attributes);

  RecordedInode recorded;
  recorded.atime = from_fat_time({fields.accessed_date, 0, 0});
  recorded.ctime = node.mtime;
  recorded.birth = from_fat_time({fields.created_date, fields.created_time, fields.created_hundredths});
  if (!is_directory) {
    const std::uint32_t size = fields.size;
    const std::uint32_t first_cluster = fields.first_cluster(geometry.variant);
    recorded.links = 1;
    recorded.size = size;
    recorded.sectors = stat_sectors(size, geometry);
    if (size > 0) node.content = std::make_shared<FileContent>(volume_, first_cluster, size);
    if (size > 0 && !geometry.has_cluster(first_cluster)) {
      report(fmt::format("it has {} bytes and begins at {}, which is no cluster", size, first_cluster));
    }
  }
  node.recorded = std::make_unique<const RecordedInode>(recorded);
  return node;
}

}  // namespace fstool::fat
