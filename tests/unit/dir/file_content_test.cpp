#include "file_content.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

#include "host_fixture.h"

namespace fstool::dir {
namespace {

/// Bytes that differ from place to place.
std::string pattern(std::size_t bytes) {
  std::string text(bytes, '\0');
  for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>((i * 2654435761U) >> 13U);
  return text;
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator descriptors("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(descriptors), end(descriptors)));
}

class FileContentTest : public HostFixture {
 protected:
  BlobPtr content_of(std::string_view path) const { return node_of(load(), path).content; }
};

TEST_F(FileContentTest, FitsFiftySixBytes) { EXPECT_LE(sizeof(FileContent), 56U); }

TEST_F(FileContentTest, EmptyFilesHaveNoContent) {
  write_file("empty", "");
  EXPECT_EQ(content_of("empty"), nullptr);
}

TEST_F(FileContentTest, ContentOutlivesTheTree) {
  make_directory("a/b");
  write_file("a/b/file", "still there");
  const BlobPtr content = content_of("a/b/file");
  EXPECT_EQ(content->size(), 11U);
  EXPECT_EQ(text_of(*content), "still there");
}

TEST_F(FileContentTest, NothingIsReadForNothing) {
  write_file("file", "x");
  const BlobPtr content = content_of("file");
  std::filesystem::remove(at("file"));
  content->read(1, {});
}

TEST_F(FileContentTest, PiecesReadByManyThreadsFitTogether) {
  const std::string bytes = pattern(5'000'011);
  write_file("large", bytes);
  const BlobPtr content = content_of("large");
  std::string read(bytes.size(), '\0');
  constexpr std::size_t kThreads = 8;
  constexpr std::size_t kPiece = 10'007;
  std::vector<std::thread> threads;
  for (std::size_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::size_t at = thread * kPiece; at < bytes.size(); at += kThreads * kPiece) {
        const std::size_t length = std::min(kPiece, bytes.size() - at);
        content->read(at, std::as_writable_bytes(std::span(read).subspan(at, length)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(read == bytes);
}

TEST_F(FileContentTest, OpenDescriptorsStayBounded) {
  constexpr int kFiles = 300;
  for (int i = 0; i < kFiles; ++i) {
    make_directory(fmt::format("{}", i));
    write_file(fmt::format("{}/file", i), "0123456789");
  }
  const Tree tree = load();
  const std::size_t before = open_descriptors();
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < kFiles; ++i) {
      EXPECT_EQ(text_of(*node_of(tree, fmt::format("{}/file", i)).content, 3, 4), "3456");
    }
  }
  EXPECT_LE(open_descriptors() - before, 2 * 64U);
}

TEST_F(FileContentTest, AFewDescriptorsAreEnough) {
  for (int i = 0; i < 100; ++i) {
    make_directory(fmt::format("{}/a/b", i));
    write_file(fmt::format("{}/a/b/file", i), "0123456789");
  }
  struct rlimit usual {};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
  struct rlimit few = usual;
  few.rlim_cur = 64;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const Tree tree = load(4);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(text_of(*node_of(tree, fmt::format("{}/a/b/file", i)).content, 3, 4), "3456");
  }
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
}

TEST_F(FileContentTest, ARewrittenFileHasChanged) {
  write_file("file", "before");
  const BlobPtr content = content_of("file");
  write_file("file", "later!");
  set_mtime("file", 1000, 0);
  expect_error(ErrorCode::Changed, at("file").string() + " changed while it was read", [&] { text_of(*content); });
  expect_error(ErrorCode::Changed, at("file").string(), [&] { text_of(*content, 1, 2); });
}

TEST_F(FileContentTest, AFileWhoseTimeWasSetBackHasChanged) {
  write_file("file", "before");
  set_mtime("file", 1000, 0);
  const BlobPtr content = content_of("file");
  write_file("file", "later!");
  set_mtime("file", 1000, 0);
  expect_error(ErrorCode::Changed, at("file").string(), [&] { text_of(*content); });
}

TEST_F(FileContentTest, AShorterFileHasChanged) {
  write_file("file", "0123456789");
  const BlobPtr content = content_of("file");
  write_file("file", "01234");
  expect_error(ErrorCode::Changed, at("file").string(), [&] { text_of(*content); });
  expect_error(ErrorCode::Changed, at("file").string(), [&] { text_of(*content, 7, 2); });
}

TEST_F(FileContentTest, AGrownFileHasChanged) {
  write_file("file", "01234");
  const BlobPtr content = content_of("file");
  write_file("file", "0123456789");
  expect_error(ErrorCode::Changed, at("file").string(), [&] { text_of(*content); });
}

TEST_F(FileContentTest, AFileThatChangesBetweenTwoPiecesHasChanged) {
  write_file("file", "0123456789");
  const BlobPtr content = content_of("file");
  EXPECT_EQ(text_of(*content, 0, 5), "01234");
  write_file("file", "abcdefghij");
  set_mtime("file", 1000, 0);
  expect_error(ErrorCode::Changed, at("file").string(), [&] { text_of(*content, 5, 5); });
}

TEST_F(FileContentTest, ADeletedFileHasChanged) {
  write_file("file", "x");
  const BlobPtr content = content_of("file");
  std::filesystem::remove(at("file"));
  expect_error(ErrorCode::Changed, at("file").string() + " was removed or replaced", [&] { text_of(*content); });
}

TEST_F(FileContentTest, AFileInADeletedDirectoryHasChanged) {
  make_directory("a/b");
  write_file("a/b/file", "x");
  const BlobPtr content = content_of("a/b/file");
  std::filesystem::remove_all(at("a"));
  expect_error(ErrorCode::Changed, at("a").string() + " was removed or replaced", [&] { text_of(*content); });
}

TEST_F(FileContentTest, ASymlinkInPlaceOfAFileIsNotFollowed) {
  write_file("file", "x");
  write_file("other", "y");
  const BlobPtr content = content_of("file");
  std::filesystem::remove(at("file"));
  make_symlink("file", "other");
  expect_error(ErrorCode::Changed, at("file").string(), [&] { text_of(*content); });
}

TEST_F(FileContentTest, ASymlinkInPlaceOfADirectoryIsNotFollowed) {
  make_directory("a");
  write_file("a/file", "x");
  const BlobPtr content = content_of("a/file");
  std::filesystem::rename(at("a"), at("b"));
  make_symlink("a", "b");
  expect_error(ErrorCode::Changed, at("a").string(), [&] { text_of(*content); });
}

TEST_F(FileContentTest, AFifoInPlaceOfAFileMakesNobodyWait) {
  write_file("file", "x");
  const BlobPtr content = content_of("file");
  std::filesystem::remove(at("file"));
  make_special("file", S_IFIFO | 0644);
  expect_error(ErrorCode::Changed, at("file").string(), [&] { text_of(*content); });
}

TEST_F(FileContentTest, AnUnreadableFileIsAnErrorThatNamesIt) {
  checked(::chmod(temporary_.path().c_str(), 0755), "chmod");
  write_file("secret", "x");
  checked(::chmod(at("secret").c_str(), 0), "chmod");
  const BlobPtr content = content_of("secret");
  const AsNobody nobody;
  expect_error(ErrorCode::Io, at("secret").string() + ": Permission denied", [&] { text_of(*content); });
}

TEST_F(FileContentTest, HolesAreKnown) {
  constexpr std::uint64_t kMiB = 1024 * 1024;
  const std::string data = pattern(64 * 1024);
  write_range("sparse", kMiB, data);
  write_range("sparse", 3 * kMiB, data);
  std::filesystem::resize_file(at("sparse"), 5 * kMiB + 17);
  const BlobPtr content = content_of("sparse");

  std::vector<DataExtent> extents = data_extents(*content, 0, content->size(), 64 * 1024);
  ASSERT_EQ(extents.size(), 2U);
  EXPECT_EQ(extents[0].offset, kMiB);
  EXPECT_EQ(extents[0].length, data.size());
  EXPECT_EQ(extents[1].offset, 3 * kMiB);
  EXPECT_EQ(extents[1].length, data.size());
  EXPECT_TRUE(text_of(*content, 3 * kMiB, data.size()) == data);
  EXPECT_TRUE(text_of(*content).substr(kMiB, data.size()) == data);
}

TEST_F(FileContentTest, AFileOfNothingButAHoleIsAHole) {
  constexpr std::uint64_t kSize = std::uint64_t{1} << 40U;
  write_file("hole", "");
  std::filesystem::resize_file(at("hole"), kSize);
  const BlobPtr content = content_of("hole");
  EXPECT_EQ(content->size(), kSize);
  const fstool::Run run = content->run_at(12345);
  EXPECT_TRUE(run.hole);
  EXPECT_EQ(run.length, kSize - 12345);
  EXPECT_EQ(text_of(*content, kSize - 10, 10), std::string(10, '\0'));
}

TEST_F(FileContentTest, TwentyThousandFragmentsAreKnown) {
  constexpr std::uint64_t kFragments = 20'000;
  constexpr std::uint64_t kStep = 128 * 1024;
  const int fd = checked(::open(at("sparse").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644), "open");
  for (std::uint64_t i = 0; i < kFragments; ++i) {
    checked(static_cast<int>(::pwrite(fd, "data", 4, static_cast<off_t>(i * kStep))), "pwrite");
  }
  checked(::ftruncate(fd, static_cast<off_t>(kFragments * kStep)), "ftruncate");
  ::close(fd);
  const BlobPtr content = content_of("sparse");
  EXPECT_EQ(data_extents(*content, 0, content->size(), 4096).size(), kFragments);
  EXPECT_EQ(text_of(*content, 777 * kStep, 4), "data");
}

TEST_F(FileContentTest, HostRangeGivesTheFileToTheKernel) {
  const std::string bytes = pattern(300'000);
  make_directory("a");
  write_file("a/file", bytes);
  std::optional<HostRange> range = content_of("a/file")->host_range(1000, 200'000);  // tree and content are gone
  ASSERT_TRUE(range);
  EXPECT_EQ(range->offset, 1000U);
  std::string read(200'000, '\0');
  ASSERT_EQ(::pread(range->file->fd(), read.data(), read.size(), static_cast<off_t>(range->offset)), 200'000);
  EXPECT_TRUE(read == bytes.substr(1000, 200'000));
  range->file->verify();

  write_range("a/file", 0, "changed");
  set_mtime("a/file", 1000, 0);
  expect_error(ErrorCode::Changed, at("a/file").string(), [&] { range->file->verify(); });
}

}  // namespace
}  // namespace fstool::dir
