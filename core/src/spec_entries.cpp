#include "spec_entries.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "directory_path.h"
#include "fstool/blob.h"
#include "fstool/error.h"
#include "fstool/posix_acl.h"
#include "rules/attribute_changes.h"
#include "rules/device_limits.h"
#include "rules/mode_change.h"
#include "rules/owner_choice.h"
#include "rules/tree_path.h"

namespace fstool {

namespace {

constexpr std::uint16_t kModeBits = 07777;

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
  if (const auto number = parse_mode_integer(value, "mode")) return *number;
  if (const auto* text = std::get_if<std::string>(&value.data)) {
    if (const auto mode = parse_octal_mode(*text)) return *mode;
  }
  throw spec_error(value.location, "mode must be octal, from \"0000\" to \"7777\"");
}

/// "MAJOR:MINOR".
DeviceNumber parse_device(const OptionValue& value, std::string_view key) {
  const std::string text = parse_text(value, key);
  const std::size_t colon = text.find(':');
  DeviceNumber device;
  const auto read = [](std::string_view digits, std::uint32_t maximum, std::uint32_t& number) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return error == std::errc() && end == digits.data() + digits.size() && number <= maximum;
  };
  if (colon != std::string::npos && read(std::string_view(text).substr(0, colon), kMaxMajor, device.major) &&
      read(std::string_view(text).substr(colon + 1), kMaxMinor, device.minor)) {
    return device;
  }
  throw spec_error(value.location,
                   fmt::format("{} must be \"MAJOR:MINOR\", up to {}:{}, as in \"5:1\"", key, kMaxMajor, kMaxMinor));
}

/// Reads the keys of which an entry has one: what it is follows from it.
class KindReader {
 public:
  KindReader(EntryChoice& entry, TableReader& reader, const PathBase& base)
      : entry_(entry), reader_(reader), base_(base) {}

  void read() {
    read_file();
    read_links();
    read_flag("directory", EntryChoice::Kind::Directory);
    read_device("char_device", EntryChoice::Kind::CharDevice);
    read_device("block_device", EntryChoice::Kind::BlockDevice);
    read_flag("fifo", EntryChoice::Kind::Fifo);
    read_flag("remove", EntryChoice::Kind::Removal);
    if (kinds_ == 1) return;
    reader_.problems().add(entry_.location,
                           "an entry needs one of content = \"text\", copy = \"a file of the host\", symlink = "
                           "\"target\", directory = true, hardlink = \"path\", char_device = \"5:1\", block_device = "
                           "\"8:0\", fifo = true and remove = true");
  }

 private:
  void read_file() {
    reader_.read("content", [&](const OptionValue& content) {
      ++kinds_;
      entry_.content = DeferredText(content, "content");
    });
    reader_.read("copy", [&](const OptionValue& copy) {
      ++kinds_;
      entry_.copy = parse_path(copy, "copy", base_);
    });
  }

  void read_links() {
    reader_.read("symlink", [&](const OptionValue& symlink) {
      set(EntryChoice::Kind::Symlink);
      entry_.target = parse_text(symlink, "symlink");
      if (entry_.target.empty()) {
        throw spec_error(symlink.location, "the target of a symbolic link must not be empty");
      }
    });
    reader_.read("hardlink", [&](const OptionValue& hardlink) {
      set(EntryChoice::Kind::HardLink);
      entry_.target = parse_text(hardlink, "hardlink");
      refuse_bad_path(entry_.target, hardlink.location);
    });
  }

  void read_flag(std::string_view key, EntryChoice::Kind kind) {
    if (reader_.take_boolean(key).value_or(false)) set(kind);
  }

  void read_device(std::string_view key, EntryChoice::Kind kind) {
    reader_.read(key, [&](const OptionValue& device) {
      set(kind);
      entry_.device = parse_device(device, key);
    });
  }

  void set(EntryChoice::Kind kind) {
    ++kinds_;
    entry_.kind = kind;
  }

  EntryChoice& entry_;
  TableReader& reader_;
  const PathBase& base_;
  int kinds_ = 0;
};

/// `owner` or `uid`, `group` or `gid`.
void read_owner(TableReader& reader, std::string_view key, std::string_view number_key,
                std::optional<OwnerChoice>& owner) {
  if (const auto number = reader.take_integer(number_key, 0, kMaxOwnerId)) {
    owner = {.id = static_cast<std::uint32_t>(*number), .location = reader.location()};
  }
  reader.read(key, [&](const OptionValue& value) {
    if (owner) throw spec_error(value.location, fmt::format("{} says the same as {}", key, number_key));
    owner = parse_owner(value, key);
  });
}

void read_attributes(EntryChoice& entry, TableReader& reader) {
  reader.read("mode", [&](const OptionValue& mode) { entry.permissions = parse_permissions(mode); });
  read_owner(reader, "owner", "uid", entry.owner);
  read_owner(reader, "group", "gid", entry.group);
  reader.read("mtime", [&](const OptionValue& mtime) { entry.mtime = parse_timestamp(mtime, "mtime"); });
  reader.read("xattr", [&](const OptionValue& xattr) { entry.xattrs = parse_xattrs(xattr); });
  const bool has_none = entry.kind == EntryChoice::Kind::HardLink || entry.kind == EntryChoice::Kind::Removal;
  const bool has_any = entry.permissions || entry.owner || entry.group || entry.mtime || !entry.xattrs.empty();
  if (has_none && has_any) {
    reader.problems().add(entry.location, entry.kind == EntryChoice::Kind::HardLink
                                              ? "a hard link has the attributes of its file, and takes none"
                                              : "what is removed has no attributes");
  }
}

