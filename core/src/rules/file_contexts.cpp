#include "rules/file_contexts.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <fmt/format.h>
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <iterator>

#include "fstool/error.h"
#include "rules/attribute_changes.h"
#include "rules/name_walk.h"

namespace fstool {

namespace {

namespace fs = std::filesystem;

/// Reference policies have 1 MB.
constexpr std::uint64_t kMaxContextsBytes = std::uint64_t{64} << 20;
/// Of backtracking, for one path: expressions of policies need some dozens.
constexpr std::uint32_t kMaxSteps = 100'000;
constexpr std::uint32_t kMaxHeapKib = 1024;

constexpr std::array<std::pair<std::string_view, NodeKind>, 7> kTypes = {{
    {"--", NodeKind::File},
    {"-d", NodeKind::Directory},
    {"-l", NodeKind::Symlink},
    {"-c", NodeKind::CharDevice},
    {"-b", NodeKind::BlockDevice},
    {"-p", NodeKind::Fifo},
    {"-s", NodeKind::Socket},
}};

struct CodeDeleter {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct MatchDataDeleter {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
struct MatchContextDeleter {
  void operator()(pcre2_match_context* context) const { pcre2_match_context_free(context); }
};

bool is_special(char c) { return std::string_view(".^$?*+|[({").find(c) != std::string_view::npos; }

/// True if one "|" or more may divide the whole expression.
bool has_alternatives(std::string_view expression) {
  int depth = 0;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    if (expression[i] == '\\')
      ++i;
    else if (expression[i] == '(')
      ++depth;
    else if (expression[i] == ')')
      --depth;
    else if (expression[i] == '|' && depth <= 0)
      return true;
  }
  return false;
}

/// What every path that an expression matches begins with.
struct LiteralPrefix {
  std::string text;
  bool is_all = false;  ///< nothing follows
};

LiteralPrefix literal_prefix(std::string_view expression) {
  LiteralPrefix prefix;
  if (has_alternatives(expression)) return prefix;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    char c = expression[i];
    const bool is_escaped = c == '\\';
    if (is_escaped) {
      // Letters and digits behind a backslash are classes and the like.
      if (++i == expression.size() || std::isalnum(static_cast<unsigned char>(expression[i])) != 0) return prefix;
      c = expression[i];
    } else if (c == '?' || c == '*' || c == '{') {
      // What stands before may be missing.
      if (!prefix.text.empty()) prefix.text.pop_back();
      return prefix;
    } else if (is_special(c) || c == ']' || c == ')') {
      return prefix;
    }
    prefix.text += c;
  }
  prefix.is_all = true;
  return prefix;
}

/// The size of "/usr" in "/usr/…", a first name that stands for itself; 0 if there is none. As in libselinux, paths
/// begin with it, whatever alternatives follow, and the expression is of what is behind it.
std::size_t stem_size(std::string_view expression) {
  const std::size_t slash = expression.find('/', 1);
  if (slash == std::string_view::npos) return 0;
  const std::string_view stem = expression.substr(0, slash);
  return std::ranges::any_of(stem, is_special) || stem.find('\\') != std::string_view::npos ? 0 : slash;
}

/// What paths begin with, which is the stem and its slash at least.
LiteralPrefix path_prefix(std::string_view expression) {
  LiteralPrefix prefix = literal_prefix(expression);
  const std::size_t stem = stem_size(expression);
  if (stem > 0 && prefix.text.size() <= stem) prefix.text = expression.substr(0, stem + 1);
  return prefix;
}

/// True if no character of the expression stands for anything but itself.
bool is_exact(std::string_view expression) {
  for (std::size_t i = 0; i < expression.size(); ++i) {
    if (expression[i] == '\\') {
      ++i;
    } else if (is_special(expression[i])) {
      return false;
    }
  }
  return true;
}

/// True if `a` begins with `b`, or `b` with `a`.
bool is_on_the_way(std::string_view a, std::string_view b) { return a.starts_with(b) || b.starts_with(a); }

}  // namespace

struct FileContexts::Spec {
  LiteralPrefix prefix;
  std::size_t stem_size = 0;
  std::unique_ptr<pcre2_code, CodeDeleter> code = {};  ///< of what is behind the stem
  std::optional<NodeKind> kind = {};
  bool is_exact = false;
  std::string context;  ///< with a NUL at its end; empty: none
  std::string expression;
};

struct FileContexts::Directory {
  std::string path;                     ///< after substitutions, with a slash at its end
  std::vector<const Spec*> candidates;  ///< that may match what is in it or below, the one that counts most first
};

/// Runs expressions, with limits for hostile ones.
class FileContexts::Matcher {
 public:
  Matcher() : data_(pcre2_match_data_create(1, nullptr)), context_(pcre2_match_context_create(nullptr)) {
    pcre2_set_match_limit(context_.get(), kMaxSteps);
    pcre2_set_depth_limit(context_.get(), kMaxSteps);
    pcre2_set_heap_limit(context_.get(), kMaxHeapKib);
  }

