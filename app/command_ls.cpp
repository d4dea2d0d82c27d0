#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "commands.h"
#include "listing.h"
#include "node_json.h"
#include "reading.h"
#include "standard_output.h"
#include "time_text.h"
#include "tree_walk.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

using Depth = OpenScope::Depth;

const CommandHelp kHelp = {
    .name = "ls",
    .synopsis = "[options] IMAGE[:PARTITION] [PATH…]",
    .description =
        "Lists the files in an image, a directory or an archive, as ls does: sorted by the\n"
        "bytes of their names, with sizes and blocks as a mount of the image would have them,\n"
        "and the names of owners that are in the image. Times are in UTC.\n"
        "\"-lR --time-style=full-iso\" writes, byte for byte, what \"LC_ALL=C TZ=UTC ls\" does.",
    .examples =
        "  fstool ls disk.img\n"
        "  fstool ls -l disk.qcow2:root /etc /usr/bin\n"
        "  fstool ls -lR --time-style=full-iso rootfs.ext4",
};

enum class Hidden { LeaveOut, Show, ShowWithDots };

std::string time_format(const ParsedOptions& options) {
  if (!options.has("time-style")) return std::string(options.has("full-time") ? kFullIso : kLongIso);
  const std::string style = options.text("time-style");
  if (style == "full-iso") return std::string(kFullIso);
  if (style == "long-iso") return std::string(kLongIso);
  if (style.starts_with('+')) return style.substr(1);
  throw UsageError(kHelp.name, fmt::format("--time-style {}: expected full-iso, long-iso or +FORMAT", style));
}

class Lister {
 public:
  Lister(const ParsedOptions& options, Target& target)
      : target_(target), recursive_(options.has("recursive")), directories_themselves_(options.has("directory")) {
    if (options.has("almost-all")) hidden_ = Hidden::Show;
    if (options.has("all")) hidden_ = Hidden::ShowWithDots;
    style_.numeric_owners = options.has("numeric-uid-gid");
    style_.long_format = options.has("long") || options.has("full-time") || style_.numeric_owners;
    style_.inode_numbers = options.has("inode");
    style_.time_format = time_format(options);
    if (!options.has("one-per-line")) style_.columns = output_.columns();
    is_json_ = options.has("json");
    if ((style_.long_format || is_json_) && !style_.numeric_owners) owners_ = read_owners(target);
  }

  int run(const std::vector<std::string>& paths) {
    const int exit_code = for_each_path(paths, [&](const std::string& path) { locate(path); });
    const auto by_name = [](const Argument& a, const Argument& b) { return a.name < b.name; };
    std::ranges::stable_sort(files_, by_name);
    std::ranges::stable_sort(directories_, by_name);
    list_files();
    const bool has_headers = recursive_ || paths.size() > 1;
    for (const Argument& directory : directories_) list_below(directory, has_headers);
    if (is_json_) output_.write(json_text({{"target", target_.name()}, {"entries", std::move(entries_)}}));
    output_.flush();
    return exit_code;
  }

 private:
  struct Argument {
    std::string name;  // as it was given
    LocatedNode located;
  };

  /// As ls: a link that is named is followed if it leads to a directory that is to be listed.
  void locate(const std::string& path) {
    if (!style_.long_format && !directories_themselves_ && locate_directory_behind(path)) return;
    const Depth depth = directories_themselves_ ? Depth::Node : recursive_ ? Depth::Everything : Depth::Children;
    LocatedNode located = target_.locate(path, depth, LastLink::Keep);
    const bool is_listed = located->kind == NodeKind::Directory && !directories_themselves_;
    (is_listed ? directories_ : files_).push_back({path, std::move(located)});
  }

