#include "opened.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <stdexcept>

namespace fstool::ext4 {

struct Opened::Listener : ProgressListener {
  void begin(std::string_view, std::uint64_t, std::string_view) override {}
  void advance(std::uint64_t) override {}
  void warn(std::string_view message) override {
    const std::lock_guard lock(mutex);
    messages.emplace_back(message);
  }
  std::mutex mutex;
  std::vector<std::string> messages;
};

std::vector<std::string> Opened::warnings() const { return listener->messages; }

const Node& Opened::at(std::string_view path) const {
  const auto id = tree().find_path(path);
  if (!id) throw std::runtime_error(fmt::format("there is no {}", path));
  return tree().node(*id);
}

Opened open_image(BlobPtr image, bool strict) {
  Opened opened;
  opened.listener = std::make_shared<Opened::Listener>();
  opened.registry = std::make_unique<Registry>();
  Context::Settings settings;
  settings.threads = 1;
  settings.listener = opened.listener;
  settings.strict = strict;
  opened.context = std::make_unique<Context>(*opened.registry, settings);
  opened.volume = ExtFilesystem(Generation::Ext4, {}).open(std::move(image), {}, *opened.context);
  return opened;
}

std::vector<std::byte> bytes_of_image(const Blob& image) {
  std::vector<std::byte> bytes(image.size());
  image.read(0, bytes);
  return bytes;
}

namespace {

class Comparison {
 public:
  Comparison(const Tree& expected, const Tree& actual) : expected_(expected), actual_(actual) {}

  std::vector<std::string> run() {
    compare_nodes(Tree::kRoot, Tree::kRoot, "/");
    return std::move(differences_);
  }

 private:
  void differ(const std::string& path, const char* what) { differences_.push_back(fmt::format("{}: {}", path, what)); }

  void compare_nodes(NodeId a_id, NodeId b_id, const std::string& path) {
    const Node& a = expected_.node(a_id);
    const Node& b = actual_.node(b_id);
    if (a.kind != b.kind) return differ(path, "kind");
    if (a.permissions != b.permissions) differ(path, "permissions");
    if (a.uid != b.uid || a.gid != b.gid) differ(path, "owner");
    if (a.mtime != b.mtime) differ(path, "mtime");
    if (a.device != b.device) differ(path, "device");
    if (a.target != b.target) differ(path, "target");
    if ((a.xattrs ? *a.xattrs : Xattrs()) != (b.xattrs ? *b.xattrs : Xattrs())) differ(path, "xattrs");
    const auto [twin, first_time] = twins_.emplace(a_id, b_id);
    if (twin->second != b_id) differ(path, "hard links");
    if (!first_time) return;
    if (expected_.links(a_id) != actual_.links(b_id)) differ(path, "number of links");
    if (a.kind == NodeKind::File) compare_contents(a.content, b.content, path);
    if (a.kind == NodeKind::Directory) compare_entries(a_id, b_id, path);
  }

  void compare_contents(const BlobPtr& a, const BlobPtr& b, const std::string& path) {
    const std::uint64_t size = a ? a->size() : 0;
    if (size != (b ? b->size() : 0)) return differ(path, "size");
    if (size > 0 && bytes_of_image(*a) != bytes_of_image(*b)) differ(path, "content");
  }

  void compare_entries(NodeId a_id, NodeId b_id, const std::string& path) {
    const std::string prefix = path == "/" ? path : path + '/';
    for (const DirEntry& entry : expected_.entries(a_id)) {
      const std::string child = prefix + std::string(entry.name);
      const auto found = actual_.find(b_id, entry.name);
      if (found) {
        compare_nodes(entry.node, *found, child);
      } else {
        differ(child, "missing");
      }
    }
    for (const DirEntry& entry : actual_.entries(b_id)) {
      const bool lost_found = path == "/" && entry.name == "lost+found";
      if (!lost_found && !expected_.find(a_id, entry.name)) differ(prefix + std::string(entry.name), "not expected");
    }
  }

  const Tree& expected_;
  const Tree& actual_;
  std::map<NodeId, NodeId> twins_;
  std::vector<std::string> differences_;
};

}  // namespace

std::vector<std::string> tree_differences(const Tree& expected, const Tree& actual) {
  return Comparison(expected, actual).run();
}

}  // namespace fstool::ext4
