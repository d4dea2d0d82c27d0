#include "tree_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "content_diff.h"
#include "fstool/error.h"

namespace fstool {
namespace {

std::string_view kind_text(NodeKind kind) {
  switch (kind) {
    case NodeKind::File:
      return "file";
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
  return "";
}

bool is_device(const Node& node) { return node.kind == NodeKind::CharDevice || node.kind == NodeKind::BlockDevice; }

std::uint64_t size_of(const Node& node) { return node.content ? node.content->size() : 0; }

std::string time_text(const Timestamp& time) { return fmt::format("{}.{:09}", time.seconds, time.nanoseconds); }

std::string device_text(const DeviceNumber& device) { return fmt::format("{}:{}", device.major, device.minor); }

/// Text in quotes, or bytes in hexadecimal; the beginning of what is long.
std::string value_text(std::string_view value) {
  constexpr std::size_t kLongest = 64;
  const bool is_text = std::ranges::all_of(value, [](char byte) { return byte >= ' ' && byte <= '~'; });
  const std::string_view shown = value.substr(0, kLongest);
  std::string text = is_text ? fmt::format("\"{}\"", shown) : "0x";
  if (!is_text) {
    for (const char byte : shown) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  if (shown.size() < value.size()) text += fmt::format("… ({} bytes)", value.size());
  return text;
}

/// A pair of files whose contents have to be read.
struct ContentJob {
  const Blob* before;
  const Blob* after;
  std::string path;
  std::optional<std::uint64_t> difference;  // bytes
};

class Differ {
 public:
  Differ(const Tree& before, const Tree& after, const DiffOptions& options, Context& context)
      : before_(before), after_(after), context_(context) {
    for (const DiffField field : options.ignored) ignored_.at(static_cast<std::size_t>(field)) = true;
  }

  std::vector<TreeDifference> run() {
    compare_names();
    compare_contents();
    for (const auto& [index, job] : waiting_) {
      const std::optional<std::uint64_t>& difference = jobs_[job].difference;
      if (difference) add_content(differences_[index], "", fmt::format("differs from byte {} on", *difference));
    }
    std::erase_if(differences_, [](const TreeDifference& difference) {
      return difference.change == TreeDifference::Change::Changed && difference.fields.empty();
    });
    return std::move(differences_);
  }

 private:
  using Change = TreeDifference::Change;

  bool wants(DiffField field) const { return !ignored_.at(static_cast<std::size_t>(field)); }

  /// Goes through the names of both trees at once. A list instead of recursion: trees from images may be deeper than
  /// the stack.
  void compare_names() {
    compare_nodes("/", Tree::kRoot, Tree::kRoot);
    struct Level {
      std::string path;  // ends with '/'
      std::span<const DirEntry> before;
      std::span<const DirEntry> after;
    };
    std::vector<Level> levels;
    levels.push_back({"/", before_.entries(Tree::kRoot), after_.entries(Tree::kRoot)});
    while (!levels.empty()) {
      Level& level = levels.back();
      if (level.before.empty() && level.after.empty()) {
        levels.pop_back();
        context_.check_cancelled();
        continue;
      }
      const DirEntry* old_entry = level.before.empty() ? nullptr : &level.before.front();
      const DirEntry* new_entry = level.after.empty() ? nullptr : &level.after.front();
      if (old_entry != nullptr && new_entry != nullptr) {
        const int order = old_entry->name.compare(new_entry->name);
        if (order < 0) new_entry = nullptr;
        if (order > 0) old_entry = nullptr;
      }
      if (old_entry != nullptr) level.before = level.before.subspan(1);
      if (new_entry != nullptr) level.after = level.after.subspan(1);

      const std::string path = level.path + std::string((old_entry != nullptr ? old_entry : new_entry)->name);
      if (old_entry != nullptr && new_entry != nullptr) {
        compare_nodes(path, old_entry->node, new_entry->node);
      } else if (old_entry != nullptr) {
        add_one_sided(Change::Removed, path, before_, old_entry->node);
      } else {
        add_one_sided(Change::Added, path, after_, new_entry->node);
      }
      Level below{path + "/", {}, {}};
      if (old_entry != nullptr) below.before = entries_of(before_, old_entry->node);
      if (new_entry != nullptr) below.after = entries_of(after_, new_entry->node);
      if (!below.before.empty() || !below.after.empty()) levels.push_back(std::move(below));
    }
  }

  static std::span<const DirEntry> entries_of(const Tree& tree, NodeId node) {
    if (tree.node(node).kind != NodeKind::Directory) return {};
    return tree.entries(node);
  }

  void add_one_sided(Change change, const std::string& path, const Tree& tree, NodeId id) {
    const NodeKind kind = tree.node(id).kind;
    if (path == "/lost+found" && kind == NodeKind::Directory && tree.entries(id).empty()) return;
    differences_.push_back({change, path, kind, {}});
  }

  void compare_nodes(const std::string& path, NodeId before_id, NodeId after_id) {
    const Node& before = before_.node(before_id);
    const Node& after = after_.node(after_id);
    TreeDifference difference{Change::Changed, path, before.kind, {}};
    std::optional<std::size_t> job;
    if (before.kind != after.kind) {
      add(difference, DiffField::Kind, std::string(kind_text(before.kind)), std::string(kind_text(after.kind)));
    } else {
      compare_attributes(before, after, difference);
      compare_targets(before, after, difference);
      job = compare_sizes(path, before, after, difference);
      if (before.kind != NodeKind::Directory) compare_links(path, before_id, after_id, difference);
    }
    if (job) waiting_.emplace_back(differences_.size(), *job);
    if (job || !difference.fields.empty()) differences_.push_back(std::move(difference));
  }

  void add(TreeDifference& difference, DiffField field, std::string from, std::string to, std::string what = {}) const {
    if (wants(field)) difference.fields.push_back({field, std::move(what), std::move(from), std::move(to)});
  }

  void add_content(TreeDifference& difference, std::string from, std::string to) const {
    add(difference, DiffField::Content, std::move(from), std::move(to));
  }

  void compare_attributes(const Node& before, const Node& after, TreeDifference& difference) const {
    if (before.permissions != after.permissions && before.kind != NodeKind::Symlink) {
      add(difference, DiffField::Mode, fmt::format("{:04o}", before.permissions),
          fmt::format("{:04o}", after.permissions));
    }
    if (before.uid != after.uid || before.gid != after.gid) {
      add(difference, DiffField::Owner, fmt::format("{}:{}", before.uid, before.gid),
          fmt::format("{}:{}", after.uid, after.gid));
    }
    if (before.mtime != after.mtime) {
      add(difference, DiffField::Mtime, time_text(before.mtime), time_text(after.mtime));
    }
    if (wants(DiffField::ExtendedAttributes) && before.xattrs != after.xattrs)
      compare_xattrs(before, after, difference);
  }

  void compare_xattrs(const Node& before, const Node& after, TreeDifference& difference) const {
    static const Xattrs none;
    const Xattrs& from = before.xattrs ? *before.xattrs : none;
    const Xattrs& to = after.xattrs ? *after.xattrs : none;
    auto old_xattr = from.begin();
    auto new_xattr = to.begin();
    while (old_xattr != from.end() || new_xattr != to.end()) {
      const bool takes_old = old_xattr != from.end() && (new_xattr == to.end() || old_xattr->name <= new_xattr->name);
      const bool takes_new = new_xattr != to.end() && (old_xattr == from.end() || new_xattr->name <= old_xattr->name);
      if (!takes_old || !takes_new || old_xattr->value != new_xattr->value) {
        add(difference, DiffField::ExtendedAttributes, takes_old ? value_text(old_xattr->value) : "",
            takes_new ? value_text(new_xattr->value) : "", takes_old ? old_xattr->name : new_xattr->name);
      }
      if (takes_old) ++old_xattr;
      if (takes_new) ++new_xattr;
    }
  }

  void compare_targets(const Node& before, const Node& after, TreeDifference& difference) const {
    if (before.target != after.target) add_content(difference, before.target, after.target);
    if (is_device(before) && before.device != after.device) {
      add_content(difference, device_text(before.device), device_text(after.device));
    }
  }

  /// The job that will compare the contents, if that takes reading them.
  std::optional<std::size_t> compare_sizes(const std::string& path, const Node& before, const Node& after,
                                           TreeDifference& difference) {
    if (!wants(DiffField::Content) || before.content == after.content) return std::nullopt;
    if (size_of(before) != size_of(after)) {
      add_content(difference, fmt::format("{} bytes", size_of(before)), fmt::format("{} bytes", size_of(after)));
      return std::nullopt;
    }
    if (size_of(before) == 0) return std::nullopt;
    // Names of one file on both sides share the job.
    const auto [known, is_new] = known_jobs_.try_emplace({before.content.get(), after.content.get()}, jobs_.size());
    if (is_new) jobs_.push_back({before.content.get(), after.content.get(), path, std::nullopt});
    return known->second;
  }

  /// Which name of those on both sides is the first of the same file.
  void compare_links(const std::string& path, NodeId before_id, NodeId after_id, TreeDifference& difference) {
    const std::string& before = first_name(before_, before_id, path, before_names_);
    const std::string& after = first_name(after_, after_id, path, after_names_);
    if (before == after) return;
    const auto text = [&](const std::string& first) {
      return first == path ? "a file of its own" : "a link to " + first;
    };
    add(difference, DiffField::Links, text(before), text(after));
  }

  static const std::string& first_name(const Tree& tree, NodeId id, const std::string& path,
                                       std::unordered_map<NodeId, std::string>& names) {
    if (tree.links(id) < 2) return path;
    return names.try_emplace(id, path).first->second;
  }

  void compare_contents() {
    std::uint64_t bytes = 0;
    for (const ContentJob& job : jobs_) bytes += job.before->size();
    context_.begin_step("comparing", bytes, "bytes");
    std::vector<std::unique_ptr<ContentComparer>> comparers(context_.workers().size());
    context_.workers().for_each(jobs_.size(), [&](std::uint64_t index, unsigned worker) {
      if (!comparers[worker]) comparers[worker] = std::make_unique<ContentComparer>(context_);
      ContentJob& job = jobs_[index];
      with_context([&] { return "comparing " + job.path; },
                   [&] { job.difference = comparers[worker]->first_difference(*job.before, *job.after); });
    });
  }

  const Tree& before_;
  const Tree& after_;
  Context& context_;
  std::array<bool, kDiffFields> ignored_{};
  std::vector<TreeDifference> differences_;
  std::vector<ContentJob> jobs_;
  std::map<std::pair<const Blob*, const Blob*>, std::size_t> known_jobs_;
  std::vector<std::pair<std::size_t, std::size_t>>
      waiting_;                                           // index of a difference, and of the job that may add to it
  std::unordered_map<NodeId, std::string> before_names_;  // of nodes with several: the first on both sides
  std::unordered_map<NodeId, std::string> after_names_;
};

}  // namespace

std::string_view diff_field_name(DiffField field) {
  constexpr std::array<std::string_view, kDiffFields> kNames = {"kind",    "mode",   "owner", "mtime",
                                                                "content", "xattrs", "links"};
  return kNames.at(static_cast<std::size_t>(field));
}

std::vector<TreeDifference> diff_trees(const Tree& before, const Tree& after, const DiffOptions& options,
                                       Context& context) {
  return Differ(before, after, options, context).run();
}

}  // namespace fstool
