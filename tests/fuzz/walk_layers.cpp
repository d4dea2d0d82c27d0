#include "walk_layers.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "directory_path.h"
#include "fstool/layer.h"
#include "rules/attribute_files.h"
#include "rules/file_contexts.h"
#include "rules/mode_change.h"
#include "rules/path_filter.h"
#include "rules/renames.h"
#include "rules/strip_components.h"
#include "rules/tree_path.h"
#include "tree_walk.h"
#include "walking.h"

namespace fstool::fuzz {

namespace {

std::string_view take_line(std::string_view& text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

BlobPtr blob_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return make_memory_blob({bytes.begin(), bytes.end()});
}

/// Every name leads to a node that knows of it, and what the layer says of directories is about ones that are there.
void require_sound(const Layer& layer) {
  const Tree& tree = layer.tree;
  std::map<NodeId, std::uint32_t> names;
  walk_tree(tree, Tree::kRoot, "", [&](const WalkedName& walked) {
    ++names[walked.node];
    if (tree.node(walked.node).kind != NodeKind::Directory) return true;
    std::string_view last;
    for (const DirEntry& entry : tree.entries(walked.node)) {
      require(last < entry.name, "names out of order");
      last = entry.name;
      require(tree.find(walked.node, entry.name) == entry.node, "a name that is not found");
      const bool is_directory = tree.node(entry.node).kind == NodeKind::Directory;
      require(!is_directory || tree.parent(entry.node) == walked.node, "a directory with another parent");
    }
    return true;
  });
  for (const auto& [node, count] : names) require(tree.links(node) == count, "a wrong number of links");
  require(std::ranges::is_sorted(layer.implied), "implied directories out of order");
  const auto is_directory = [&](NodeId id) { return names.contains(id) && tree.node(id).kind == NodeKind::Directory; };
  for (const NodeId id : layer.implied) require(is_directory(id), "an implied directory that is none");
  for (const LowerLink& link : layer.lower_links) {
    require(is_directory(link.directory), "a lower link in no directory");
    require(!link.target.empty() && !link.name.empty(), "a lower link without a name");
  }
}

/// Makes a layer of its lines. Those that make no sense are passed over.
class LayerMaker {
 public:
  Layer make(std::string_view lines) {
    while (!lines.empty()) add(take_line(lines));
    std::ranges::sort(layer_.implied);
    return std::move(layer_);
  }

 private:
  void add(std::string_view line) {
    constexpr std::size_t kMaxNames = 64;
    if (line.size() < 3 || line[1] != ' ') return;
    const char kind = line[0];
    line.remove_prefix(2);
    const std::string_view path = line.substr(0, line.find(' '));
    const std::string_view target = line.substr(std::min(path.size() + 1, line.size()));
    const std::vector<std::string_view> names = names_of(path);
    if (names.empty() || names.size() > kMaxNames || !std::ranges::all_of(names, is_name)) return;
    const std::optional<NodeId> directory = enter({names.begin(), names.end() - 1});
    if (!directory || layer_.tree.find(*directory, names.back())) return;
    add(kind, *directory, names.back(), target);
  }

  static bool is_name(std::string_view name) {
    return name != "." && name != ".." && name.find('\0') == std::string_view::npos;
  }

  std::optional<NodeId> enter(const std::vector<std::string_view>& names) {
    NodeId at = Tree::kRoot;
    for (const std::string_view name : names) {
      std::optional<NodeId> next = layer_.tree.find(at, name);
      if (!next) next = add_directory(at, name, true);
      if (layer_.tree.node(*next).kind != NodeKind::Directory) return std::nullopt;
      at = *next;
    }
    return at;
  }

  NodeId add_directory(NodeId parent, std::string_view name, bool is_implied) {
    Node node;
    node.kind = NodeKind::Directory;
    const NodeId added = layer_.tree.add(parent, name, std::move(node));
    if (is_implied) layer_.implied.push_back(added);
    return added;
  }

  void add(char kind, NodeId directory, std::string_view name, std::string_view target) {
    Node node;
    if (kind == 'd' || kind == 'i') {
      add_directory(directory, name, kind == 'i');
    } else if (kind == 'f') {
      node.content = blob_of(target);
      layer_.tree.add(directory, name, std::move(node));
    } else if (kind == 's' && !target.empty() && target.find('\0') == std::string_view::npos) {
      node.kind = NodeKind::Symlink;
      node.target = target;
      layer_.tree.add(directory, name, std::move(node));
    } else if (kind == 'w') {
      node.kind = NodeKind::CharDevice;
      layer_.tree.add(directory, name, std::move(node));
    } else if (kind == 'h') {
      link(directory, name, target);
    }
  }

