#include "extractor/extractor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <functional>
#include <iterator>
#include <mutex>
#include <utility>

#include "fstool/error.h"
#include "fstool/registry.h"
#include "run_tool.h"
#include "test_blobs.h"

namespace fstool {
namespace {

namespace fs = std::filesystem;
using test::text_blob;

class Warnings final : public ProgressListener {
 public:
  void begin(std::string_view /*step*/, std::uint64_t /*total*/, std::string_view /*unit*/) override {}
  void advance(std::uint64_t /*done*/) override {}
  void warn(std::string_view message) override {
    const std::lock_guard lock(mutex_);
    text_ += std::string(message) + "\n";
  }
  std::string text() const { return text_; }

 private:
  std::mutex mutex_;
  std::string text_;
};

/// A content that does something when it is read.
class ActingBlob final : public Blob {
 public:
  explicit ActingBlob(std::function<void()> act) : act_(std::move(act)) {}
  std::uint64_t size() const override { return 4; }
  void read(std::uint64_t /*offset*/, std::span<std::byte> out) const override {
    act_();
    std::ranges::fill(out, std::byte{'x'});
  }

 private:
  std::function<void()> act_;
};

Node file(std::string_view text) {
  Node node;
  node.uid = ::geteuid();
  node.gid = ::getegid();
  node.content = text_blob(text);
  return node;
}

Node content(BlobPtr blob) {
  Node node = file("");
  node.content = std::move(blob);
  return node;
}

Node of_kind(NodeKind kind, std::uint16_t permissions = 0755) {
  Node node = file("");
  node.kind = kind;
  node.permissions = permissions;
  node.content = nullptr;
  return node;
}

Node directory() { return of_kind(NodeKind::Directory); }

Node symlink(std::string target) {
  Node node = of_kind(NodeKind::Symlink, 0777);
  node.target = std::move(target);
  return node;
}

class ExtractorTest : public testing::Test {
 protected:
  ExtractorTest() {
    tree_.node(Tree::kRoot).uid = ::geteuid();
    tree_.node(Tree::kRoot).gid = ::getegid();
  }

  fs::path at(std::string_view name) const { return top_ / name; }

  ExtractionReport extract(const std::vector<std::string>& paths = {}, bool replace = false, unsigned threads = 2) {
    const Registry registry;
    warnings_ = std::make_shared<Warnings>();
    Context context(registry, {.threads = threads, .listener = warnings_});
    return fstool::extract(tree_, plan_extraction(tree_, paths), top_, {.replace = replace}, context);
  }

  void expect_error(ErrorCode code, const std::string& text, bool replace = false) {
    try {
      extract({}, replace, 1);
      ADD_FAILURE() << "no error; expected one about " << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), code) << error.what();
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    }
  }

  static std::string read(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    EXPECT_TRUE(stream.is_open()) << path;
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static void write(const fs::path& path, std::string_view text) { std::ofstream(path, std::ios::binary) << text; }
  static struct stat stat_of(const fs::path& path) {
    struct stat status {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status;
  }
  /// Every name below the top, without those that the tests make to stand in the way.
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& entry : fs::recursive_directory_iterator(top_)) {
      result.push_back(entry.path().lexically_relative(top_).string());
    }
    std::ranges::sort(result);
    return result;
  }

  const test::TemporaryDirectory temporary_;
  const fs::path top_ = temporary_.path() / "top";
  const fs::path outside_ = temporary_.path() / "outside";
  Tree tree_;
  std::shared_ptr<Warnings> warnings_;
};