  /// As pcre2_match().
  int run(const pcre2_code* code, std::string_view path) {
    return pcre2_match(code, reinterpret_cast<PCRE2_SPTR>(path.data()), path.size(), 0, 0, data_.get(), context_.get());
  }

 private:
  std::unique_ptr<pcre2_match_data, MatchDataDeleter> data_;
  std::unique_ptr<pcre2_match_context, MatchContextDeleter> context_;
};

namespace {

std::string message_of(int error) {
  constexpr std::size_t kLongest = 256;
  std::array<PCRE2_UCHAR, kLongest> buffer{};
  pcre2_get_error_message(error, buffer.data(), buffer.size());
  return reinterpret_cast<const char*>(buffer.data());
}

}  // namespace

FileContexts::FileContexts() : matcher_(std::make_unique<Matcher>()) {}
FileContexts::~FileContexts() = default;

void FileContexts::add(std::string_view text, const std::string& file) {
  TextLines lines(text, file);
  std::string_view line;
  while (lines.next(line)) {
    const std::string_view expression = take_word(line);
    if (expression.empty() || expression.starts_with('#')) continue;
    std::string_view type = take_word(line);
    std::string_view context = take_word(line);
    if (context.empty()) std::swap(type, context);
    if (context.empty() || !line.empty()) throw lines.error("a line has an expression, a type or not, and a context");
    Spec spec{.prefix = path_prefix(expression),
              .stem_size = stem_size(expression),
              .is_exact = is_exact(expression),
              .context = context == "<<none>>" ? std::string() : std::string(context) + '\0',
              .expression = std::string(expression)};
    if (!type.empty()) {
      const auto found = std::ranges::find(kTypes, type, &std::pair<std::string_view, NodeKind>::first);
      if (found == kTypes.end()) throw lines.error(fmt::format("\"{}\" is no type", type));
      spec.kind = found->second;
    }
    const std::string whole = fmt::format("^{}$", expression.substr(spec.stem_size));
    int error = 0;
    std::size_t place = 0;
    spec.code.reset(
        pcre2_compile(reinterpret_cast<PCRE2_SPTR>(whole.data()), whole.size(), PCRE2_DOTALL, &error, &place, nullptr));
    if (!spec.code) throw lines.error(fmt::format("the expression {}: {}", expression, message_of(error)));
    specs_.push_back(std::move(spec));
  }
}

void FileContexts::add_substitutions(std::string_view text, const std::string& file) {
  TextLines lines(text, file);
  std::string_view line;
  Substitutions substitutions;
  while (lines.next(line)) {
    const std::string_view alias = take_word(line);
    if (alias.empty() || alias.starts_with('#')) continue;
    const std::string_view path = take_word(line);
    if (path.empty() || !line.empty()) throw lines.error("a line has two paths");
    substitutions.emplace_back(alias, path == "/" ? "" : path);
  }
  if (!substitutions.empty()) substitutions_.push_back(std::move(substitutions));
}

void FileContexts::finish() {
  std::reverse(specs_.begin(), specs_.end());
  std::stable_partition(specs_.begin(), specs_.end(), [](const Spec& spec) { return spec.is_exact; });
}

std::string FileContexts::substituted(std::string_view path) const {
  std::string result(path);
  for (const Substitutions& substitutions : substitutions_) {
    for (const auto& [alias, target] : substitutions) {
      const bool is_there = result.starts_with(alias) && (result.size() == alias.size() || result[alias.size()] == '/');
      if (!is_there) continue;
      result.replace(0, alias.size(), target);
      if (result.empty()) result = "/";
      break;
    }
  }
  return result;
}

std::shared_ptr<const FileContexts::Directory> FileContexts::root() const {
  auto root = std::make_shared<Directory>();
  root->path = "/";
  for (const Spec& spec : specs_) root->candidates.push_back(&spec);
  return root;
}

std::shared_ptr<const FileContexts::Directory> FileContexts::enter(const std::shared_ptr<const Directory>& parent,
                                                                   std::string_view path) const {
  auto directory = std::make_shared<Directory>();
  directory->path = substituted(path);
  if (!directory->path.ends_with('/')) directory->path += '/';
  const auto is_candidate = [&](const Spec* spec) { return is_on_the_way(spec->prefix.text, directory->path); };
  if (directory->path.starts_with(parent->path)) {
    std::ranges::copy_if(parent->candidates, std::back_inserter(directory->candidates), is_candidate);
  } else {
    for (const Spec& spec : specs_) {
      if (is_candidate(&spec)) directory->candidates.push_back(&spec);
    }
  }
  return directory;
}

bool FileContexts::matches(const Spec& spec, std::string_view path, NodeKind kind) const {
  if (spec.kind && *spec.kind != kind) return false;
  if (!path.starts_with(spec.prefix.text)) return false;
  if (spec.prefix.is_all) return path.size() == spec.prefix.text.size();
  const int result = matcher_->run(spec.code.get(), path.substr(spec.stem_size));
  if (result >= 0) return true;
  if (result == PCRE2_ERROR_NOMATCH) return false;
  throw Error(ErrorCode::InvalidArgument,
              fmt::format("{}: the expression {} of the contexts: {}", path, spec.expression, message_of(result)));
}

const std::string* FileContexts::find(const Directory& directory, std::string_view path, NodeKind kind) const {
  const std::string looked_up = substitutions_.empty() ? std::string(path) : substituted(path);
  const auto result = [](const Spec& spec) { return spec.context.empty() ? nullptr : &spec.context; };
  if (looked_up.starts_with(directory.path)) {
    for (const Spec* const spec : directory.candidates) {
      if (matches(*spec, looked_up, kind)) return result(*spec);
    }
    return nullptr;
  }
  for (const Spec& spec : specs_) {
    if (matches(spec, looked_up, kind)) return result(spec);
  }
  return nullptr;
}

namespace {

/// The file and those beside it.
void load(FileContexts& contexts, const RuleFile& file, const Context& context) {
  const auto read = [&](const char* ending, const auto& add) {
    RuleFile beside = file;
    beside.path += ending;
    std::error_code error;
    if (*ending != '\0' && !fs::exists(beside.path, error)) return;
    add(read_rule_file(beside, kMaxContextsBytes, context), beside.path.string());
  };
  const auto add_contexts = [&](const std::string& text, const std::string& name) { contexts.add(text, name); };
  const auto add_substitutions = [&](const std::string& text, const std::string& name) {
    contexts.add_substitutions(text, name);
  };
  for (const char* const ending : {"", ".homedirs", ".local"}) read(ending, add_contexts);
  for (const char* const ending : {".subs", ".subs_dist"}) read(ending, add_substitutions);
  contexts.finish();
}

/// Labels one name after the other. Files with equal contexts and no other attributes share them.
class Labeller {
 public:
  explicit Labeller(Tree& tree, const FileContexts& contexts) : tree_(tree), contexts_(contexts) {}