  bool locate_directory_behind(const std::string& path) {
    if (target_.locate(path, Depth::Node, LastLink::Keep)->kind != NodeKind::Symlink) return false;
    try {
      LocatedNode located = target_.locate(path, recursive_ ? Depth::Everything : Depth::Children, LastLink::Follow);
      if (located->kind != NodeKind::Directory) return false;
      directories_.push_back({path, std::move(located)});
      return true;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::NotFound) throw;
      return false;  // a link that leads nowhere can be shown itself
    }
  }

  void list_files() {
    std::vector<ListedName> names;
    for (const Argument& file : files_) names.push_back({file.name, file.located.tree.get(), file.located.node});
    if (names.empty()) return;
    write(names, "");
    is_first_ = false;
  }

  void list_below(const Argument& argument, bool has_headers) {
    struct Pending {
      std::string path;
      NodeId node;
    };
    const Tree& tree = *argument.located.tree;
    std::vector<Pending> pending = {{argument.name, argument.located.node}};
    while (!pending.empty()) {
      const Pending directory = std::move(pending.back());
      pending.pop_back();
      if (!is_json_ && !std::exchange(is_first_, false)) output_.write("\n");
      if (!is_json_ && has_headers) output_.write(output_.shown(directory.path) + ":\n");
      const std::vector<ListedName> names = names_in(tree, directory.node);
      if (style_.long_format && !is_json_) output_.write(total_line(names));
      write(names, directory.path);
      if (!recursive_) continue;
      const auto first = static_cast<std::ptrdiff_t>(pending.size());
      for (const ListedName& name : names) {
        const bool is_dot = name.name == "." || name.name == "..";
        if (is_dot || tree.node(name.node).kind != NodeKind::Directory) continue;
        pending.push_back({join_path(directory.path, name.name), name.node});
      }
      std::reverse(pending.begin() + first, pending.end());
    }
  }

  std::vector<ListedName> names_in(const Tree& tree, NodeId directory) const {
    std::vector<ListedName> names;
    if (hidden_ == Hidden::ShowWithDots) {
      names.push_back({".", &tree, directory});
      names.push_back({"..", &tree, tree.parent(directory)});
    }
    for (const DirEntry& entry : tree.entries(directory)) {
      if (hidden_ == Hidden::LeaveOut && entry.name.starts_with('.')) continue;
      names.push_back({std::string(entry.name), &tree, entry.node});
    }
    // "." and ".." stand where their bytes say.
    std::ranges::stable_sort(names, {}, &ListedName::name);
    return names;
  }

  void write(const std::vector<ListedName>& names, const std::string& directory) {
    if (!is_json_) {
      const auto show = [&](std::string_view name) { return output_.shown(name); };
      output_.write(format_listing(names, style_, owners_, show));
      return;
    }
    for (const ListedName& name : names) {
      const std::string path = directory.empty() ? name.name : join_path(directory, name.name);
      entries_.push_back(node_json(*name.tree, name.node, path, owners_));
    }
  }

  Target& target_;
  StandardOutput output_;
  ListingStyle style_;
  Hidden hidden_ = Hidden::LeaveOut;
  bool recursive_;
  bool directories_themselves_;
  bool is_json_ = false;
  Owners owners_;
  std::vector<Argument> files_;
  std::vector<Argument> directories_;
  bool is_first_ = true;
  Json entries_ = Json::array();
};

}  // namespace

int ls_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("target", po::value<std::string>(), "")("path", po::value<std::vector<std::string>>(), "")(
      "long,l", "Modes, links, owners, sizes and times, too")("recursive,R", "Directories below, too")(
      "all,a", "Names that begin with a dot, too")("almost-all,A", "The same without \".\" and \"..\"")(
      "one-per-line,1", "A line for each name, on a terminal, too")("inode,i", "Inode numbers, too")(
      "numeric-uid-gid,n", "As -l, with the numbers of owners")("directory,d",
                                                                "Directories themselves, not what is in them")(
      "time-style", po::value<std::string>()->value_name("STYLE"),
      "full-iso, long-iso (the default), or +FORMAT as "
      "date\ntakes it")("full-time", "As -l --time-style=full-iso")("json", "All that is known, in JSON");
  add_reading_options(options);
  const auto parsed = parse_arguments(kHelp, options, {"target"}, arguments, "path");
  if (!parsed) return kExitSuccess;

  const std::string name = parsed->required("target", "the image");
  time_format(*parsed);
  Reading reading(*parsed);
  Target target = reading.open(name);
  std::vector<std::string> paths = parsed->texts("path");
  if (paths.empty()) paths.emplace_back("/");
  return Lister(*parsed, target).run(paths);
}

}  // namespace fstool