  void link(NodeId directory, std::string_view name, std::string_view target) {
    const std::optional<NodeId> file = layer_.tree.find_path(target);
    if (file && layer_.tree.node(*file).kind != NodeKind::Directory) {
      layer_.tree.link(directory, name, *file);
    } else if (!file && !target.empty()) {
      layer_.lower_links.push_back({directory, std::string(name), std::string(target)});
    }
  }

  Layer layer_;
};

class LayersWalk {
 public:
  void run(std::string_view text) {
    while (!text.empty()) {
      std::string_view word = take_line(text);
      if (!word.starts_with('%')) continue;
      const std::size_t end = text.starts_with('%') ? 0 : std::min(text.find("\n%"), text.size() - 1) + 1;
      const std::string_view part = text.substr(0, std::min(end, text.size()));
      text.remove_prefix(part.size());
      if (!apply(word.substr(1), part)) return;
    }
    lay();
  }

 private:
  /// False if the layer is of no use any more.
  bool apply(std::string_view word, std::string_view part) {
    if (word == "layer") {
      if (!lay()) return false;
      upper_ = LayerMaker().make(part);
      require_sound(*upper_);
      return true;
    }
    if (!upper_) return true;
    const bool is_applied =
        tolerate([&] { apply_rule(word, part); }, {ErrorCode::InvalidArgument, ErrorCode::InvalidSpec});
    if (is_applied) require_sound(*upper_);
    return is_applied;
  }

  void apply_rule(std::string_view word, std::string_view part) {
    OwnerResolver owners(upper_->tree);
    if (word == "exclude" || word == "include") {
      PathFilter filter;
      (word == "exclude" ? filter.exclude : filter.include).add_lines(part);
      apply_path_filter(*upper_, filter);
    } else if (word == "rename") {
      rename(part);
    } else if (word == "strip") {
      std::uint32_t count = 0;
      std::from_chars(part.data(), part.data() + part.size(), count);
      strip_components(*upper_, count % 8);
    } else if (word == "manifest") {
      apply_manifest(*upper_, part, "manifest", owners, context_.get());
    } else if (word == "devices") {
      apply_devices(part, owners);
    } else if (word == "mode") {
      change_modes(take_line(part));
    } else if (word == "contexts") {
      FileContexts contexts;
      contexts.add(part, "contexts");
      contexts.finish();
      label_files(upper_->tree, contexts);
    }
  }

  /// Tables may make a million devices, which would take the fuzzer's time.
  void apply_devices(std::string_view part, OwnerResolver& owners) {
    constexpr std::size_t kLongCount = 5;
    std::string short_counts;
    std::size_t digits = 0;
    for (const char c : part) {
      digits = c >= '0' && c <= '9' ? digits + 1 : 0;
      if (digits < kLongCount) short_counts += c;
    }
    apply_device_table(*upper_, short_counts, "devices", owners, context_.get());
  }

  void rename(std::string_view part) {
    std::vector<Rename> renames;
    while (!part.empty()) {
      std::string_view line = take_line(part);
      const std::string_view from = take_word(line);
      renames.push_back({clean_path(from, nullptr), clean_path(take_word(line), nullptr), nullptr});
    }
    apply_renames(*upper_, renames);
  }

  void change_modes(std::string_view text) {
    const auto change = ModeChange::parse(text);
    if (!change) return;
    constexpr std::uint16_t kAll = 07777;
    for (const std::uint16_t mode : {std::uint16_t{0}, std::uint16_t{0640}, kAll}) {
      for (const bool is_directory : {false, true}) {
        require(change->apply(mode, is_directory) <= kAll, "more than twelve bits of a mode");
      }
    }
  }

  /// Lays the upper layer over what is below. False if that was refused.
  bool lay() {
    if (!upper_) return true;
    const bool is_laid = tolerate([&] { lay_over(lower_, Tree::kRoot, std::move(*upper_), Whiteouts::Both); });
    upper_.reset();
    if (!is_laid) return false;
    std::swap(lower_, checked_.tree);
    require_sound(checked_);
    std::swap(lower_, checked_.tree);
    return true;
  }

  Registry registry_;
  ListeningContext context_{registry_};
  Tree lower_;
  Layer checked_;  // without anything but a tree, to look at
  std::optional<Layer> upper_;
};

}  // namespace

void walk_layers(std::span<const std::byte> input) {
  LayersWalk().run({reinterpret_cast<const char*>(input.data()), input.size()});
}

}  // namespace fstool::fuzz