TEST_F(ExtractorTest, WritesContentsPermissionsAndTimes) {
  Node passwd = file("root:x:0:0\n");
  passwd.permissions = 0640;
  passwd.mtime = {-5, 123'456'789};
  Node etc = directory();
  etc.permissions = 0555;
  etc.mtime = {1'000'000'000, 999'999'999};
  tree_.add(tree_.add(Tree::kRoot, "etc", std::move(etc)), "passwd", std::move(passwd));
  tree_.node(Tree::kRoot).permissions = 0711;
  tree_.node(Tree::kRoot).mtime = {7, 8};

  const ExtractionReport report = extract();

  EXPECT_EQ(read(at("etc/passwd")), "root:x:0:0\n");
  const struct stat passwd_status = stat_of(at("etc/passwd"));
  EXPECT_EQ(passwd_status.st_mode, S_IFREG | 0640U);
  EXPECT_EQ(passwd_status.st_mtim.tv_sec, -5);
  EXPECT_EQ(passwd_status.st_mtim.tv_nsec, 123'456'789);
  const struct stat etc_status = stat_of(at("etc"));
  EXPECT_EQ(etc_status.st_mode, S_IFDIR | 0555U);
  EXPECT_EQ(etc_status.st_mtim.tv_sec, 1'000'000'000);
  EXPECT_EQ(etc_status.st_mtim.tv_nsec, 999'999'999);
  EXPECT_EQ(stat_of(top_).st_mode, S_IFDIR | 0711U);
  EXPECT_EQ(stat_of(top_).st_mtim.tv_sec, 7);
  EXPECT_EQ(report.files, 1U);
  EXPECT_EQ(report.directories, 2U);
  EXPECT_EQ(report.bytes, 11U);
  EXPECT_EQ(warnings_->text(), "");
}

TEST_F(ExtractorTest, WritesLinksFifosAndSockets) {
  const NodeId first = tree_.add(Tree::kRoot, "b", file("text"));
  const NodeId below = tree_.add(Tree::kRoot, "a", directory());
  tree_.link(below, "link", first);
  tree_.add(Tree::kRoot, "symlink", symlink("/nowhere/at all"));
  tree_.add(Tree::kRoot, "fifo", of_kind(NodeKind::Fifo, 0602));
  tree_.add(Tree::kRoot, "socket", of_kind(NodeKind::Socket, 0700));

  extract();

  EXPECT_EQ(stat_of(at("b")).st_ino, stat_of(at("a/link")).st_ino);
  EXPECT_EQ(stat_of(at("b")).st_nlink, 2U);
  EXPECT_EQ(fs::read_symlink(at("symlink")), "/nowhere/at all");
  EXPECT_EQ(stat_of(at("symlink")).st_mtim.tv_sec, 0);
  EXPECT_EQ(stat_of(at("fifo")).st_mode, S_IFIFO | 0602U);
  EXPECT_EQ(stat_of(at("socket")).st_mode, S_IFSOCK | 0700U);
  EXPECT_EQ(stat_of(at("a")).st_mtim.tv_sec, 0);  // though the link in it was made late
}

TEST_F(ExtractorTest, KeepsHoles) {
  BlobBuilder builder;
  builder.add(1 << 20, text_blob("data"));
  tree_.add(Tree::kRoot, "middle", content(builder.finish(3 << 20)));
  tree_.add(Tree::kRoot, "hole", content(make_hole_blob(1ULL << 40U)));

  extract();

  EXPECT_EQ(stat_of(at("middle")).st_size, 3 << 20);
  EXPECT_LT(stat_of(at("middle")).st_blocks * 512, 1 << 20);
  const std::string bytes = read(at("middle"));
  EXPECT_EQ(bytes.substr(1 << 20, 4), "data");
  EXPECT_EQ(bytes.find_first_not_of('\0'), std::size_t{1} << 20U);
  EXPECT_EQ(stat_of(at("hole")).st_size, 1LL << 40);
}

TEST_F(ExtractorTest, WritesLargeFilesInPieces) {
  constexpr std::uint64_t kSize = (64U << 20U) + 12345;
  const auto generate = [](std::uint64_t offset, std::span<std::byte> out) {
    for (std::byte& byte : out) {
      byte = static_cast<std::byte>(offset * 2654435761U >> 13U);
      ++offset;
    }
  };
  const BlobPtr blob = make_generated_blob(kSize, generate);
  tree_.add(Tree::kRoot, "large", content(blob));

  extract({}, false, 3);

  const BlobPtr written = open_file_blob(at("large"));
  ASSERT_EQ(written->size(), kSize);
  EXPECT_EQ(read_all(*written, kSize), read_all(*blob, kSize));
}

TEST_F(ExtractorTest, WritesTreesDeeperThanAPathCanSay) {
  constexpr int kDepth = 60;
  const std::string name(200, 'd');  // 60 of them are three times PATH_MAX
  NodeId at = Tree::kRoot;
  for (int i = 0; i < kDepth; ++i) at = tree_.add(at, name, directory());
  tree_.add(at, "bottom", file("deep"));

  EXPECT_EQ(extract().files, 1U);

  int fd = ::open(top_.c_str(), O_PATH | O_CLOEXEC);
  for (int i = 0; i < kDepth; ++i) {
    const int next = ::openat(fd, name.c_str(), O_PATH | O_CLOEXEC | O_NOFOLLOW);
    ASSERT_GE(next, 0) << i;
    ::close(fd);
    fd = next;
  }
  EXPECT_EQ(::faccessat(fd, "bottom", R_OK, 0), 0);
  ::close(fd);
}

TEST_F(ExtractorTest, ExtractsWhatIsAskedForAlone) {
  const NodeId etc = tree_.add(Tree::kRoot, "etc", directory());
  tree_.add(etc, "passwd", file("p"));
  tree_.add(etc, "group", file("g"));
  const NodeId ssh = tree_.add(etc, "ssh", directory());
  tree_.add(ssh, "config", file("c"));
  tree_.add(Tree::kRoot, "bin", directory());

  extract({"/etc/ssh/", "etc/passwd", "etc/ssh/config"});

  EXPECT_EQ(names(), (std::vector<std::string>{"etc", "etc/passwd", "etc/ssh", "etc/ssh/config"}));
}

TEST_F(ExtractorTest, LeavesDirectoriesOnTheWayAsTheyAre) {
  Node etc = directory();
  etc.permissions = 0700;
  tree_.add(tree_.add(Tree::kRoot, "etc", std::move(etc)), "passwd", file("p"));
  fs::create_directories(at("etc"));
  fs::permissions(at("etc"), fs::perms(0751));

  extract({"etc/passwd"});
  EXPECT_EQ(stat_of(at("etc")).st_mode & 07777U, 0751U);

  fs::remove(at("etc/passwd"));
  extract();
  EXPECT_EQ(stat_of(at("etc")).st_mode & 07777U, 0700U);
}

TEST_F(ExtractorTest, RefusesPathsThatDoNotExist) {
  tree_.add(Tree::kRoot, "file", file("f"));
  tree_.add(Tree::kRoot, "link", symlink("file"));
  for (const char* path : {"no", "file/below", "link/below", "..", "./file"}) {
    EXPECT_THROW(plan_extraction(tree_, {path}), Error) << path;
  }
}

TEST_F(ExtractorTest, RefusesWhatExistsBeforeAnythingIsWritten) {
  tree_.add(Tree::kRoot, "a", file("new"));
  tree_.add(Tree::kRoot, "b", file("new"));
  fs::create_directories(top_);
  write(at("b"), "old");

  expect_error(ErrorCode::InvalidArgument, "top/b exists already: extract into another directory, or use --force");

  EXPECT_EQ(names(), std::vector<std::string>{"b"});
  EXPECT_EQ(read(at("b")), "old");
}

TEST_F(ExtractorTest, ReplacesFilesAndLinksIfAskedTo) {
  const NodeId a = tree_.add(Tree::kRoot, "a", file("new"));
  tree_.link(Tree::kRoot, "b", a);
  tree_.add(Tree::kRoot, "c", symlink("there"));
  fs::create_directories(top_);
  write(outside_, "outside");
  fs::create_symlink(outside_, at("a"));
  write(at("b"), "old");
  fs::create_hard_link(at("b"), at("c"));

  extract({}, true);
  extract({}, true);  // where each name is replaced by a link to what it is already

  EXPECT_EQ(names(), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(read(at("b")), "new");
  EXPECT_EQ(stat_of(at("a")).st_ino, stat_of(at("b")).st_ino);
  EXPECT_EQ(stat_of(at("a")).st_nlink, 2U);
  EXPECT_EQ(fs::read_symlink(at("c")), "there");
  EXPECT_EQ(read(outside_), "outside");
}

TEST_F(ExtractorTest, NeverReplacesADirectory) {
  tree_.add(Tree::kRoot, "a", file("new"));
  fs::create_directories(at("a"));
  expect_error(ErrorCode::InvalidArgument, "top/a is a directory", true);
  EXPECT_TRUE(fs::is_directory(at("a")));
}

TEST_F(ExtractorTest, NeverFollowsALinkWhereADirectoryGoes) {
  tree_.add(tree_.add(Tree::kRoot, "etc", directory()), "passwd", file("mine"));
  fs::create_directories(top_);
  fs::create_directories(outside_);
  fs::create_directory_symlink(outside_, at("etc"));

  expect_error(ErrorCode::InvalidArgument, "top/etc exists already");
  EXPECT_TRUE(fs::is_empty(outside_));

  extract({}, true);
  EXPECT_TRUE(fs::is_empty(outside_));
  EXPECT_FALSE(fs::is_symlink(at("etc")));
  EXPECT_EQ(read(at("etc/passwd")), "mine");
}

TEST_F(ExtractorTest, NeverFollowsALinkThatTakesADirectorysPlaceMeanwhile) {
  fs::create_directories(outside_);
  const auto swap = [&] {
    fs::rename(at("b"), at("moved"));
    fs::create_directory_symlink(outside_, at("b"));
  };
  tree_.add(Tree::kRoot, "a", content(std::make_shared<ActingBlob>(swap)));
  tree_.add(tree_.add(Tree::kRoot, "b", directory()), "passwd", file("mine"));

  expect_error(ErrorCode::Changed, "top/b is no longer the directory that was made there");

  EXPECT_TRUE(fs::is_empty(outside_));
  EXPECT_NE(warnings_->text().find("is incomplete: 1 of 2 files were extracted"), std::string::npos)
      << warnings_->text();
}

TEST_F(ExtractorTest, NeverWritesToAFileThatAppearsMeanwhile) {
  write(outside_, "outside");
  tree_.add(Tree::kRoot, "a", content(std::make_shared<ActingBlob>([&] { fs::create_symlink(outside_, at("b")); })));
  tree_.add(Tree::kRoot, "b", file("mine"));

  expect_error(ErrorCode::Io, "top/b exists already");
  EXPECT_EQ(read(outside_), "outside");
}

TEST_F(ExtractorTest, TakesAFileAwayThatCannotBeCompleted) {
  const auto fail = [] { throw Error(ErrorCode::Io, "the disk is broken"); };
  tree_.add(Tree::kRoot, "broken", content(std::make_shared<ActingBlob>(fail)));
  expect_error(ErrorCode::Io, "the disk is broken");
  EXPECT_TRUE(names().empty());
}

TEST_F(ExtractorTest, KeepsTheOldFileIfTheNewOneCannotBeCompleted) {
  const auto fail = [] { throw Error(ErrorCode::Io, "the disk is broken"); };
  tree_.add(Tree::kRoot, "broken", content(std::make_shared<ActingBlob>(fail)));
  fs::create_directories(top_);
  write(at("broken"), "old");
  expect_error(ErrorCode::Io, "the disk is broken", true);
  EXPECT_EQ(names(), std::vector<std::string>{"broken"});
  EXPECT_EQ(read(at("broken")), "old");
}

TEST_F(ExtractorTest, LeavesOutDamagedFilesAndGoesOn) {
  const auto fail = [] { throw Error(ErrorCode::Corrupt, "a bad block"); };
  const NodeId damaged = tree_.add(Tree::kRoot, "damaged", content(std::make_shared<ActingBlob>(fail)));
  tree_.link(Tree::kRoot, "link", damaged);
  tree_.add(Tree::kRoot, "good", file("good"));
  expect_error(ErrorCode::Corrupt, "1 of 2 files can't be read and were left out");
  EXPECT_EQ(names(), std::vector<std::string>{"good"});
  EXPECT_EQ(warnings_->text(), "/damaged: a bad block\n");
}

TEST_F(ExtractorTest, StopsWhenTheUserAsksTo) {
  std::atomic<bool> cancelled = false;
  tree_.add(Tree::kRoot, "a", content(std::make_shared<ActingBlob>([&] { cancelled = true; })));
  tree_.add(Tree::kRoot, "b", file("b"));
  const Registry registry;
  Context context(registry, {.threads = 1, .cancelled = &cancelled});
  try {
    fstool::extract(tree_, plan_extraction(tree_, {}), top_, {}, context);
    ADD_FAILURE() << "not cancelled";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Cancelled);
  }
  EXPECT_TRUE(names().empty());
}

TEST(ExtractorNames, WhatCouldLeadOutOfADirectoryCannotBeInATree) {
  Tree tree;
  for (const std::string_view name : {std::string_view(".."), std::string_view("."), std::string_view("a/b"),
                                      std::string_view("/etc"), std::string_view("a\0b", 3), std::string_view()}) {
    EXPECT_THROW(tree.add(Tree::kRoot, name, Node()), Error) << name;
  }
}

class ExtractorAsRootTest : public ExtractorTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  }
};

