#include "sample_trees.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "samples.h"

namespace fstool::conformance {

namespace {

/// Even seconds, as some formats count in two of them.
constexpr std::int64_t kTime = 1'600'000'000;

Node node_of(NodeKind kind, std::uint16_t permissions = 0755) {
  Node node;
  node.kind = kind;
  node.permissions = permissions;
  node.mtime = {kTime, 0};
  return node;
}

Node file_of(BlobPtr content) {
  Node node = node_of(NodeKind::File);
  node.content = std::move(content);
  return node;
}

Node symlink_to(std::string target) {
  Node node = node_of(NodeKind::Symlink, 0777);
  node.target = std::move(target);
  return node;
}

Node device_of(NodeKind kind, std::uint32_t major, std::uint32_t minor) {
  Node node = node_of(kind);
  node.device = {major, minor};
  return node;
}

void add_files(Tree& tree) {
  tree.add(Tree::kRoot, "empty", node_of(NodeKind::File));
  for (const std::size_t size : {1U, 60U, 511U, 512U, 4095U, 4096U, 4097U, 100'000U, 700'001U}) {
    const auto seed = static_cast<std::uint32_t>(size);
    tree.add(Tree::kRoot, fmt::format("file{}", size), file_of(make_memory_blob(mixed_bytes(size, seed))));
  }
}

void add_sparse_files(Tree& tree) {
  tree.add(Tree::kRoot, "sparse1", file_of(sparse_disk(1'500'000, 31)));
  tree.add(Tree::kRoot, "sparse2", file_of(make_hole_blob(600'000)));
  tree.add(Tree::kRoot, "sparse3", file_of(make_padded_blob(make_memory_blob(text_bytes(10, 1)), 300'001)));
}

void add_directories(Tree& tree) {
  NodeId deep = Tree::kRoot;
  for (int depth = 0; depth < 12; ++depth) {
    deep = tree.add(deep, fmt::format("level{}", depth), node_of(NodeKind::Directory));
    tree.add(deep, "leaf", file_of(make_memory_blob(text_bytes(100, 32))));
  }
  tree.add(Tree::kRoot, "void", node_of(NodeKind::Directory));
}

void add_many_names(Tree& tree) {
  const NodeId many = tree.add(Tree::kRoot, "many", node_of(NodeKind::Directory));
  for (int i = 0; i < 400; ++i) {
    tree.add(many, fmt::format("name-of-some-length-{}", i * 7919 % 400), file_of(make_memory_blob(text_bytes(3, 33))));
  }
}

void add_long_names(Tree& tree) {
  tree.add(Tree::kRoot, std::string(255, 'n'), node_of(NodeKind::File));
  tree.add(Tree::kRoot, "two words, and.some.dots", node_of(NodeKind::File));
}

void add_unicode_names(Tree& tree) {
  tree.add(Tree::kRoot, "\xc3\xbc\x6e\xc3\xaf\xc3\xa7\xc3\xb8\x64\xe2\x82\xac", node_of(NodeKind::File));
}

void add_names_of_any_bytes(Tree& tree) {
  tree.add(Tree::kRoot, "\xff\xfe\x01", node_of(NodeKind::File));
  tree.add(Tree::kRoot, "line\nand \\ \" ' * ? : |", node_of(NodeKind::File));
}

void add_names_that_differ_in_case(Tree& tree) {
  tree.add(Tree::kRoot, "CaseOfName", node_of(NodeKind::File));
  tree.add(Tree::kRoot, "cAsEoFnAmE", file_of(make_memory_blob(text_bytes(9, 34))));
}

void add_symlinks(Tree& tree) {
  tree.add(Tree::kRoot, "symlink1", symlink_to("file1"));
  tree.add(Tree::kRoot, "symlink2", symlink_to("/no/such/" + std::string(180, 'x')));
  tree.add(Tree::kRoot, "symlink3", symlink_to(std::string(1000, 'y')));
}

void add_hard_links(Tree& tree) {
  const NodeId file = tree.add(Tree::kRoot, "linked1", file_of(make_memory_blob(text_bytes(5000, 35))));
  const NodeId directory = tree.add(Tree::kRoot, "links", node_of(NodeKind::Directory));
  tree.link(Tree::kRoot, "linked2", file);
  tree.link(directory, "linked3", file);
}

void add_devices(Tree& tree) {
  tree.add(Tree::kRoot, "char", device_of(NodeKind::CharDevice, 1, 3));
  tree.add(Tree::kRoot, "block", device_of(NodeKind::BlockDevice, 259, 70'000));
}

void add_fifos_and_sockets(Tree& tree) {
  tree.add(Tree::kRoot, "fifo", node_of(NodeKind::Fifo));
  tree.add(Tree::kRoot, "socket", node_of(NodeKind::Socket));
}

void add_fifos(Tree& tree) { tree.add(Tree::kRoot, "pipe", node_of(NodeKind::Fifo)); }

void add_modes(Tree& tree) {
  for (const unsigned mode : {0U, 0444U, 0600U, 0640U, 01777U, 02755U, 04755U, 07777U}) {
    tree.add(Tree::kRoot, fmt::format("mode{:o}", mode), node_of(NodeKind::File, static_cast<std::uint16_t>(mode)));
  }
}

void add_modes_of_directories(Tree& tree) {
  for (const unsigned mode : {0700U, 0555U, 01777U, 02770U}) {
    tree.add(Tree::kRoot, fmt::format("open{:o}", mode),
             node_of(NodeKind::Directory, static_cast<std::uint16_t>(mode)));
  }
}

void add_owners(Tree& tree) {
  for (const std::uint32_t id : {1U, 1000U, 65'535U, 65'536U, 4'000'000'000U}) {
    Node node = node_of(NodeKind::File);
    node.uid = id;
    node.gid = id - 1;
    tree.add(Tree::kRoot, fmt::format("owner{}", id), std::move(node));
  }
}

void add_times(Tree& tree) {
  for (const std::int64_t seconds :
       {std::int64_t{315'532'800}, std::int64_t{1'234'567'890}, std::int64_t{2'000'000'000}}) {
    Node node = node_of(NodeKind::File);
    node.mtime = {seconds, 0};
    tree.add(Tree::kRoot, fmt::format("time{}", seconds), std::move(node));
  }
}

void add_odd_times(Tree& tree) {
  const Timestamp times[] = {{0, 0}, {-1000, 500'000'000}, {4'000'000'000, 1}, {1'234'567'891, 123'456'789}};
  for (const Timestamp& time : times) {
    Node node = node_of(NodeKind::File);
    node.mtime = time;
    tree.add(Tree::kRoot, fmt::format("odd-time{}", time.seconds), std::move(node));
  }
}

void add_xattrs(Tree& tree) {
  Node node = node_of(NodeKind::File);
  node.xattrs = std::make_shared<const Xattrs>(
      Xattrs{{"security.test", std::string("a\0b", 3)}, {"user.comment", "of some length"}, {"user.empty", ""}});
  tree.add(Tree::kRoot, "xattrs1", std::move(node));
  Node directory = node_of(NodeKind::Directory);
  directory.xattrs = std::make_shared<const Xattrs>(Xattrs{{"user.long", std::string(900, 'v')}});
  tree.add(Tree::kRoot, "xattrs2", std::move(directory));
}

}  // namespace

const std::vector<TreeFeature>& tree_features() {
  static const std::vector<TreeFeature> features = {
      {"files", add_files},
      {"sparse files", add_sparse_files},
      {"directories", add_directories},
      {"many names in a directory", add_many_names},
      {"long names", add_long_names},
      {"names in Unicode", add_unicode_names},
      {"names of any bytes", add_names_of_any_bytes},
      {"names that differ in case", add_names_that_differ_in_case},
      {"symbolic links", add_symlinks},
      {"hard links", add_hard_links},
      {"devices", add_devices},
      {"fifos", add_fifos},
      {"fifos and sockets", add_fifos_and_sockets},
      {"modes", add_modes},
      {"modes of directories", add_modes_of_directories},
      {"owners", add_owners},
      {"times", add_times},
      {"odd times", add_odd_times},
      {"extended attributes", add_xattrs},
  };
  return features;
}

Tree tree_with(const std::vector<TreeFeature>& features, bool backwards) {
  Tree tree;
  tree.node(Tree::kRoot).mtime = {kTime, 0};
  if (backwards) {
    for (auto feature = features.rbegin(); feature != features.rend(); ++feature) feature->add(tree);
  } else {
    for (const TreeFeature& feature : features) feature.add(tree);
  }
  return tree;
}

}  // namespace fstool::conformance
