#include "tree_sketch.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "directory_path.h"

namespace fstool::test {

namespace {

NodeKind kind_of(char letter) {
  switch (letter) {
    case 'f':
      return NodeKind::File;
    case 'd':
      return NodeKind::Directory;
    case 's':
      return NodeKind::Symlink;
    case 'w':
    case 'n':
      return NodeKind::CharDevice;
    default:
      throw std::invalid_argument(std::string("no such kind: ") + letter);
  }
}

Node node_of(char letter, const std::string& value) {
  Node node;
  node.kind = kind_of(letter);
  if (letter == 'n') node.device = {1, 3};
  if (letter == 's') node.target = value;
  if (letter == 'd' && !value.empty()) node.uid = static_cast<std::uint32_t>(std::stoul(value));
  if (letter == 'f' && !value.empty()) {
    const auto bytes = std::as_bytes(std::span(value));
    node.content = make_memory_blob({bytes.begin(), bytes.end()});
  }
  return node;
}

class LayerSketch {
 public:
  void add(const std::string& line) {
    std::istringstream words(line);
    std::string kind;
    std::string path;
    std::string value;
    words >> kind >> path;
    std::getline(words >> std::ws, value);
    if (kind == "r") return describe_root(path);
    if (kind == "x") return add_attribute(at(path), value);
    const SplitPath split = split_last(path);
    const NodeId directory = enter(split.directory);
    if (kind == "l") {
      layer_.lower_links.push_back({directory, std::string(split.name), value});
    } else if (kind == "h") {
      layer_.tree.link(directory, split.name, at(value));
    } else {
      layer_.tree.add(directory, split.name, node_of(kind.front(), value));
    }
  }

  Layer finish() {
    if (implied_root_) layer_.implied.push_back(Tree::kRoot);
    std::ranges::sort(layer_.implied);
    return std::move(layer_);
  }

 private:
  NodeId at(const std::string& path) const {
    const std::optional<NodeId> found = layer_.tree.find_path(path);
    if (!found) throw std::invalid_argument("no such path: " + path);
    return *found;
  }

  void describe_root(const std::string& owner) {
    implied_root_ = false;
    layer_.tree.node(Tree::kRoot).uid = static_cast<std::uint32_t>(std::stoul(owner));
  }

  void add_attribute(NodeId id, const std::string& text) {
    const std::size_t equals = text.find('=');
    Node& node = layer_.tree.node(id);
    Xattrs attributes = node.xattrs ? *node.xattrs : Xattrs();
    attributes.push_back({text.substr(0, equals), text.substr(equals + 1)});
    std::ranges::sort(attributes);
    node.xattrs = std::make_shared<const Xattrs>(std::move(attributes));
  }

  NodeId enter(std::string_view path) {
    NodeId directory = Tree::kRoot;
    std::istringstream names{std::string(path)};
    for (std::string name; std::getline(names, name, '/');) {
      std::optional<NodeId> next = layer_.tree.find(directory, name);
      if (!next) {
        next = layer_.tree.add(directory, name, node_of('d', ""));
        layer_.implied.push_back(*next);
      }
      directory = *next;
    }
    return directory;
  }

  Layer layer_;
  bool implied_root_ = true;
};

std::string text_of(const Node& node) {
  if (!node.content) return {};
  const std::vector<std::byte> bytes = read_all(*node.content, node.content->size());
  return " " + std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

std::string value_of(const Node& node) {
  if (node.kind == NodeKind::File) return text_of(node);
  if (node.kind == NodeKind::Symlink) return " " + node.target;
  return node.uid == 0 ? std::string() : fmt::format(" {}", node.uid);
}

std::string letter_of(const Node& node) {
  if (node.kind == NodeKind::CharDevice) return node.device == DeviceNumber{} ? "w" : "n";
  return node.kind == NodeKind::Directory ? "d" : node.kind == NodeKind::Symlink ? "s" : "f";
}

std::string attributes_of(const Node& node) {
  std::string text;
  if (!node.xattrs) return text;
  for (const Xattr& xattr : *node.xattrs) text += fmt::format(" {{{}={}}}", xattr.name, xattr.value);
  return text;
}

}  // namespace

Layer layer_of(const Lines& lines) {
  LayerSketch sketch;
  for (const std::string& line : lines) sketch.add(line);
  return sketch.finish();
}

Lines lines_of(const Tree& tree) {
  Lines lines;
  std::map<NodeId, std::string> known;
  std::vector<std::pair<NodeId, std::string>> pending{{Tree::kRoot, ""}};
  while (!pending.empty()) {
    const auto [directory, prefix] = std::move(pending.back());
    pending.pop_back();
    const std::span<const DirEntry> entries = tree.entries(directory);
    for (const DirEntry& entry : entries) {
      const Node& node = tree.node(entry.node);
      const std::string path = prefix + std::string(entry.name);
      const auto [first, is_new] = known.emplace(entry.node, path);
      if (!is_new) {
        lines.push_back(fmt::format("h {} {}", path, first->second));
        continue;
      }
      lines.push_back(fmt::format("{} {}{}{}", letter_of(node), path, value_of(node), attributes_of(node)));
    }
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
      if (tree.node(entry->node).kind != NodeKind::Directory) continue;
      pending.emplace_back(entry->node, prefix + std::string(entry->name) + "/");
    }
  }
  return lines;
}

}  // namespace fstool::test
