/// \file
/// Small layers, rules from their TOML, and what comes out as text.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/error.h"
#include "fstool/layer.h"
#include "fstool/registry.h"
#include "rules/source_rules.h"
#include "run_tool.h"
#include "spec_toml.h"
#include "tree_walk.h"

namespace fstool::test {

inline BlobPtr text_blob(std::string_view text) {
  const auto* const bytes = reinterpret_cast<const std::byte*>(text.data());
  return make_memory_blob({bytes, bytes + text.size()});
}

/// Adds a node at `path`, and the directories that lead there.
inline NodeId add_node(Tree& tree, std::string_view path, Node node) {
  NodeId at = Tree::kRoot;
  for (std::size_t slash = 0; (slash = path.find('/')) != std::string_view::npos; path.remove_prefix(slash + 1)) {
    const std::string_view name = path.substr(0, slash);
    const auto found = tree.find(at, name);
    if (found) {
      at = *found;
      continue;
    }
    Node directory;
    directory.kind = NodeKind::Directory;
    directory.permissions = 0755;
    at = tree.add(at, name, std::move(directory));
  }
  return tree.add(at, path, std::move(node));
}

/// "a/" is a directory, "a -> b" a symbolic link, "a = text" a file of that text, "a" a file of its path.
inline void add_path(Tree& tree, std::string_view text) {
  Node node;
  if (const std::size_t arrow = text.find(" -> "); arrow != std::string_view::npos) {
    node.kind = NodeKind::Symlink;
    node.permissions = 0777;
    node.target = text.substr(arrow + 4);
    text = text.substr(0, arrow);
  } else if (text.ends_with('/')) {
    node.kind = NodeKind::Directory;
    node.permissions = 0755;
    text.remove_suffix(1);
    if (tree.find_path(text)) return;
  } else if (const std::size_t equals = text.find(" = "); equals != std::string_view::npos) {
    node.content = text_blob(text.substr(equals + 3));
    text = text.substr(0, equals);
  } else {
    node.content = text_blob(text);
  }
  add_node(tree, text, std::move(node));
}

inline Tree make_tree(const std::vector<std::string>& paths) {
  Tree tree;
  for (const std::string& path : paths) add_path(tree, path);
  return tree;
}

/// The paths below the root, directories with a slash behind.
inline std::vector<std::string> paths_of(const Tree& tree) {
  std::vector<std::string> paths;
  walk_tree(tree, Tree::kRoot, "", [&](const WalkedName& walked) {
    if (walked.path.empty()) return true;
    paths.emplace_back(walked.path);
    if (tree.node(walked.node).kind == NodeKind::Directory) paths.back() += '/';
    return true;
  });
  return paths;
}

inline const Node& node_at(const Tree& tree, std::string_view path) {
  const auto id = tree.find_path(path);
  if (!id) throw std::runtime_error(fmt::format("no {}", path));
  return tree.node(*id);
}

/// "0644 5:6".
inline std::string owner_and_mode(const Tree& tree, std::string_view path) {
  const Node& node = node_at(tree, path);
  return fmt::format("{:04o} {}:{}", node.permissions, node.uid, node.gid);
}

/// The value of an extended attribute; "-" if it isn't there.
inline std::string xattr_of(const Tree& tree, std::string_view path, std::string_view name) {
  const Node& node = node_at(tree, path);
  if (!node.xattrs) return "-";
  for (const Xattr& xattr : *node.xattrs) {
    if (xattr.name == name) return xattr.value;
  }
  return "-";
}

class RulesTest : public testing::Test {
 protected:
  /// The rules that the keys of a source's table make. Files are relative to the test's directory.
  SourceRules rules_of(const std::string& toml) {
    table_ = parse_toml(toml, "p.toml");
    SpecProblems problems;
    const auto location = std::make_shared<const SpecLocation>(SpecLocation{"p.toml", 1, 1, {}});
    TableReader reader(table_, "source", location, problems);
    SourceRules rules = read_source_rules(reader, {.file = "p.toml", .directory = directory_.path()});
    reader.refuse_rest();
    problems.throw_if_any();
    return rules;
  }

  Layer apply(Layer layer, const std::string& toml) {
    apply_rules(layer, rules_of(toml), context_);
    return layer;
  }

  /// The message that it fails with.
  std::string failure(Layer layer, const std::string& toml) {
    try {
      apply(std::move(layer), toml);
    } catch (const Error& error) {
      EXPECT_TRUE(error.code() == ErrorCode::InvalidSpec || error.code() == ErrorCode::InvalidArgument) << error.what();
      return error.what();
    }
    ADD_FAILURE() << "no error for:\n" << toml;
    return {};
  }
  std::string failure(const std::string& toml) { return failure(Layer(), toml); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(directory_.path() / name, std::ios::binary) << text;
  }

  TemporaryDirectory directory_;
  Registry registry_;
  Context context_{registry_, {.threads = 2, .source_date_epoch = 1'000'000'000}};
  OptionTable table_;
};

}  // namespace fstool::test
