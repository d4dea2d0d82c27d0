#include "spec_entries.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <ranges>
#include <string_view>
#include <utility>

#include "fstool/blob.h"
#include "fstool/error.h"

namespace fstool {

namespace {

constexpr std::uint16_t kModeBits = 07777;
constexpr std::int64_t kMaxOwner = 0xFFFFFFFE;

/// Names of a path, without empty ones.
std::vector<std::string_view> names_of(std::string_view path) {
  std::vector<std::string_view> names;
  for (const auto part : std::views::split(path, '/')) {
    if (const std::string_view name(part.begin(), part.end()); !name.empty()) names.push_back(name);
  }
  return names;
}

void refuse_bad_path(const std::string& path, const LocationPtr& location) {
  const std::vector<std::string_view> names = names_of(path);
  for (const std::string_view name : names) {
    if (name != "." && name != "..") continue;
    throw spec_error(location, fmt::format("the path \"{}\" of an entry has a \"{}\"", path, name));
  }
  if (names.empty()) throw spec_error(location, "the path of an entry must name something below the root");
}

/// "0644", or the integer 0o644.
std::uint16_t parse_permissions(const OptionValue& value) {
  std::int64_t mode = -1;
  if (const auto* number = std::get_if<std::int64_t>(&value.data)) {
    mode = *number;
  } else if (const auto* text = std::get_if<std::string>(&value.data)) {
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), mode, 8);
    if (error != std::errc() || end != text->data() + text->size()) mode = -1;
  }
  if (mode >= 0 && mode <= kModeBits) return static_cast<std::uint16_t>(mode);
  throw spec_error(value.location, "mode must be octal, from \"0000\" to \"7777\"");
}

/// What an entry is follows from what it has.
void read_kind(EntryChoice& entry, TableReader& reader, const PathBase& base) {
  int kinds = 0;
  reader.read("content", [&](const OptionValue& content) {
    ++kinds;
    entry.content = DeferredText(content, "content");
  });
  reader.read("copy", [&](const OptionValue& copy) {
    ++kinds;
    entry.copy = parse_path(copy, "copy", base);
  });
  reader.read("symlink", [&](const OptionValue& symlink) {
    ++kinds;
    entry.kind = EntryChoice::Kind::Symlink;
    entry.target = parse_text(symlink, "symlink");
    if (entry.target.empty()) {
      throw spec_error(symlink.location, "the target of a symbolic link must not be empty");
    }
  });
  if (reader.take_boolean("directory").value_or(false)) {
    entry.kind = EntryChoice::Kind::Directory;
    ++kinds;
  }
  if (kinds == 1) return;
  reader.problems().add(entry.location,
                        "an entry needs one of content = \"text\", copy = \"a file of the host\", symlink = "
                        "\"target\" and directory = true");
}

EntryChoice read_entry(const OptionValue& value, const PathBase& base, SpecProblems& problems) {
  TableReader reader(as_table(value, "entries"), "an entry", value.location, problems);
  EntryChoice entry;
  entry.location = value.location;
  reader.read_required("path", [&](const OptionValue& path) {
    entry.path = parse_text(path, "path");
    refuse_bad_path(entry.path, path.location);
  });
  read_kind(entry, reader, base);
  reader.read("mode", [&](const OptionValue& mode) { entry.permissions = parse_permissions(mode); });
  entry.uid = static_cast<std::uint32_t>(reader.take_integer("uid", 0, kMaxOwner).value_or(0));
  entry.gid = static_cast<std::uint32_t>(reader.take_integer("gid", 0, kMaxOwner).value_or(0));
  reader.refuse_rest();
  return entry;
}

class EntryAdder {
 public:
  EntryAdder(Tree& tree, const DeferredValues& values) : tree_(tree), values_(values) {}

