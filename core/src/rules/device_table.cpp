#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fstool/posix_acl.h"
#include "node_status.h"
#include "rules/attribute_files.h"
#include "rules/device_limits.h"
#include "rules/layer_names.h"
#include "rules/mode_change.h"
#include "rules/named_place.h"
#include "rules/tree_path.h"
#include "tree_walk.h"

namespace fstool {

namespace {

constexpr std::uint64_t kMaxTableBytes = std::uint64_t{4} << 20;
/// Of all lines: more than any machine has devices, and few enough for any machine's memory.
constexpr std::uint64_t kMaxNodes = 1'000'000;

/// One line.
struct TableLine {
  std::string path;  ///< from the root, '/'-separated; empty: the root
  char type = 'f';
  std::optional<std::uint16_t> permissions;
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t start = 0;
  std::uint32_t increment = 0;
  std::uint32_t count = 0;
};

std::optional<NodeKind> kind_of(char type) {
  switch (type) {
    case 'f':
    case 'F':
      return NodeKind::File;
    case 'd':
    case 'r':
      return NodeKind::Directory;
    case 'c':
      return NodeKind::CharDevice;
    case 'b':
      return NodeKind::BlockDevice;
    case 'p':
      return NodeKind::Fifo;
    case 's':
      return NodeKind::Socket;
    default:
      return std::nullopt;
  }
}

class LineParser {
 public:
  LineParser(const TextLines& lines, OwnerResolver& owners) : lines_(lines), owners_(owners) {}

  TableLine parse(std::string_view text) const {
    if (text.starts_with('|')) throw lines_.error("extended attributes are not read from a device table: use rules");
    TableLine line;
    line.path = path_of(take_word(text));
    const std::string_view type = take_word(text);
    if (type.size() != 1 || !kind_of(type.front())) {
      throw lines_.error(fmt::format("the type must be one of d, f, F, c, b, p, s and r, not \"{}\"", type));
    }
    line.type = type.front();
    line.permissions = mode_of(take_word(text));
    line.uid = owner_of(take_word(text), OwnerKind::User);
    line.gid = owner_of(take_word(text), OwnerKind::Group);
    line.major = number_of(take_word(text), "major", kMaxMajor);
    line.minor = number_of(take_word(text), "minor", kMaxMinor);
    line.start = number_of(take_word(text), "start", kMaxMinor);
    line.increment = number_of(take_word(text), "inc", kMaxMinor);
    line.count = number_of(take_word(text), "count", kMaxMinor);
    if (!text.empty()) throw lines_.error("more than ten words");
    if (line.minor + std::uint64_t{line.increment} * (line.count == 0 ? 0 : line.count - 1) > kMaxMinor) {
      throw lines_.error(fmt::format("a minor number above {}", kMaxMinor));
    }
    return line;
  }

 private:
  std::string path_of(std::string_view word) const {
    std::string path;
    for (const std::string_view name : names_of(word)) {
      if (name == "..") throw lines_.error(fmt::format("the path \"{}\" has a \"..\"", word));
      if (name == ".") continue;
      path.append(path.empty() ? "" : "/").append(name);
    }
    return path;
  }

  std::optional<std::uint16_t> mode_of(std::string_view word) const {
    if (word == "-1" || word == "-") return std::nullopt;
    if (const auto mode = parse_octal_mode(word)) return mode;
    throw lines_.error(fmt::format("the mode must be octal, up to 7777, not \"{}\"", word));
  }

  std::optional<std::uint32_t> owner_of(std::string_view word, OwnerKind kind) const {
    if (word == "-1" || word == "-") return std::nullopt;
    if (const auto id = parse_owner_id(word)) return id;
    if (word.empty()) throw lines_.error("a line needs a name, a type, a mode, an owner and a group");
    try {
      return owners_.id_of(std::string(word), kind);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::InvalidArgument) throw;
      throw lines_.error(error.what());
    }
  }

