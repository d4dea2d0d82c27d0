#include <fmt/format.h>

#include <algorithm>
#include <ctime>
#include <iterator>

#include "commands.h"
#include "find_expression.h"
#include "listing.h"
#include "node_status.h"
#include "reading.h"
#include "standard_output.h"
#include "time_text.h"
#include "tree_walk.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "find",
    .synopsis = "[options] IMAGE[:PARTITION] [PATH…] [EXPRESSION]",
    .description =
        "Finds files in an image, in the words of find(1). Without an action, paths are\n"
        "printed.\n"
        "\n"
        "Tests:    -name -iname -path -ipath PATTERN, -type f|d|l|c|b|p|s, -size [+-]N[cwbkMG],\n"
        "          -mtime -links -inum -uid -gid [+-]N, -newermt TIME, -user -group NAME,\n"
        "          -perm MODE|-MODE|/MODE, -empty\n"
        "Actions:  -print, -print0, -ls, -prune\n"
        "Joined by: ! or -not, -a, -o, ( and )\n"
        "Anywhere: -maxdepth N, -mindepth N",
    .examples =
        "  fstool find disk.img:2 /etc -name '*.conf' -newermt 2024-01-01\n"
        "  fstool find rootfs.ext4 -type f -perm -4000 -ls\n"
        "  fstool find rootfs.ext4 /usr '(' -size +10M -o -empty ')' -print0",
};

/// The first word of the expression: options of the command itself have one dash and one letter, or two dashes.
bool begins_expression(const std::string& word) {
  return word == "(" || word == ")" || word == "!" || (word.size() > 2 && word[0] == '-' && word[1] != '-');
}

class Finder {
 public:
  Finder(Target& target, const FindExpression& expression, const Owners& owners)
      : target_(target), expression_(expression), owners_(owners) {}

  void find(const std::string& path) {
    const auto depth = expression_.max_depth() == 0   ? OpenScope::Depth::Node
                       : expression_.max_depth() == 1 ? OpenScope::Depth::Children
                                                      : OpenScope::Depth::Everything;
    const LocatedNode start = target_.locate(path, depth, LastLink::Keep);
    walk_tree(*start.tree, start.node, path, [&](const WalkedName& walked) {
      bool goes_below = walked.depth < expression_.max_depth();
      if (walked.depth >= expression_.min_depth()) {
        const VisitedName visited{*start.tree, walked.node, walked.path, last_component(walked.path)};
        goes_below &= expression_.visit(visited, [&](FindAction action) { act(action, visited); });
      }
      return goes_below;
    });
  }

  void finish() { output_.flush(); }

 private:
  void act(FindAction action, const VisitedName& visited) {
    switch (action) {
      case FindAction::Print:
        return output_.write(output_.shown(visited.path) + "\n");
      case FindAction::Print0:
        return output_.write(std::string(visited.path) + '\0');
      case FindAction::List:
        return list(visited);
    }
  }

  /// In the columns of find -ls, with the time in the form of ls --time-style=long-iso.
  void list(const VisitedName& visited) {
    const NodeStatus status = status_of(visited.tree, visited.node);
    const ListedName listed{std::string(visited.path), &visited.tree, visited.node};
    ListingStyle style;
    style.long_format = true;
    style.time_format = kLongIso;
    const auto show = [&](std::string_view name) { return output_.shown(name); };
    const std::string inode = status.inode ? std::to_string(*status.inode) : "?";
    output_.write(fmt::format("{:>9} {:>6} {}", inode, (status.sectors + 1) / 2,
                              format_listing(std::span(&listed, 1), style, owners_, show)));
  }

  Target& target_;
  const FindExpression& expression_;
  const Owners& owners_;
  StandardOutput output_;
};

}  // namespace

int find_command(const Arguments& arguments) {
  const auto expression_begin = std::ranges::find_if(arguments, begins_expression);
  const Arguments own(arguments.begin(), expression_begin);
  const Arguments words(expression_begin, arguments.end());
  po::options_description options;
  options.add_options()("target", po::value<std::string>(), "")("path", po::value<std::vector<std::string>>(), "");
  add_reading_options(options);
  const auto parsed = parse_arguments(kHelp, options, {"target"}, own, "path");
  if (!parsed) return kExitSuccess;

  const std::string name = parsed->required("target", "the image");
  Reading reading(*parsed);
  Target target = reading.open(name);
  const Owners owners = read_owners(target);
  const FindExpression expression =
      read_argument(kHelp.name, [&] { return FindExpression(words, {.owners = owners, .now = std::time(nullptr)}); });
  std::vector<std::string> paths = parsed->texts("path");
  if (paths.empty()) paths.emplace_back("/");
  Finder finder(target, expression, owners);
  const int exit_code = for_each_path(paths, [&](const std::string& path) { finder.find(path); });
  finder.finish();
  return exit_code;
}

}  // namespace fstool
