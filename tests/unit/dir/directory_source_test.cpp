#include "directory_source.h"

#include <fmt/format.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <atomic>
#include <random>

#include "fstool/plugin.h"
#include "host_fixture.h"

extern "C" const fstool::PluginDescriptor fstool_plugin;

namespace fstool::dir {

namespace {

bool is_root() { return ::geteuid() == 0; }

/// Everything in a tree but the contents' bytes, with ids, so that trees can be compared.
std::string describe(const Tree& tree) {
  std::string text;
  std::vector<NodeId> pending{Tree::kRoot};
  while (!pending.empty()) {
    const NodeId directory = pending.back();
    pending.pop_back();
    for (const DirEntry& entry : tree.entries(directory)) {
      const Node& node = tree.node(entry.node);
      text +=
          fmt::format("{}/{} id={} kind={} mode={:o} owner={}:{} links={} target={} size={}\n", tree.path(directory),
                      entry.name, entry.node, static_cast<int>(node.kind), node.permissions, node.uid, node.gid,
                      tree.links(entry.node), node.target, node.content ? node.content->size() : 0);
      if (node.kind == NodeKind::Directory) pending.push_back(entry.node);
    }
  }
  return text;
}

class DirectorySourceTest : public HostFixture {};

TEST_F(DirectorySourceTest, EmptyDirectoryIsARootAlone) {
  const Tree tree = load();
  EXPECT_EQ(tree.node_count(), 1U);
  EXPECT_TRUE(tree.entries(Tree::kRoot).empty());
}

TEST_F(DirectorySourceTest, EveryKindOfFileIsLoaded) {
  write_file("file", "content");
  make_directory("directory");
  make_symlink("symlink", "somewhere/else");
  make_special("fifo", S_IFIFO | 0600);
  make_special("socket", S_IFSOCK | 0600);
  // Only root may make devices, but for 0:0.
  const dev_t character = is_root() ? makedev(4, 300) : makedev(0, 0);
  make_special("character", S_IFCHR | 0600, character);

  const Tree tree = load();
  EXPECT_EQ(tree.node_count(), 7U);
  EXPECT_EQ(node_of(tree, "file").kind, NodeKind::File);
  EXPECT_EQ(text_of(*node_of(tree, "file").content), "content");
  EXPECT_EQ(node_of(tree, "directory").kind, NodeKind::Directory);
  EXPECT_EQ(node_of(tree, "symlink").kind, NodeKind::Symlink);
  EXPECT_EQ(node_of(tree, "symlink").target, "somewhere/else");
  EXPECT_EQ(node_of(tree, "fifo").kind, NodeKind::Fifo);
  EXPECT_EQ(node_of(tree, "socket").kind, NodeKind::Socket);
  EXPECT_EQ(node_of(tree, "character").kind, NodeKind::CharDevice);
  EXPECT_EQ(node_of(tree, "character").device, (DeviceNumber{major(character), minor(character)}));
}

TEST_F(DirectorySourceTest, BlockDevicesKeepTheirNumbers) {
  if (!is_root()) return;  // nobody else can make one
  make_special("block", S_IFBLK | 0660, makedev(259, 70000));
  const Tree tree = load();
  EXPECT_EQ(node_of(tree, "block").kind, NodeKind::BlockDevice);
  EXPECT_EQ(node_of(tree, "block").device, (DeviceNumber{259, 70000}));
}

TEST_F(DirectorySourceTest, ModesOwnersAndTimesAreKept) {
  write_file("file", "x");
  make_directory("directory");
  make_symlink("symlink", "target");
  const bool chowned = is_root();
  if (chowned) {
    checked(::chown(at("file").c_str(), 4'000'000'000U, 70000), "chown");
    checked(::lchown(at("symlink").c_str(), 12, 13), "lchown");
  }
  checked(::chmod(at("file").c_str(), 06751), "chmod");
  checked(::chmod(at("directory").c_str(), 01777), "chmod");
  set_mtime("file", 1'700'000'000, 123'456'789);
  set_mtime("directory", -2, 500'000'000);
  set_mtime("symlink", 5'000'000'000, 1);

  const Tree tree = load();
  EXPECT_EQ(node_of(tree, "file").permissions, 06751);
  EXPECT_EQ(node_of(tree, "directory").permissions, 01777);
  EXPECT_EQ(node_of(tree, "file").uid, chowned ? 4'000'000'000U : ::geteuid());
  EXPECT_EQ(node_of(tree, "file").gid, chowned ? 70000U : ::getegid());
  EXPECT_EQ(node_of(tree, "symlink").uid, chowned ? 12U : ::geteuid());
  EXPECT_EQ(node_of(tree, "file").mtime, (Timestamp{1'700'000'000, 123'456'789}));
  EXPECT_EQ(node_of(tree, "directory").mtime, (Timestamp{-2, 500'000'000}));
  EXPECT_EQ(node_of(tree, "symlink").mtime, (Timestamp{5'000'000'000, 1}));
}

TEST_F(DirectorySourceTest, RootHasTheAttributesOfTheTopDirectory) {
  checked(::chmod(root_.c_str(), 0750), "chmod");
  set_xattr("", "user.top", "yes");
  set_mtime("", 1234, 5678);
  const Tree tree = load();
  const Node& root = tree.node(Tree::kRoot);
  EXPECT_EQ(root.permissions, 0750);
  EXPECT_EQ(root.uid, ::geteuid());
  EXPECT_EQ(root.mtime, (Timestamp{1234, 5678}));
  ASSERT_TRUE(root.xattrs);
  EXPECT_EQ(*root.xattrs, (Xattrs{{"user.top", "yes"}}));
}

TEST_F(DirectorySourceTest, TopDirectoryMayBeNamedThroughASymlink) {
  write_file("file", "x");
  checked(::symlink("root", (temporary_.path() / "alias").c_str()), "symlink");
  const Tree tree = load(temporary_.path() / "alias");
  EXPECT_TRUE(tree.find_path("file"));
}

TEST_F(DirectorySourceTest, TopDirectoryMayHaveATrailingSlash) {
  write_file("file", "x");
  const Tree tree = load(root_ / "");
  EXPECT_TRUE(tree.find_path("file"));
}

TEST_F(DirectorySourceTest, SymlinksBelowTheTopAreNotFollowed) {
  make_directory("directory");
  write_file("directory/file", "x");
  make_symlink("to-directory", "directory");
  make_symlink("directory/loop", "..");
  make_symlink("dangling", "nowhere");
  const Tree tree = load();
  EXPECT_EQ(node_of(tree, "to-directory").kind, NodeKind::Symlink);
  EXPECT_EQ(node_of(tree, "directory/loop").target, "..");
  EXPECT_EQ(node_of(tree, "dangling").target, "nowhere");
  EXPECT_EQ(tree.node_count(), 6U);
}

TEST_F(DirectorySourceTest, LongSymlinkTargetsAreComplete) {
  const std::string target(4095, 't');
  make_symlink("long", target);
  EXPECT_EQ(node_of(load(), "long").target, target);
}

TEST_F(DirectorySourceTest, HardLinksAreNamesOfOneNode) {
  make_directory("z");
  make_directory("a");
  write_file("z/file", "shared");
  make_link("z/file", "a/file");
  make_link("z/file", "a/again");
  make_special("z/fifo", S_IFIFO | 0600);
  make_link("z/fifo", "a/fifo");
  make_symlink("z/symlink", "target");
  make_link("z/symlink", "a/symlink");

  const Tree tree = load();
  EXPECT_EQ(id_of(tree, "a/file"), id_of(tree, "z/file"));
  EXPECT_EQ(id_of(tree, "a/file"), id_of(tree, "a/again"));
  EXPECT_EQ(tree.links(id_of(tree, "a/file")), 3U);
  EXPECT_EQ(id_of(tree, "a/fifo"), id_of(tree, "z/fifo"));
  EXPECT_EQ(id_of(tree, "a/symlink"), id_of(tree, "z/symlink"));
  EXPECT_EQ(tree.node_count(), 6U);
}

TEST_F(DirectorySourceTest, ALinkThatLeavesTheTreeIsAFile) {
  write_file("inside", "x");
  checked(::link(at("inside").c_str(), (temporary_.path() / "outside").c_str()), "link");
  const Tree tree = load();
  EXPECT_EQ(tree.links(id_of(tree, "inside")), 1U);
}

TEST_F(DirectorySourceTest, EntriesAreSortedByByteValue) {
  for (const char* const name : {"b", "B", "a.b", "a", "\xC3\xA4", "\xFF", "10", "9"}) write_file(name, "");
  const Tree tree = load();
  std::vector<std::string> names;
  std::vector<NodeId> ids;
  for (const DirEntry& entry : tree.entries(Tree::kRoot)) {
    names.emplace_back(entry.name);
    ids.push_back(entry.node);
  }
  EXPECT_EQ(names, (std::vector<std::string>{"10", "9", "B", "a", "a.b", "b", "\xC3\xA4", "\xFF"}));
  EXPECT_EQ(ids, (std::vector<NodeId>{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST_F(DirectorySourceTest, TreeDependsOnNeitherThreadsNorTheOrderOfCreation) {
  constexpr unsigned kOrderSeed = 7;
  std::vector<std::string> names;
  for (int i = 0; i < 1500; ++i) names.push_back(fmt::format("flat/{:04}", i));
  for (int i = 0; i < 300; ++i) names.push_back(fmt::format("d{}/e{}/f{}", i % 5, i % 7, i));
  const auto create = [&](const std::string& top) {
    for (const std::string& name : names) {
      std::filesystem::create_directories((at(top) / name).parent_path());
      write_file(top + "/" + name, name);
    }
    make_link(top + "/flat/1200", top + "/another");
  };
  create("first");
  std::shuffle(names.begin(), names.end(), std::mt19937(kOrderSeed));
  create("second");

  const std::string expected = describe(load(at("first"), 1));
  EXPECT_EQ(describe(load(at("first"), 5)), expected);
  EXPECT_EQ(describe(load(at("second"), 1)), expected);
  EXPECT_EQ(describe(load(at("second"), 8)), expected);
}

TEST_F(DirectorySourceTest, XattrsOfAllNamespacesAreKeptSorted) {
  // The form that the kernel keeps: version 2, then tag, permissions and id of each entry, little-endian.
  const std::string acl(
      "\2\0\0\0\1\0\6\0\377\377\377\377\2\0\4\0\351\3\0\0\4\0\4\0\377\377\377\377"
      "\20\0\4\0\377\377\377\377\40\0\0\0\377\377\377\377",
      44);
  write_file("file", "x");
  set_xattr("file", "user.z", "last");
  set_xattr("file", "user.a", std::string_view("with\0NUL", 8));
  set_xattr("file", "user.empty", "");
  set_xattr("file", "system.posix_acl_access", acl);
  Xattrs expected{{"system.posix_acl_access", acl},
                  {"user.a", std::string("with\0NUL", 8)},
                  {"user.empty", ""},
                  {"user.z", "last"}};
  make_symlink("symlink", "file");
  if (is_root()) {
    set_xattr("file", "trusted.t", "for root");
    set_xattr("symlink", "trusted.t", "on the symlink");
    expected.insert(expected.begin() + 1, {"trusted.t", "for root"});
  }
  const Tree tree = load();
  ASSERT_TRUE(node_of(tree, "file").xattrs);
  EXPECT_EQ(*node_of(tree, "file").xattrs, expected);
  if (is_root()) {
    ASSERT_TRUE(node_of(tree, "symlink").xattrs);
    EXPECT_EQ(*node_of(tree, "symlink").xattrs, (Xattrs{{"trusted.t", "on the symlink"}}));
  } else {
    EXPECT_FALSE(node_of(tree, "symlink").xattrs);
  }
}

TEST_F(DirectorySourceTest, EqualXattrsAreKeptOnce) {
  for (const char* const name : {"a", "b", "c", "none"}) write_file(name, "x");
  make_directory("directory");
  for (const char* const name : {"a", "b", "directory"}) set_xattr(name, "user.same", "value");
  set_xattr("c", "user.same", "other");
  const Tree tree = load();
  EXPECT_EQ(node_of(tree, "a").xattrs, node_of(tree, "b").xattrs);
  EXPECT_EQ(node_of(tree, "a").xattrs, node_of(tree, "directory").xattrs);
  EXPECT_NE(node_of(tree, "a").xattrs, node_of(tree, "c").xattrs);
  EXPECT_EQ(node_of(tree, "none").xattrs, nullptr);
}

TEST_F(DirectorySourceTest, PathsMayBeLongerThanPathMax) {
  const std::string component(200, 'd');
  constexpr int kDepth = 100;
  int directory = checked(::open(root_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open");
  std::string path;
  for (int i = 0; i < kDepth; ++i) {
    checked(::mkdirat(directory, component.c_str(), 0755), "mkdirat");
    const int below = checked(::openat(directory, component.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "openat");
    ::close(directory);
    directory = below;
    path += "/" + component;
  }
  const int file = checked(::openat(directory, "file", O_WRONLY | O_CREAT | O_CLOEXEC, 0644), "openat");
  checked(static_cast<int>(::write(file, "bottom", 6)), "write");
  checked(::fsetxattr(file, "user.deep", "yes", 3, 0), "fsetxattr");
  ::close(file);
  checked(::symlinkat("target", directory, "symlink"), "symlinkat");
  ::close(directory);

  const Tree tree = load();
  EXPECT_EQ(tree.node_count(), static_cast<std::size_t>(kDepth) + 3);
  const Node& node = node_of(tree, path + "/file");
  EXPECT_EQ(text_of(*node.content), "bottom");
  EXPECT_EQ(text_of(*node.content, 2, 3), "tto");
  ASSERT_TRUE(node.xattrs);
  EXPECT_EQ(*node.xattrs, (Xattrs{{"user.deep", "yes"}}));
  EXPECT_EQ(node_of(tree, path + "/symlink").target, "target");
}

TEST_F(DirectorySourceTest, AMissingLocationIsNotFound) {
  expect_error(ErrorCode::NotFound, at("nowhere").string(), [&] { load(at("nowhere")); });
}

TEST_F(DirectorySourceTest, AFileIsNotADirectory) {
  write_file("file", "x");
  expect_error(ErrorCode::InvalidArgument, at("file").string() + " is not a directory", [&] { load(at("file")); });
}

TEST_F(DirectorySourceTest, AnUnreadableDirectoryIsAnErrorThatNamesIt) {
  checked(::chmod(temporary_.path().c_str(), 0755), "chmod");
  make_directory("open/closed");
  checked(::chmod(at("open/closed").c_str(), 0), "chmod");
  const AsNobody nobody;
  expect_error(ErrorCode::Io, at("open/closed").string() + ": Permission denied", [&] { load(); });
}

TEST_F(DirectorySourceTest, ADirectoryThatMayNotBeEnteredIsAnErrorThatNamesAFile) {
  checked(::chmod(temporary_.path().c_str(), 0755), "chmod");
  make_directory("listed");
  write_file("listed/file", "x");
  checked(::chmod(at("listed").c_str(), 0444), "chmod");
  {
    const AsNobody nobody;
    expect_error(ErrorCode::Io, at("listed/file").string() + ": Permission denied", [&] { load(); });
  }
  checked(::chmod(at("listed").c_str(), 0755), "chmod");
}

TEST_F(DirectorySourceTest, FilesOfOthersCanBeRead) {
  checked(::chmod(temporary_.path().c_str(), 0755), "chmod");
  write_file("file", "of somebody else");
  const AsNobody nobody;
  const Tree tree = load();
  EXPECT_EQ(text_of(*node_of(tree, "file").content), "of somebody else");
}

TEST_F(DirectorySourceTest, AccessTimesOfOwnFilesStayAsTheyWere) {
  make_directory("directory");
  write_file("directory/file", "content");
  const timespec long_ago[2] = {{1000, 0}, {2000, 0}};
  for (const char* const name : {"directory", "directory/file"}) {
    checked(::utimensat(AT_FDCWD, at(name).c_str(), long_ago, 0), "utimensat");
  }
  const Tree tree = load();
  EXPECT_EQ(text_of(*node_of(tree, "directory/file").content), "content");
  for (const char* const name : {"directory", "directory/file"}) {
    struct stat status {};
    checked(::stat(at(name).c_str(), &status), "stat");
    EXPECT_EQ(status.st_atim.tv_sec, 1000) << name;
  }
}

TEST_F(DirectorySourceTest, CancellingStopsTheScan) {
  write_file("file", "x");
  const Registry registry;
  const std::atomic<bool> cancelled = true;
  Context context(registry, {.threads = 2, .source_date_epoch = {}, .listener = nullptr, .cancelled = &cancelled});
  expect_error(ErrorCode::Cancelled, "", [&] { DirectorySource().load(root_, context); });
}

class CountingListener : public ProgressListener {
 public:
  void begin(std::string_view begun, std::uint64_t /*total*/, std::string_view counted) override {
    step = begun;
    unit = counted;
  }
  void advance(std::uint64_t more) override { done += more; }
  void warn(std::string_view message) override { ADD_FAILURE() << message; }

  std::string step;
  std::string unit;
  std::atomic<std::uint64_t> done = 0;
};

TEST_F(DirectorySourceTest, ProgressCountsEveryNode) {
  for (int i = 0; i < 700; ++i) write_file(fmt::format("{}", i), "x");
  make_directory("a/b/c");
  const auto listener = std::make_shared<CountingListener>();
  const Registry registry;
  Context context(registry, {.threads = 3, .source_date_epoch = {}, .listener = listener});
  DirectorySource().load(root_, context);
  EXPECT_EQ(listener->step, "reading " + root_.string());
  EXPECT_EQ(listener->unit, "files");
  EXPECT_EQ(listener->done, 704U);
}

TEST_F(DirectorySourceTest, AcceptsDirectoriesAlone) {
  write_file("file", "x");
  make_symlink("symlink", ".");
  EXPECT_EQ(DirectorySource::claim(root_), Claim::General);
  EXPECT_EQ(DirectorySource::claim(at("symlink")), Claim::General);
  EXPECT_EQ(DirectorySource::claim(at("file")), Claim::None);
  EXPECT_EQ(DirectorySource::claim(at("nowhere")), Claim::None);
  EXPECT_EQ(DirectorySource::claim({make_hole_blob(1), "-"}), Claim::None);
}

TEST_F(DirectorySourceTest, FollowsLinksToFilesAndDirectories) {
  make_directory("real/below");
  write_file("real/below/file", "content");
  std::filesystem::permissions(at("real/below/file"), std::filesystem::perms(0640));
  make_directory("tree");
  make_symlink("tree/file", at("real/below/file").string());
  make_symlink("tree/directory", "../real");
  const Tree tree = load_following(at("tree"));
  EXPECT_EQ(node_of(tree, "file").kind, NodeKind::File);
  EXPECT_EQ(node_of(tree, "file").permissions, 0640);
  EXPECT_EQ(text_of(*node_of(tree, "file").content), "content");
  EXPECT_EQ(node_of(tree, "directory").kind, NodeKind::Directory);
  EXPECT_EQ(text_of(*node_of(tree, "directory/below/file").content), "content");
}

TEST_F(DirectorySourceTest, RefusesToFollowLinksThatHaveNoEnd) {
  make_directory("nowhere/directory");
  make_symlink("nowhere/directory/link", "missing");
  expect_error(ErrorCode::NotFound, "link is a symbolic link that leads nowhere",
               [&] { load_following(at("nowhere")); });
  make_directory("loop/directory");
  make_symlink("loop/directory/link", "..");
  expect_error(ErrorCode::InvalidArgument, "leads back to", [&] { load_following(at("loop")); });
}

TEST_F(DirectorySourceTest, PluginRegistersDir) {
  Registry registry;
  fstool_plugin.register_formats(registry);
  const Format<Source>& format = registry.get<Source>("dir");
  EXPECT_EQ(format.info.claim(root_), Claim::General);
  EXPECT_NE(format.create({}), nullptr);
}

}  // namespace
}  // namespace fstool::dir
