#include "fstool/output_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <thread>

#include "fstool/error.h"
#include "output_target.h"
#include "run_tool.h"
#include "test_blobs.h"

namespace fstool {
namespace {

using test::bytes_of;

class OutputFileTest : public testing::Test {
 protected:
  std::filesystem::path path(std::string_view name) const { return directory_.path() / name; }

  static void put(const std::filesystem::path& file, std::string_view text) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << text;
  }
  static std::string get(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static unsigned mode_of(const std::filesystem::path& file) {
    struct stat status {};
    EXPECT_EQ(::stat(file.c_str(), &status), 0);
    return status.st_mode & 07777U;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> result;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path())) {
      result.push_back(entry.path().filename().string());
    }
    return result;
  }
  static Error open_error(const std::filesystem::path& target) {
    try {
      const OutputFile output(target);
    } catch (const Error& error) {
      EXPECT_NE(std::string_view(error.what()).find(target.string()), std::string_view::npos) << error.what();
      return error;
    }
    ADD_FAILURE() << target << " was opened";
    return Error(ErrorCode::Internal, "");
  }

  test::TemporaryDirectory directory_;
};

TEST_F(OutputFileTest, AppearsWhenItIsCommitted) {
  OutputFile output(path("disk.img"));
  output.write_at(3, bytes_of("def"));
  output.write_at(0, bytes_of("abc"));
  EXPECT_EQ(output.bytes_written(), 6U);
  EXPECT_FALSE(std::filesystem::exists(path("disk.img")));
  output.commit();
  EXPECT_EQ(get(path("disk.img")), "abcdef");
  EXPECT_EQ(names(), (std::vector<std::string>{"disk.img"}));
}

TEST_F(OutputFileTest, LeavesNothingWithoutACommit) {
  {
    OutputFile output(path("disk.img"));
    output.write_at(0, bytes_of("abc"));
  }
  EXPECT_TRUE(names().empty());
}

TEST_F(OutputFileTest, ReplacesTheOldFileAtTheEndOnly) {
  put(path("disk.img"), "old");
  {
    OutputFile failed(path("disk.img"));
    failed.write_at(0, bytes_of("failed"));
  }
  EXPECT_EQ(get(path("disk.img")), "old");
  OutputFile output(path("disk.img"));
  output.write_at(0, bytes_of("new one"));
  EXPECT_EQ(get(path("disk.img")), "old");
  output.commit();
  EXPECT_EQ(get(path("disk.img")), "new one");
  EXPECT_EQ(names(), (std::vector<std::string>{"disk.img"}));
}

TEST_F(OutputFileTest, ReplacesAFileThatAppearedMeanwhile) {
  OutputFile output(path("disk.img"));
  put(path("disk.img"), "somebody else's");
  output.commit();
  EXPECT_EQ(get(path("disk.img")), "");
}

TEST_F(OutputFileTest, HasTheModeOfTheUmaskOrOfWhatItReplaces) {
  const mode_t umask = ::umask(027);
  OutputFile(path("new.img")).commit();
  ::umask(umask);
  EXPECT_EQ(mode_of(path("new.img")), 0640U);
  put(path("old.img"), "old");
  ASSERT_EQ(::chmod(path("old.img").c_str(), 0604), 0);
  OutputFile(path("old.img")).commit();
  EXPECT_EQ(mode_of(path("old.img")), 0604U);
}

TEST_F(OutputFileTest, HasTheSizeThatIsSet) {
  OutputFile output(path("disk.img"));
  output.write_at(0, bytes_of("abc"));
  output.set_size(5);
  output.commit();
  EXPECT_EQ(get(path("disk.img")), std::string("abc\0\0", 5));
  OutputFile cut(path("cut.img"));
  cut.write_at(0, bytes_of("abc"));
  cut.set_size(2);
  cut.commit();
  EXPECT_EQ(get(path("cut.img")), "ab");
}

TEST_F(OutputFileTest, ReadsAsZerosWhereNothingWasWritten) {
  OutputFile output(path("disk.img"));
  output.write_at(1U << 20U, bytes_of("x"));
  output.set_size(std::uint64_t{1} << 32U);
  output.commit();
  struct stat status {};
  ASSERT_EQ(::stat(path("disk.img").c_str(), &status), 0);
  EXPECT_EQ(status.st_size, std::int64_t{1} << 32U);
  EXPECT_LT(status.st_blocks * 512, 1 << 20) << "holes take no space";
}