  void run() {
    levels_.push_back({Tree::kRoot, contexts_.root()});
    label(Tree::kRoot, "/");
    std::string path;
    filter_names(tree_, [&](const VisitedName& visited) {
      while (levels_.back().node != visited.directory) levels_.pop_back();
      path = "/";
      path += visited.path;
      label(visited.node, path);
      if (tree_.node(visited.node).kind == NodeKind::Directory) {
        levels_.push_back({visited.node, contexts_.enter(levels_.back().directory, path)});
      }
      return true;
    });
  }

 private:
  struct Level {
    NodeId node;
    std::shared_ptr<const FileContexts::Directory> directory;
  };

  void label(NodeId id, std::string_view path) {
    Node& node = tree_.node(id);
    const std::string* const context = contexts_.find(*levels_.back().directory, path, node.kind);
    if (context == nullptr) return;
    if (node.xattrs) return change_xattrs(node, {{std::string(kName), *context}});
    if (context != last_context_) {
      last_context_ = context;
      last_xattrs_ = std::make_shared<const Xattrs>(Xattrs{{std::string(kName), *context}});
    }
    node.xattrs = last_xattrs_;
  }

  static constexpr std::string_view kName = "security.selinux";

  Tree& tree_;
  const FileContexts& contexts_;
  std::vector<Level> levels_;
  const std::string* last_context_ = nullptr;
  std::shared_ptr<const Xattrs> last_xattrs_;
};

}  // namespace

void label_files(Tree& tree, const FileContexts& contexts) { Labeller(tree, contexts).run(); }

void apply_file_contexts(Tree& tree, const RuleFile& file, const Context& context) {
  FileContexts contexts;
  load(contexts, file, context);
  label_files(tree, contexts);
}

}  // namespace fstool