EntryChoice read_entry(const OptionValue& value, const PathBase& base, SpecProblems& problems) {
  TableReader reader(as_table(value, "entries"), "an entry", value.location, problems);
  EntryChoice entry;
  entry.location = value.location;
  reader.read_required("path", [&](const OptionValue& path) {
    entry.path = parse_text(path, "path");
    refuse_bad_path(entry.path, path.location);
  });
  KindReader(entry, reader, base).read();
  read_attributes(entry, reader);
  reader.refuse_rest();
  return entry;
}

class EntryAdder {
 public:
  EntryAdder(Tree& tree, const DeferredValues& values, const Context& context)
      : tree_(tree), values_(values), context_(context), owners_(tree) {}

  void add(const EntryChoice& entry) {
    if (entry.kind == EntryChoice::Kind::Removal) return remove(entry);
    const std::vector<std::string_view> names = names_of(entry.path);
    NodeId directory = Tree::kRoot;
    for (const std::string_view name : std::span(names).first(names.size() - 1)) {
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
    if (entry.kind == EntryChoice::Kind::HardLink) return link(directory, name, entry);
    Node node = make_node(entry);
    if (existing) tree_.remove(directory, name);
    const NodeId added = tree_.add(directory, name, std::move(node));
    if (!entry.copy && !entry.mtime) undated_.push_back(added);
  }

  /// Gives what has no time of its own the time `mtime`.
  void date(Timestamp mtime) {
    for (const NodeId id : undated_) tree_.node(id).mtime = mtime;
  }

 private:
  void remove(const EntryChoice& entry) {
    const SplitPath path = split_last(entry.path);
    const std::optional<NodeId> directory = tree_.find_path(path.directory);
    const bool is_there =
        directory && tree_.node(*directory).kind == NodeKind::Directory && tree_.remove(*directory, path.name);
    if (!is_there) throw spec_error(entry.location, fmt::format("there is no \"{}\" to remove", entry.path));
  }

  void link(NodeId directory, std::string_view name, const EntryChoice& entry) {
    const std::optional<NodeId> file = tree_.find_path(entry.target);
    if (!file) throw spec_error(entry.location, fmt::format("there is no \"{}\" to link to", entry.target));
    if (tree_.node(*file).kind == NodeKind::Directory) {
      throw spec_error(entry.location, fmt::format("\"{}\" is a directory, and has no second name", entry.target));
    }
    if (tree_.find(directory, name) == file) return;
    tree_.remove(directory, name);
    tree_.link(directory, name, *file);
  }

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

  void change(Node& node, const EntryChoice& entry) {
    if (entry.permissions) set_permissions(node, *entry.permissions);
    if (entry.owner) node.uid = owners_.id_of(*entry.owner, OwnerKind::User);
    if (entry.group) node.gid = owners_.id_of(*entry.group, OwnerKind::Group);
    if (entry.mtime) node.mtime = *entry.mtime;
    change_xattrs(node, entry.xattrs);
  }

  Node make_node(const EntryChoice& entry) {
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
      case EntryChoice::Kind::CharDevice:
      case EntryChoice::Kind::BlockDevice:
        node.kind = entry.kind == EntryChoice::Kind::CharDevice ? NodeKind::CharDevice : NodeKind::BlockDevice;
        node.device = entry.device;
        break;
      case EntryChoice::Kind::Fifo:
        node.kind = NodeKind::Fifo;
        break;
      case EntryChoice::Kind::HardLink:
      case EntryChoice::Kind::Removal:
        throw Error(ErrorCode::Internal, "an entry that makes no file");
    }
    change(node, entry);
    return node;
  }

  void copy_file(Node& node, const EntryChoice& entry) const {
    struct stat status {};
    if (::stat(entry.copy->c_str(), &status) != 0) {
      throw spec_error(entry.location, system_error(entry.copy->string(), errno).what());
    }
    if (!S_ISREG(status.st_mode)) {
      throw spec_error(entry.location, fmt::format("{} is no regular file", entry.copy->string()));
    }
    node.permissions = status.st_mode & kModeBits;
    node.mtime = {.seconds = status.st_mtim.tv_sec, .nanoseconds = static_cast<std::uint32_t>(status.st_mtim.tv_nsec)};
    context_.note_input(*entry.copy, InputUse::Metadata);
    node.content = open_file_blob(*entry.copy);
  }

  Tree& tree_;
  const DeferredValues& values_;
  const Context& context_;
  OwnerResolver owners_;
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
  EntryAdder adder(tree, values, context);
  for (const EntryChoice& entry : entries) adder.add(entry);
  adder.date(context.clock(tree));
}

}  // namespace fstool