TEST_F(OutputFileTest, IsWrittenByManyThreads) {
  constexpr std::size_t kPiece = 100'000;
  OutputFile output(path("disk.img"));
  std::vector<std::thread> writers;
  for (std::size_t i = 0; i < 8; ++i) {
    writers.emplace_back(
        [&output, i] { output.write_at(i * kPiece, std::vector<std::byte>(kPiece, static_cast<std::byte>('a' + i))); });
  }
  for (std::thread& writer : writers) writer.join();
  output.commit();
  EXPECT_EQ(output.bytes_written(), 8 * kPiece);
  std::string expected;
  for (std::size_t i = 0; i < 8; ++i) expected += std::string(kPiece, static_cast<char>('a' + i));
  EXPECT_EQ(get(path("disk.img")), expected);
}

TEST_F(OutputFileTest, CopiesFromHostFiles) {
  put(path("source"), std::string(300'000, 'x') + "tail");
  const BlobPtr blob = open_file_blob(path("source"));
  OutputFile output(path("disk.img"));
  const std::uint64_t copied = output.copy_from(10, *blob->host_range(1, 300'003), 300'003);
  ASSERT_LE(copied, 300'003U);
  // Where the host can't copy in the kernel, the caller writes the rest.
  std::vector<std::byte> rest(300'003 - copied);
  blob->read(1 + copied, rest);
  output.write_at(10 + copied, rest);
  output.commit();
  EXPECT_EQ(output.bytes_written(), 300'003U);
  EXPECT_EQ(get(path("disk.img")), std::string(10, '\0') + std::string(299'999, 'x') + "tail");
}

TEST_F(OutputFileTest, CopiesNothingWhereTheKernelCannot) {
  // procfs has no in-kernel copy.
  class ProcFile : public HostFile {
   public:
    int fd() const override { return fileno(file_.get()); }
    void verify() const override {}

   private:
    std::unique_ptr<FILE, int (*)(FILE*)> file_{std::fopen("/proc/self/status", "re"), &std::fclose};
  };
  OutputFile output(path("disk.img"));
  EXPECT_EQ(output.copy_from(0, {std::make_shared<ProcFile>(), 0}, 100), 0U);
  EXPECT_EQ(output.bytes_written(), 0U);
}

TEST_F(OutputFileTest, NoticesThatACopiedFileChanged) {
  put(path("source"), std::string(300'000, 'x'));
  const BlobPtr blob = open_file_blob(path("source"));
  const auto range = blob->host_range(0, 300'000);
  std::ofstream(path("source"), std::ios::app) << "more";
  OutputFile output(path("disk.img"));
  std::vector<std::byte> rest(300'000);
  EXPECT_THROW(
      {
        output.copy_from(0, *range, 300'000);
        blob->read(0, rest);  // where the kernel doesn't copy
      },
      Error);
}

TEST_F(OutputFileTest, ReservesRoomThatReadsAsZeros) {
  OutputFile output(path("image"));
  output.write_at(0, bytes_of("begin"));
  output.set_size(1 << 20U);
  output.reserve(1 << 20U);
  output.commit();
  struct stat status {};
  ASSERT_EQ(::stat(path("image").c_str(), &status), 0);
  EXPECT_EQ(status.st_size, 1 << 20);
  EXPECT_GE(status.st_blocks * 512, 1 << 20);
  EXPECT_EQ(get(path("image")), "begin" + std::string((1U << 20U) - 5, '\0'));
}

TEST_F(OutputFileTest, CompanionsAppearTogetherWithIt) {
  put(path("data"), "old");
  OutputFile output(path("image"));
  OutputFile& data = output.add_companion(path("data"));
  OutputFile& more = output.add_companion(path("more"));
  output.write_at(0, bytes_of("image"));
  data.write_at(0, bytes_of("new data"));
  more.write_at(0, bytes_of("more"));
  EXPECT_EQ(output.bytes_written(), 5U);
  EXPECT_EQ(get(path("data")), "old");
  output.commit();
  EXPECT_EQ(get(path("image")), "image");
  EXPECT_EQ(get(path("data")), "new data");
  EXPECT_EQ(get(path("more")), "more");
}

TEST_F(OutputFileTest, CompanionsGoWithIt) {
  put(path("data"), "old");
  {
    OutputFile output(path("image"));
    output.add_companion(path("data")).write_at(0, bytes_of("new data"));
    output.add_companion(path("more")).write_at(0, bytes_of("more"));
  }
  EXPECT_EQ(names(), std::vector<std::string>{"data"});
  EXPECT_EQ(get(path("data")), "old");
}

TEST_F(OutputFileTest, PartsOfAnOutputAreDifferentFiles) {
  OutputFile output(path("image"));
  output.add_companion(path("data"));
  std::filesystem::create_symlink("image", path("link"));
  for (const char* name : {"image", "data", "./data", "link"}) {
    EXPECT_THROW(output.add_companion(directory_.path() / name), Error) << name;
  }
}

TEST_F(OutputFileTest, FollowsSymbolicLinks) {
  std::filesystem::create_directory(path("images"));
  std::filesystem::create_symlink("images/real.img", path("link1"));
  std::filesystem::create_symlink(path("link1"), path("link2"));
  OutputFile(path("link2")).commit();
  EXPECT_TRUE(std::filesystem::is_symlink(path("link2")));
  EXPECT_TRUE(std::filesystem::is_regular_file(std::filesystem::symlink_status(path("images/real.img"))));
  OutputFile again(path("link2"));
  again.write_at(0, bytes_of("x"));
  again.commit();
  EXPECT_EQ(get(path("images/real.img")), "x");
  EXPECT_EQ(again.target(), path("link2"));
}

TEST_F(OutputFileTest, RefusesLinksInACircle) {
  std::filesystem::create_symlink("b", path("a"));
  std::filesystem::create_symlink("a", path("b"));
  EXPECT_THROW(OutputFile output(path("a")), Error);
}

TEST_F(OutputFileTest, RefusesWhatCannotHoldAnImage) {
  ASSERT_EQ(::mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(open_error(directory_.path()).code(), ErrorCode::InvalidArgument);
  EXPECT_EQ(open_error(directory_.path() / "").code(), ErrorCode::InvalidArgument);
  EXPECT_EQ(open_error(path("fifo")).code(), ErrorCode::InvalidArgument);
  EXPECT_EQ(open_error("/dev/null").code(), ErrorCode::InvalidArgument);
  EXPECT_EQ(open_error(path("none/disk.img")).code(), ErrorCode::NotFound);
  EXPECT_EQ(open_error("").code(), ErrorCode::InvalidArgument);
}

TEST_F(OutputFileTest, ReplacesAFileWithTheLongestName) {
  const std::string name(255, 'n');
  put(path(name), "old");
  OutputFile output(path(name));
  output.write_at(0, bytes_of("new"));
  output.commit();
  EXPECT_EQ(get(path(name)), "new");
  EXPECT_EQ(names(), (std::vector<std::string>{name}));
}

TEST_F(OutputFileTest, HidesTheUnfinishedFileBehindATemporaryNameIfItNeedsOne) {
  put(path("disk.img"), "old");
  {
    const auto failed = make_file_target(path("disk.img"), Unfinished::Named);
    EXPECT_EQ(names().size(), 2U);
  }
  EXPECT_EQ(names(), (std::vector<std::string>{"disk.img"}));
  EXPECT_EQ(get(path("disk.img")), "old");
  const auto target = make_file_target(path("disk.img"), Unfinished::Named);
  write_all(target->fd(), path("disk.img"), 0, bytes_of("new"));
  target->prepare(true);
  target->publish(true);
  EXPECT_EQ(get(path("disk.img")), "new");
  EXPECT_EQ(names(), (std::vector<std::string>{"disk.img"}));
}

TEST_F(OutputFileTest, TellsWhenTheDiskIsFull) {
  const std::pair<int, ErrorCode> errors[] = {
      {ENOSPC, ErrorCode::NoSpace}, {EDQUOT, ErrorCode::NoSpace}, {EFBIG, ErrorCode::NoSpace}, {EIO, ErrorCode::Io}};
  for (const auto& [number, code] : errors) {
    const Error error = write_error("disk.img", number);
    EXPECT_EQ(error.code(), code);
    EXPECT_NE(std::string_view(error.what()).find("writing disk.img: "), std::string_view::npos);
  }
}

/// While it lives, files can't grow beyond `bytes`.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
    const rlimit limit{bytes, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileSizeLimit() {
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before_), 0);
    std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST_F(OutputFileTest, KeepsTheOldFileWhenTheNewOneDoesNotFit) {
  constexpr std::uint64_t kLimit = 1U << 20U;
  put(path("disk.img"), "old");
  {
    const FileSizeLimit limit(kLimit);
    OutputFile output(path("disk.img"));
    try {
      output.write_at(kLimit - 1, bytes_of("xy"));
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::NoSpace) << error.what();
    }
    EXPECT_THROW(output.set_size(kLimit + 1), Error);
  }
  EXPECT_EQ(get(path("disk.img")), "old");
  EXPECT_EQ(names(), (std::vector<std::string>{"disk.img"}));
}

}  // namespace
}  // namespace fstool