  void add(const EntryChoice& entry) {
    const std::vector<std::string_view> names = names_of(entry.path);
    NodeId directory = Tree::kRoot;
    for (const std::string_view name : names | std::views::take(names.size() - 1)) {
      directory = enter(directory, name, entry);
    }
    const std::string_view name = names.back();
    const std::optional<NodeId> existing = tree_.find(directory, name);
    const bool replaces_directory = existing && tree_.node(*existing).kind == NodeKind::Directory;
    if (entry.kind == EntryChoice::Kind::Directory && replaces_directory) return change(tree_.node(*existing), entry);
    if (replaces_directory) {
      throw spec_error(entry.location,
                       fmt::format("\"{}\" is a directory of the source, which no file can replace", entry.path));
    }
    Node node = make_node(entry);
    if (existing) tree_.remove(directory, name);
    const NodeId added = tree_.add(directory, name, std::move(node));
    if (!entry.copy) undated_.push_back(added);
  }

  /// Gives what has no time of its own the time `mtime`.
  void date(Timestamp mtime) {
    for (const NodeId id : undated_) tree_.node(id).mtime = mtime;
  }

 private:
  NodeId enter(NodeId directory, std::string_view name, const EntryChoice& entry) {
    if (const std::optional<NodeId> existing = tree_.find(directory, name)) {
      if (tree_.node(*existing).kind == NodeKind::Directory) return *existing;
      throw spec_error(entry.location, fmt::format("\"{}\" can't be there: \"{}\" is no directory", entry.path, name));
    }
    Node node = undated_node();
    node.kind = NodeKind::Directory;
    node.permissions = 0755;
    undated_.push_back(tree_.add(directory, name, std::move(node)));
    return undated_.back();
  }

  /// With a time that doesn't count when the newest of the tree is looked for.
  Node undated_node() const {
    Node node;
    node.mtime = tree_.node(Tree::kRoot).mtime;
    return node;
  }

  static void change(Node& node, const EntryChoice& entry) {
    if (entry.permissions) node.permissions = *entry.permissions;
    node.uid = entry.uid;
    node.gid = entry.gid;
  }

  Node make_node(const EntryChoice& entry) const {
    Node node = undated_node();
    switch (entry.kind) {
      case EntryChoice::Kind::File:
        node.permissions = 0644;
        if (entry.copy) {
          copy_file(node, entry);
        } else {
          node.content = entry.content.to_blob(values_);
        }
        break;
      case EntryChoice::Kind::Directory:
        node.kind = NodeKind::Directory;
        node.permissions = 0755;
        break;
      case EntryChoice::Kind::Symlink:
        node.kind = NodeKind::Symlink;
        node.permissions = 0777;
        node.target = entry.target;
        break;
    }
    change(node, entry);
    return node;
  }

  static void copy_file(Node& node, const EntryChoice& entry) {
    struct stat status {};
    if (::stat(entry.copy->c_str(), &status) != 0) {
      throw spec_error(entry.location, system_error(entry.copy->string(), errno).what());
    }
    if (!S_ISREG(status.st_mode)) {
      throw spec_error(entry.location, fmt::format("{} is no regular file", entry.copy->string()));
    }
    node.permissions = status.st_mode & kModeBits;
    node.mtime = {.seconds = status.st_mtim.tv_sec, .nanoseconds = static_cast<std::uint32_t>(status.st_mtim.tv_nsec)};
    node.content = open_file_blob(*entry.copy);
  }

  Tree& tree_;
  const DeferredValues& values_;
  std::vector<NodeId> undated_;
};

}  // namespace

std::vector<EntryChoice> read_entries(const OptionValue& value, const PathBase& base, SpecProblems& problems) {
  const auto* array = std::get_if<OptionValue::Array>(&value.data);
  if (array == nullptr) throw wrong_type(value, "entries", "an array of tables ([[…entries]])");
  std::vector<EntryChoice> entries;
  for (const OptionValue& element : *array) {
    problems.collect(element.location, [&] { entries.push_back(read_entry(element, base, problems)); });
  }
  return entries;
}

void add_entries(Tree& tree, const std::vector<EntryChoice>& entries, const DeferredValues& values,
                 const Context& context) {
  EntryAdder adder(tree, values);
  for (const EntryChoice& entry : entries) adder.add(entry);
  adder.date(context.clock(tree));
}

}  // namespace fstool
