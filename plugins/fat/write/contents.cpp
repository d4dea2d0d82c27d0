#include "write/contents.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "fstool/error.h"
#include "fstool/size.h"
#include "ondisk/attributes.h"
#include "ondisk/timestamp.h"
#include "ondisk/unicode.h"
#include "ondisk/upper_case.h"
#include "write/name_rules.h"
#include "write/short_name.h"

namespace fstool::fat {

namespace {

constexpr std::uint16_t kWritable = 0222;
constexpr std::uint16_t kSpecialBits = 07000;  // sticky, setgid, setuid
constexpr std::uint8_t kSettableAttributes =
    kAttributeReadOnly | kAttributeHidden | kAttributeSystem | kAttributeArchive;

/// Why FAT can't hold a node of this kind; empty if it can.
std::string_view kind_problem(NodeKind kind) {
  switch (kind) {
    case NodeKind::File:
    case NodeKind::Directory:
      return {};
    case NodeKind::Symlink:
      return "FAT has no symbolic links";
    case NodeKind::CharDevice:
    case NodeKind::BlockDevice:
      return "FAT has no devices";
    case NodeKind::Fifo:
      return "FAT has no fifos";
    case NodeKind::Socket:
      break;
  }
  return "FAT has no sockets";
}

std::uint64_t size_of(const Node& node) { return node.content ? node.content->size() : 0; }

std::optional<std::uint8_t> attributes_xattr(const Node& node) {
  if (!node.xattrs) return std::nullopt;
  for (const Xattr& xattr : *node.xattrs) {
    if (xattr.name == kAttributesXattr) return parse_attributes(xattr.value);
  }
  return std::nullopt;
}

std::uint8_t attributes_of(const Node& node) {
  std::uint8_t attributes = attributes_xattr(node).value_or(0) & kSettableAttributes;
  if (node.kind == NodeKind::Directory) {
    attributes &= static_cast<std::uint8_t>(~kAttributeReadOnly);
    return attributes | kAttributeDirectory;
  }
  if ((node.permissions & kWritable) == 0) attributes |= kAttributeReadOnly;
  return attributes | kAttributeArchive;
}

/// What is lost of files that are held, for one warning.
struct Losses {
  std::uint64_t owners = 0;
  std::uint64_t special_bits = 0;
  std::uint64_t xattrs = 0;
  std::uint64_t times = 0;

  void count(const Node& node) {
    if (node.uid != 0 || node.gid != 0) ++owners;
    if ((node.permissions & kSpecialBits) != 0) ++special_bits;
    if (node.xattrs) {
      const std::size_t kept = attributes_xattr(node) ? 1 : 0;
      if (node.xattrs->size() > kept) ++xattrs;
    }
    const bool is_known = node.mtime != Timestamp{};  // what no source has told has no time to lose
    if (is_known && (node.mtime.seconds < kMinFatSeconds || node.mtime.seconds > kMaxFatSeconds)) ++times;
  }

  void warn(Context& context) const {
    std::string lost;
    const auto add = [&](std::uint64_t files, std::string_view what) {
      if (files > 0) lost += fmt::format("{}{} of {} files", lost.empty() ? "" : ", ", what, files);
    };
    add(owners, "the owners");
    add(special_bits, "the set-id and sticky bits");
    add(xattrs, "extended attributes");
    add(times, "the exact times, before 1980 or after 2107,");
    if (!lost.empty()) context.warn(fmt::format("FAT doesn't keep {}", lost));
  }
};

}  // namespace

/// Fills a Contents.
class Contents::Planner {
 public:
  Planner(Contents& contents, OnUnsupported on_unsupported, Context& context)
      : contents_(contents),
        tree_(*contents.tree_),
        on_unsupported_(on_unsupported),
        context_(context),
        is_named_(tree_.node_count()) {}

  void run() {
    contents_.directories_.push_back({});
    // The list grows while it is gone through.
    for (std::size_t i = 0; i < contents_.directories_.size(); ++i) {
      PlannedDirectory directory = std::move(contents_.directories_[i]);
      plan(directory);
      contents_.directories_[i] = std::move(directory);
      context_.check_cancelled();
    }
    losses_.warn(context_);
  }

