#include <fmt/format.h>

#include <charconv>
#include <vector>

#include "commands.h"
#include "node_json.h"
#include "reading.h"
#include "standard_output.h"
#include "tree_walk.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "tree",
    .synopsis = "[options] IMAGE[:PARTITION] [PATH…]",
    .description = "Draws the directories of an image.",
    .examples =
        "  fstool tree -L 2 disk.img:2\n"
        "  fstool tree rootfs.ext4 /etc/systemd",
};

/// What the lines are drawn with.
struct Pen {
  std::string_view branch;
  std::string_view last_branch;
  std::string_view stem;
  std::string_view blank;
};
constexpr Pen kBoxes = {"├── ", "└── ", "│   ", "    "};
constexpr Pen kAscii = {"|-- ", "`-- ", "|   ", "    "};

std::uint64_t max_depth(const ParsedOptions& options) {
  if (!options.has("level")) return UINT64_MAX;
  const std::string text = options.text("level");
  std::uint64_t depth = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), depth);
  if (error != std::errc() || stop != text.data() + text.size() || depth == 0) {
    throw UsageError(kHelp.name, fmt::format("-L {}: expected a number from 1 on", text));
  }
  return depth;
}

class Drawing {
 public:
  Drawing(const ParsedOptions& options, Target& target)
      : target_(target),
        max_depth_(max_depth(options)),
        all_(options.has("all")),
        directories_only_(options.has("directories")),
        pen_(output_.charset() == Charset::Utf8 ? kBoxes : kAscii) {}

  void draw(const std::string& path) {
    const LocatedNode start = locate(path);
    output_.write(output_.shown(path) + "\n");
    std::vector<Level> levels;
    enter(levels, start, start.node, true);
    while (!levels.empty()) {
      Level& level = levels.back();
      if (level.next == level.entries.size()) {
        levels.pop_back();
        continue;
      }
      const DirEntry entry = level.entries[level.next++];
      const bool is_last = level.next == level.entries.size();
      for (std::size_t i = 1; i < levels.size(); ++i) output_.write(levels[i].is_last ? pen_.blank : pen_.stem);
      output_.write(is_last ? pen_.last_branch : pen_.branch);
      const Node& node = start.tree->node(entry.node);
      output_.write(output_.shown(entry.name));
      if (node.kind == NodeKind::Symlink) output_.write(" -> " + output_.shown(node.target));
      output_.write("\n");
      if (node.kind != NodeKind::Directory) {
        ++files_;
        continue;
      }
      ++directories_;
      if (levels.size() < max_depth_) enter(levels, start, entry.node, is_last);
    }
  }

  Json json(const std::string& path, const Owners& owners) {
    const LocatedNode start = locate(path);
    Json entries = Json::array();
    walk_tree(*start.tree, start.node, path, [&](const WalkedName& walked) {
      if (walked.depth > 0 && !is_shown(*start.tree, {last_component(walked.path), walked.node})) return false;
      entries.push_back(node_json(*start.tree, walked.node, std::string(walked.path), owners));
      return walked.depth < max_depth_;
    });
    return entries;
  }

  void write(std::string_view text) { output_.write(text); }

  void finish() {
    const auto plural = [](std::uint64_t count, const char* one, const char* many) { return count == 1 ? one : many; };
    output_.write(fmt::format("\n{} {}, {} {}\n", directories_, plural(directories_, "directory", "directories"),
                              files_, plural(files_, "file", "files")));
  }
  void flush() { output_.flush(); }

 private:
  /// A directory that is being drawn.
  struct Level {
    std::vector<DirEntry> entries;
    std::size_t next = 0;  ///< the first that is not drawn yet
    bool is_last = false;  ///< nothing follows the directory itself
  };

  LocatedNode locate(const std::string& path) {
    const auto depth = max_depth_ == 1 ? OpenScope::Depth::Children : OpenScope::Depth::Everything;
    LocatedNode start = target_.locate(path, depth, LastLink::Follow);
    if (start->kind == NodeKind::Directory) return start;
    throw Error(ErrorCode::InvalidArgument, fmt::format("Not a directory: {}", target_path(target_, path)));
  }

  bool is_shown(const Tree& tree, const DirEntry& entry) const {
    if (!all_ && entry.name.starts_with('.')) return false;
    return !directories_only_ || tree.node(entry.node).kind == NodeKind::Directory;
  }

  void enter(std::vector<Level>& levels, const LocatedNode& start, NodeId directory, bool is_last) const {
    Level level;
    level.is_last = is_last;
    for (const DirEntry& entry : start.tree->entries(directory)) {
      if (is_shown(*start.tree, entry)) level.entries.push_back(entry);
    }
    levels.push_back(std::move(level));
  }

  Target& target_;
  std::uint64_t max_depth_;
  bool all_;
  bool directories_only_;
  StandardOutput output_;
  Pen pen_;
  std::uint64_t directories_ = 0;
  std::uint64_t files_ = 0;
};

}  // namespace

int tree_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("target", po::value<std::string>(), "")("path", po::value<std::vector<std::string>>(), "")(
      "level,L", po::value<std::string>()->value_name("N"), "Go N levels deep")(
      "all,a", "Names that begin with a dot, too")("directories,d", "Directories alone")("json",
                                                                                         "All that is known, in JSON");
  add_reading_options(options);
  const auto parsed = parse_arguments(kHelp, options, {"target"}, arguments, "path");
  if (!parsed) return kExitSuccess;

  const std::string name = parsed->required("target", "the image");
  max_depth(*parsed);
  Reading reading(*parsed);
  Target target = reading.open(name);
  std::vector<std::string> paths = parsed->texts("path");
  if (paths.empty()) paths.emplace_back("/");
  Drawing drawing(*parsed, target);
  int exit_code = kExitSuccess;
  if (parsed->has("json")) {
    const Owners owners = read_owners(target);
    Json entries = Json::array();
    exit_code = for_each_path(paths, [&](const std::string& path) {
      for (Json& entry : drawing.json(path, owners)) entries.push_back(std::move(entry));
    });
    drawing.write(json_text({{"target", target.name()}, {"entries", std::move(entries)}}));
  } else {
    exit_code = for_each_path(paths, [&](const std::string& path) { drawing.draw(path); });
    drawing.finish();
  }
  drawing.flush();
  return exit_code;
}

}  // namespace fstool
