#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "files/image_files.h"
#include "fstool/error.h"

namespace fstool::oci {

namespace {

constexpr unsigned kMaxLinksFollowed = 40;  // as in the kernel

/// The names of a path that are still to be gone through, the next one last.
class PendingNames {
 public:
  explicit PendingNames(std::string_view path) { add(path); }

  void add(std::string_view path) {
    for (std::size_t slash = 0; (slash = path.rfind('/')) != std::string_view::npos;) {
      names_.emplace_back(path.substr(slash + 1));
      path = path.substr(0, slash);
    }
    names_.emplace_back(path);
  }
  bool empty() const { return names_.empty(); }
  std::string take() {
    std::string name = std::move(names_.back());
    names_.pop_back();
    return name;
  }

 private:
  std::vector<std::string> names_;
};

class TreeFiles : public ImageFiles {
 public:
  explicit TreeFiles(Tree tree) : tree_(std::move(tree)) {}

  BlobPtr find(std::string_view name) const override {
    const std::optional<NodeId> id = resolve(name);
    if (!id) return nullptr;
    const Node& node = tree_.node(*id);
    if (node.kind != NodeKind::File) throw Error(ErrorCode::Corrupt, fmt::format("{} is no file", name));
    return node.content ? node.content : make_hole_blob(0);
  }

 private:
  std::optional<NodeId> resolve(std::string_view path) const {
    PendingNames pending(path);
    NodeId directory = Tree::kRoot;
    unsigned followed = 0;
    while (!pending.empty()) {
      const std::string name = pending.take();
      if (name.empty() || name == ".") continue;
      if (name == "..") {
        directory = tree_.parent(directory);
        continue;
      }
      const std::optional<NodeId> found = tree_.find(directory, name);
      if (!found) return std::nullopt;
      const Node& node = tree_.node(*found);
      if (node.kind == NodeKind::Directory) {
        directory = *found;
      } else if (node.kind == NodeKind::Symlink) {
        if (++followed > kMaxLinksFollowed) throw Error(ErrorCode::Corrupt, fmt::format("{} is a loop of links", path));
        if (node.target.starts_with('/')) directory = Tree::kRoot;
        pending.add(node.target);
      } else {
        return pending.empty() ? found : std::nullopt;
      }
    }
    return directory;
  }

  Tree tree_;
};

}  // namespace

std::unique_ptr<ImageFiles> files_in_tree(Tree tree) { return std::make_unique<TreeFiles>(std::move(tree)); }

}  // namespace fstool::oci