 private:
  void plan(PlannedDirectory& directory) {
    upper_names_.clear();
    AliasMaker aliases;
    for (const DirEntry& entry : tree_.entries(directory.node)) add_entry(directory, entry, aliases);
    // The others must keep clear of all short names.
    directory.slots = directory.is_root() ? (contents_.has_label_ ? 1 : 0) : 2;
    for (PlannedEntry& entry : directory.entries) {
      if (entry.short_name[0] == kNeverUsedMark) entry.short_name = aliases.make(entry.name);
      entry.first_slot = directory.slots;
      directory.slots += entry.slots;
      if (directory.slots > kMaxDirectorySlots) {
        throw Error(ErrorCode::Unsupported,
                    fmt::format("{}: its names need more than the {} slots that a directory of FAT has; long names "
                                "take one slot for 13 characters",
                                tree_.path(directory.node), kMaxDirectorySlots));
      }
    }
  }

  void add_entry(PlannedDirectory& directory, const DirEntry& tree_entry, AliasMaker& aliases) {
    const Node& node = tree_.node(tree_entry.node);
    const std::string problem = problem_of(tree_entry, node);
    if (!problem.empty()) return refuse(directory.node, tree_entry.name, problem);
    is_named_[tree_entry.node] = true;
    losses_.count(node);

    PlannedEntry& entry = directory.entries.emplace_back();
    entry.node = tree_entry.node;
    entry.name = tree_entry.name;
    entry.attributes = attributes_of(node);
    if (const auto form = short_form(entry.name)) {
      entry.short_name = form->name;
      entry.name_case = form->name_case;
      aliases.reserve(form->name);
      if (!form->is_exact) entry.slots = 2;
    } else {
      entry.slots = static_cast<std::uint8_t>(1 + div_ceil(to_utf16(entry.name)->size(), kUnitsPerSlot));
    }
    if (node.kind == NodeKind::Directory) {
      contents_.directories_.push_back({.node = entry.node, .parent = directory.node, .slots = 0, .entries = {}});
    } else if (const std::uint64_t size = size_of(node); size > 0) {
      contents_.files_.push_back(entry.node);
      contents_.file_bytes_ += size;
    }
  }

  /// Why an entry can't be held; empty if it can. Notes its name if it can.
  std::string problem_of(const DirEntry& entry, const Node& node) {
    if (const std::string_view problem = kind_problem(node.kind); !problem.empty()) return std::string(problem);
    if (is_named_[entry.node]) return "it is a second name (hard link) of a file, and FAT has no such thing";
    if (size_of(node) > kMaxFileSize) {
      return fmt::format("its {} are more than the 4 GiB - 1 that a file of FAT holds", format_size(size_of(node)));
    }
    if (std::string problem = name_problem(entry.name); !problem.empty()) return problem;
    const auto [known, is_new] = upper_names_.try_emplace(upper_case(*to_utf16(entry.name)), entry.name);
    if (!is_new) return fmt::format("its name differs only in case from \"{}\"", known->second);
    return {};
  }

  void refuse(NodeId directory, std::string_view name, std::string_view problem) {
    std::string path = tree_.path(directory);
    path.append(path == "/" ? "" : "/").append(name);
    if (on_unsupported_ == OnUnsupported::Skip) {
      context_.warn(fmt::format("{} is left out: {}", path, problem));
      return;
    }
    throw Error(ErrorCode::Unsupported,
                fmt::format("{}: {}; set on_unsupported = \"skip\" to leave such files out", path, problem));
  }

  Contents& contents_;
  const Tree& tree_;
  OnUnsupported on_unsupported_;
  Context& context_;
  std::vector<bool> is_named_;                                        // by node
  std::unordered_map<std::u16string, std::string_view> upper_names_;  // of the current directory
  Losses losses_;
};

Contents::Contents(std::shared_ptr<const Tree> tree, bool has_label, OnUnsupported on_unsupported, Context& context)
    : tree_(std::move(tree)), has_label_(has_label) {
  Planner(*this, on_unsupported, context).run();
}

std::uint64_t Contents::clusters_below_root(std::uint64_t cluster_size) const {
  std::uint64_t clusters = 0;
  for (const PlannedDirectory& directory : directories_) {
    if (!directory.is_root()) clusters += div_ceil(std::uint64_t{directory.slots} * kSlotSize, cluster_size);
  }
  for (const NodeId file : files_) clusters += div_ceil(size_of(tree_->node(file)), cluster_size);
  return clusters;
}

}  // namespace fstool::fat