TEST_F(ExtractorAsRootTest, SetsOwnersBeforeSetIdBitsAndCapabilities) {
  constexpr std::string_view kNetRaw("\x01\0\0\x02\0\x20\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
  Node su = file("su");
  su.uid = 1234;
  su.gid = 5678;
  su.permissions = 06755;
  tree_.add(Tree::kRoot, "su", std::move(su));
  Node ping = file("ping");
  ping.uid = 1234;
  ping.xattrs = std::make_shared<const Xattrs>(Xattrs{{"security.capability", std::string(kNetRaw)}});
  tree_.add(Tree::kRoot, "ping", std::move(ping));
  Node link = symlink("su");
  link.uid = 4321;
  tree_.add(Tree::kRoot, "link", std::move(link));

  extract();

  EXPECT_EQ(stat_of(at("su")).st_uid, 1234U);
  EXPECT_EQ(stat_of(at("su")).st_gid, 5678U);
  EXPECT_EQ(stat_of(at("su")).st_mode & 07777U, 06755U);
  EXPECT_EQ(stat_of(at("link")).st_uid, 4321U);
  std::array<char, 64> value{};
  ASSERT_EQ(::lgetxattr(at("ping").c_str(), "security.capability", value.data(), value.size()), 20);
  EXPECT_EQ(std::string_view(value.data(), 20), kNetRaw);
}

TEST_F(ExtractorAsRootTest, MakesDevices) {
  Node null = of_kind(NodeKind::CharDevice, 0666);
  null.device = {1, 3};
  null.uid = 7;
  tree_.add(Tree::kRoot, "null", std::move(null));
  extract();
  EXPECT_EQ(stat_of(at("null")).st_mode, S_IFCHR | 0666U);
  EXPECT_EQ(stat_of(at("null")).st_rdev, makedev(1, 3));
  EXPECT_EQ(stat_of(at("null")).st_uid, 7U);
}

}  // namespace
}  // namespace fstool