  std::uint32_t number_of(std::string_view word, std::string_view what, std::uint32_t maximum) const {
    if (word.empty() || word == "-") return 0;
    std::uint32_t number = 0;
    const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error == std::errc() && stop == word.data() + word.size() && number <= maximum) return number;
    throw lines_.error(fmt::format("{} must be from 0 to {}, not \"{}\"", what, maximum, word));
  }

  const TextLines& lines_;
  OwnerResolver& owners_;
};

class TableApplier {
 public:
  TableApplier(Layer& layer, const TextLines& lines, const Context& context)
      : layer_(layer), lines_(lines), places_(layer, context) {}

  void apply(const TableLine& line) {
    nodes_ += std::max<std::uint64_t>(line.count, 1);
    if (nodes_ > kMaxNodes) throw lines_.error(fmt::format("the table makes more than {} files", kMaxNodes));
    const bool is_numbered =
        line.count > 0 && line.type != 'd' && line.type != 'r' && line.type != 'f' && line.type != 'F';
    if (!is_numbered) return apply_to(line, line.path, line.minor);
    for (std::uint32_t i = 0; i < line.count; ++i) {
      apply_to(line, fmt::format("{}{}", line.path, line.start + i), line.minor + i * line.increment);
    }
  }

  /// Call it once, at the end.
  void finish() { remove_implied(layer_, std::move(described_)); }

 private:
  void apply_to(const TableLine& line, const std::string& path, std::uint32_t minor) {
    const NodeKind kind = *kind_of(line.type);
    std::optional<NodeId> node = places_.find(path);
    if (!node && (line.type == 'F' || places_.is_lower_link(path))) return;
    if (!node && line.type == 'r') throw lines_.error(fmt::format("the source has no directory /{}", path));
    if (!node) {
      node = add(path, kind);
    } else if (layer_.tree.node(*node).kind != kind) {
      throw lines_.error(fmt::format("/{} is a {} in the source, not a {}", path,
                                     kind_name(layer_.tree.node(*node).kind), kind_name(kind)));
    }
    if (kind == NodeKind::CharDevice || kind == NodeKind::BlockDevice) {
      layer_.tree.node(*node).device = {.major = line.major, .minor = minor};
    }
    if (line.type == 'r') {
      walk_tree(layer_.tree, *node, "", [&](const WalkedName& walked) {
        change(walked.node, line);
        return true;
      });
    } else {
      change(*node, line);
    }
  }

  NodeId add(const std::string& path, NodeKind kind) {
    try {
      return places_.add(path, places_.new_node(kind));
    } catch (const Error& error) {
      if (error.code() != ErrorCode::InvalidArgument) throw;
      throw lines_.error(error.what());
    }
  }

  void change(NodeId id, const TableLine& line) {
    Node& node = layer_.tree.node(id);
    if (line.permissions && node.kind != NodeKind::Symlink) set_permissions(node, *line.permissions);
    if (line.uid) node.uid = *line.uid;
    if (line.gid) node.gid = *line.gid;
    described_.push_back(id);
  }

  Layer& layer_;
  const TextLines& lines_;
  NamedPlaces places_;
  std::uint64_t nodes_ = 0;
  std::vector<NodeId> described_;
};

}  // namespace

void apply_device_table(Layer& layer, const RuleFile& table, OwnerResolver& owners, const Context& context) {
  const std::string text = read_rule_file(table, kMaxTableBytes, context);
  apply_device_table(layer, text, table.path.string(), owners, context);
}

void apply_device_table(Layer& layer, std::string_view text, const std::string& name, OwnerResolver& owners,
                        const Context& context) {
  TextLines lines(text, name);
  const LineParser parser(lines, owners);
  TableApplier applier(layer, lines, context);
  std::string_view line;
  while (lines.next(line)) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (line.empty() || line.front() == '#') continue;
    applier.apply(parser.parse(line));
  }
  applier.finish();
}

}  // namespace fstool
