#include "rules/renames.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "directory_path.h"
#include "fstool/error.h"
#include "rules/layer_names.h"
#include "rules/tree_path.h"

namespace fstool {

namespace {

class Renamer {
 public:
  Renamer(Layer& layer, const Rename& rename) : layer_(layer), tree_(layer.tree), rename_(rename) {}

  void run() {
    if (rename_.from == rename_.to) return;
    const SplitPath from = split_last(rename_.from);
    const SplitPath to = split_last(rename_.to);
    const std::optional<NodeId> directory = find_exactly(from.directory);
    if (directory && tree_.find(*directory, from.name)) {
      move(*directory, from.name, to);
      return;
    }
    LowerLink* const link = directory ? find_link(*directory, from.name) : nullptr;
    if (link == nullptr) throw spec_error(rename_.location, fmt::format("the source has no {}", rename_.from));
    const NodeId target = make_way(to);
    link->directory = target;
    link->name = to.name;
  }

 private:
  std::optional<NodeId> find_exactly(std::string_view path) const {
    const std::optional<NodeId> found = tree_.find_path(path);
    return found && tree_.node(*found).kind == NodeKind::Directory ? found : std::nullopt;
  }

  void move(NodeId directory, std::string_view name, const SplitPath& to) {
    const NodeId target = make_way(to);
    // Through a symbolic link, the new path may lead into what is moved.
    const NodeId moved = *tree_.find(directory, name);
    for (NodeId at = target; at != Tree::kRoot; at = tree_.parent(at)) {
      if (at == moved) throw spec_error(rename_.location, fmt::format("{} can't lie in itself", rename_.from));
    }
    move_name(layer_, directory, name, target, to.name);
  }

  LowerLink* find_link(NodeId directory, std::string_view name) {
    const auto found = std::ranges::find_if(
        layer_.lower_links, [&](const LowerLink& link) { return link.directory == directory && link.name == name; });
    return found == layer_.lower_links.end() ? nullptr : &*found;
  }

  /// The directory of the new path, which has no such name.
  NodeId make_way(const SplitPath& to) {
    if (rename_.to.starts_with(rename_.from + "/")) {
      throw spec_error(rename_.location, fmt::format("{} can't lie in itself", rename_.from));
    }
    const Timestamp mtime = tree_.node(Tree::kRoot).mtime;
    NodeId directory = Tree::kRoot;
    try {
      directory = make_implied_directories(layer_, to.directory, mtime);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::InvalidArgument) throw;
      throw spec_error(rename_.location, fmt::format("{} can't be there: {}", rename_.to, error.what()));
    }
    if (tree_.find(directory, to.name) || find_link(directory, to.name) != nullptr) {
      throw spec_error(rename_.location, fmt::format("{} is there already", rename_.to));
    }
    return directory;
  }

  Layer& layer_;
  Tree& tree_;
  const Rename& rename_;
};

Rename rename_of(const OptionValue& to, const std::string& from, const LocationPtr& location) {
  Rename rename{.from = clean_path(from, location), .to = {}, .location = location};
  rename.to = clean_path(parse_text(to, "the new path"), to.location);
  return rename;
}

Rename read_element(const OptionValue& value) {
  SpecProblems problems;
  TableReader reader(as_table(value, "rename"), "rename", value.location, problems);
  Rename rename{.location = value.location};
  reader.read_required(
      "from", [&](const OptionValue& from) { rename.from = clean_path(parse_text(from, "from"), from.location); });
  reader.read_required("to", [&](const OptionValue& to) { rename.to = clean_path(parse_text(to, "to"), to.location); });
  reader.refuse_rest();
  problems.throw_if_any();
  return rename;
}

}  // namespace

std::vector<Rename> parse_renames(const OptionValue& value) {
  std::vector<Rename> renames;
  if (const auto* table = std::get_if<OptionTable>(&value.data)) {
    for (const OptionEntry& entry : *table) renames.push_back(rename_of(entry.value, entry.key, entry.location));
  } else if (const auto* list = std::get_if<OptionValue::Array>(&value.data)) {
    for (const OptionValue& element : *list) renames.push_back(read_element(element));
  } else {
    throw wrong_type(value, "rename", "a table { \"old\" = \"new\" }, or an array of tables { from = …, to = … }");
  }
  return renames;
}

void apply_renames(Layer& layer, const std::vector<Rename>& renames) {
  for (const Rename& rename : renames) Renamer(layer, rename).run();
}

}  // namespace fstool
