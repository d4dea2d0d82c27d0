#include "path_walk.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "fstool/error.h"

namespace fstool {

namespace {

/// What ends the names that can be looked up at once.
bool is_dots(std::string_view name) { return name == "." || name == ".."; }

/// Puts the components of `path` in front of `pending`. A '/' at the end becomes ".": it asks for a directory.
void push_front(std::deque<std::string>& pending, std::string_view path) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (end > begin) names.emplace_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  if (!names.empty() && path.ends_with('/')) names.emplace_back(".");
  pending.insert(pending.begin(), names.begin(), names.end());
}

std::string joined(const std::vector<std::string>& names) {
  std::string path;
  for (const std::string& name : names) path.append(path.empty() ? "" : "/").append(name);
  return path;
}

class PathWalk {
 public:
  PathWalk(const std::string& where, OpenScope::Depth depth, LastLink last_link, const OpenTree& open)
      : where_(where), depth_(depth), last_link_(last_link), open_(open) {}

  LocatedNode run(std::string_view path) {
    push_front(pending_, path);
    while (true) {
      go_up();
      if (step()) return std::move(located_);
    }
  }

 private:
  /// Takes the leading "." and ".." off pending_; where we are is a directory.
  void go_up() {
    while (!pending_.empty() && is_dots(pending_.front())) {
      if (pending_.front() == ".." && !names_.empty()) names_.pop_back();
      pending_.pop_front();
    }
  }

  /// Looks up the names that come next, up to a "." or "..". True: all is done.
  bool step() {
    const auto run_end = std::ranges::find_if(pending_, is_dots);
    const bool is_last = std::all_of(run_end, pending_.end(), [](const auto& name) { return name == "."; });
    OpenScope scope;
    scope.depth = is_last ? depth_ : OpenScope::Depth::Node;
    std::vector<std::string> all = names_;
    all.insert(all.end(), pending_.begin(), run_end);
    scope.path = joined(all);
    located_.tree = open_(scope);
    located_.node = Tree::kRoot;
    for (const std::string& name : names_) located_.node = child(name);
    while (!pending_.empty() && !is_dots(pending_.front())) {
      const std::string name = std::move(pending_.front());
      pending_.pop_front();
      located_.node = child(name);
      if (located_->kind == NodeKind::Symlink && (!pending_.empty() || last_link_ == LastLink::Follow)) {
        follow(located_->target);
        return false;
      }
      names_.push_back(name);
    }
    if (!pending_.empty()) require_directory();
    if (!is_last) return false;
    located_.path = joined(names_);
    return true;
  }

  NodeId child(const std::string& name) {
    require_directory();
    if (const auto found = located_.tree->find(located_.node, name)) return *found;
    fail("No such file or directory");
  }

  void require_directory() const {
    if (located_->kind != NodeKind::Directory) fail("Not a directory");
  }

  void follow(const std::string& target) {
    if (++links_followed_ > kMaxLinksFollowed) fail("Too many levels of symbolic links");
    if (target.starts_with('/')) names_.clear();
    push_front(pending_, target);
  }

  [[noreturn]] void fail(const char* what) const {
    throw Error(ErrorCode::NotFound, fmt::format("{} in {}", what, where_));
  }

  const std::string& where_;
  const OpenScope::Depth depth_;
  const LastLink last_link_;
  const OpenTree& open_;
  std::vector<std::string> names_;   // of the directories that were passed
  std::deque<std::string> pending_;  // components still to go
  unsigned links_followed_ = 0;
  LocatedNode located_;
};

}  // namespace

LocatedNode walk_path(std::string_view path, const std::string& where, OpenScope::Depth depth, LastLink last_link,
                      const OpenTree& open) {
  return PathWalk(where, depth, last_link, open).run(path);
}

}  // namespace fstool
