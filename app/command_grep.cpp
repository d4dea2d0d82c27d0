#include <fmt/format.h>

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "commands.h"
#include "diagnostics.h"
#include "line_search.h"
#include "reading.h"
#include "settings.h"
#include "standard_output.h"
#include "tree_walk.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "grep",
    .synopsis = "[options] PATTERN IMAGE[:PARTITION] [PATH…]",
    .description =
        "Searches files in an image for lines that match PATTERN, a regular expression of\n"
        "POSIX. Without a path, all files are searched.",
    .examples =
        "  fstool grep -n PermitRootLogin disk.img:2 /etc/ssh/sshd_config\n"
        "  fstool grep -rl -F 10.0.0.1 disk.img:2 /etc /usr/local",
    .exit_codes = {{kExitSuccess, "a line was found"},
                   {kExitFailure, "none was found"},
                   {kExitTrouble, "something could not be searched, or the command line is wrong"}},
};

/// Of what one file finds, this many bytes are kept until it is its turn.
constexpr std::size_t kKeptBytes = std::size_t{1} << 20;

SearchStyle style_of(const ParsedOptions& options) {
  SearchStyle style;
  if (options.has("count")) style.report = SearchReport::Count;
  if (options.has("files-with-matches")) style.report = SearchReport::Name;
  style.line_numbers = options.has("line-number");
  style.invert = options.has("invert-match");
  return style;
}

PatternSyntax syntax_of(const ParsedOptions& options) {
  const bool fixed = options.has("fixed-strings");
  const bool extended = options.has("extended-regexp");
  if (fixed && extended) throw UsageError(kHelp.name, "-E and -F exclude each other");
  return fixed ? PatternSyntax::Fixed : extended ? PatternSyntax::Extended : PatternSyntax::Basic;
}

class Grep {
 public:
  /// `make_pattern` makes the same pattern each time: matching locks it, so every worker has its own.
  Grep(const std::function<LinePattern()>& make_pattern, const SearchStyle& style, Target& target, Context& context)
      : style_(style), target_(target), context_(context) {
    for (unsigned i = 0; i < context.workers().size(); ++i) patterns_.push_back(make_pattern());
  }

  /// Adds the file at `path`, or all files below it.
  void add(const std::string& path, bool recursive) {
    const auto depth = recursive ? OpenScope::Depth::Everything : OpenScope::Depth::Node;
    const LocatedNode start = target_.locate(path, depth, LastLink::Follow);
    if (start->kind == NodeKind::Directory && !recursive) {
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("Is a directory: {}: search it with -r", target_path(target_, path)));
    }
    walk_tree(*start.tree, start.node, path, [&](const WalkedName& walked) {
      const Node& node = start.tree->node(walked.node);
      if (node.kind == NodeKind::File) files_.push_back({std::string(walked.path), start.tree, node.content});
      return true;
    });
  }

  /// Searches all that was added, and writes what is found in its order. True if there is anything.
  bool run(bool with_names) {
    std::vector<Result> results(context_.workers().slots());
    bool found = false;
    context_.begin_step("searching", files_.size(), "files");
    context_.workers().ordered(
        files_.size(),
        [&](std::uint64_t index, unsigned worker, unsigned slot) {
          const File& file = files_[index];
          const std::string name = output_.shown(file.path);
          Result& result = results[slot];
          result.out.clear();
          result.error.reset();
          result.search.emplace(patterns_[worker], style_, file.content.get(), name, with_names ? name + ":" : "");
          search_on(result);
        },
        [&](std::uint64_t index, unsigned slot) {
          Result& result = results[slot];
          while (!result.is_done) {
            write(result);
            search_on(result);
          }
          write(result);
          found = found || result.search->found() > 0;
          if (result.error) tell(*result.error, files_[index].path);
          context_.advance(1);
        });
    output_.flush();
    return found;
  }

  bool failed() const noexcept { return failed_; }

 private:
  struct File {
    std::string path;
    std::shared_ptr<const Tree> tree;  // keeps the content's blob
    BlobPtr content;
  };
  struct Result {
    std::optional<ContentSearch> search;
    std::string out;
    bool is_done = false;
    std::optional<Error> error;
  };

  void search_on(Result& result) {
    try {
      result.is_done = result.search->run(result.out, kKeptBytes, context_);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::Cancelled || error.code() == ErrorCode::Internal) throw;
      result.error = error;
      result.is_done = true;
    }
  }

  void write(Result& result) {
    output_.write(result.out);
    result.out.clear();
  }

  void tell(Error error, const std::string& path) {
    output_.flush();
    error.add_context(target_path(target_, path));
    print_error(error.what());
    failed_ = true;
  }

  std::vector<LinePattern> patterns_;
  const SearchStyle& style_;
  Target& target_;
  Context& context_;
  StandardOutput output_;
  std::vector<File> files_;
  bool failed_ = false;
};

}  // namespace

int grep_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("pattern", po::value<std::string>(), "")("target", po::value<std::string>(), "")(
      "path", po::value<std::vector<std::string>>(), "")("recursive,r", "Files below directories, too")(
      "ignore-case,i", "Letters match in either case")("files-with-matches,l", "Names of files with matches alone")(
      "line-number,n", "Numbers of lines, too")("count,c", "How many lines match in each file")(
      "invert-match,v", "Lines that don't match")("extended-regexp,E", "PATTERN is an extended regular expression")(
      "fixed-strings,F", "PATTERN is text")("no-filename,h", "Don't write names in front of lines");
  add_reading_options(options);
  add_threads_option(options);
  const auto parsed = parse_arguments(kHelp, options, {"pattern", "target"}, arguments, "path");
  if (!parsed) return kExitSuccess;

  const std::string text = parsed->text("pattern");
  const std::string name = parsed->required("target", parsed->has("pattern") ? "the image" : "the pattern");
  const SearchStyle style = style_of(*parsed);
  const auto make_pattern = [&] { return LinePattern(text, syntax_of(*parsed), parsed->has("ignore-case")); };
  read_argument(kHelp.name, make_pattern);
  Reading reading(*parsed);
  Target target = reading.open(name);
  std::vector<std::string> paths = parsed->texts("path");
  const bool recursive = parsed->has("recursive") || paths.empty();
  if (paths.empty()) paths.emplace_back("/");
  Grep grep(make_pattern, style, target, reading.context());
  const int exit_code = for_each_path(paths, [&](const std::string& path) { grep.add(path, recursive); });
  const bool with_names = (recursive || paths.size() > 1) && !parsed->has("no-filename");
  const bool found = grep.run(with_names);
  if (grep.failed() || exit_code != kExitSuccess) return kExitTrouble;
  return found ? kExitSuccess : kExitFailure;
}

}  // namespace fstool
