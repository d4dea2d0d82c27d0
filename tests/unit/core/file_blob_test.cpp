#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "fstool/blob.h"
#include "fstool/error.h"
#include "run_tool.h"
#include "test_blobs.h"

namespace fstool {
namespace {

using test::text_at;
using test::text_of;

class FileBlob : public testing::Test {
 protected:
  std::filesystem::path write(std::string_view text) const {
    const std::filesystem::path path = directory_.path() / "file";
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    return path;
  }

  static ErrorCode read_error(const Blob& blob) {
    try {
      text_of(blob);
    } catch (const Error& error) {
      return error.code();
    }
    ADD_FAILURE() << "reading succeeded";
    return ErrorCode::Internal;
  }

  test::TemporaryDirectory directory_;
};

TEST_F(FileBlob, ReadsAFile) {
  const BlobPtr blob = open_file_blob(write("hello world"));
  EXPECT_EQ(blob->size(), 11U);
  EXPECT_EQ(text_of(*blob), "hello world");
  EXPECT_EQ(text_at(*blob, 6, 3), "wor");
  EXPECT_THROW(text_at(*blob, 6, 6), Error);
}

TEST_F(FileBlob, TellsWhereTheHostKeepsItsBytes) {
  const BlobPtr blob = open_file_blob(write("hello world"));
  const auto range = make_slice_blob(blob, 2, 9)->host_range(4, 3);
  ASSERT_TRUE(range);
  EXPECT_EQ(range->offset, 6U);
  char text[3] = {};
  EXPECT_EQ(::pread(range->file->fd(), text, 3, static_cast<off_t>(range->offset)), 3);
  EXPECT_EQ(std::string_view(text, 3), "wor");
  EXPECT_NO_THROW(range->file->verify());
  EXPECT_FALSE(blob->host_range(6, 6)) << "beyond the end";
}

TEST_F(FileBlob, DelegatesHostRangesThroughOnePieceOnly) {
  const BlobPtr blob = open_file_blob(write("hello world"));
  BlobBuilder builder;
  builder.add(10, blob, 6, 5);
  builder.add(15, blob, 0, 5);
  const BlobPtr composed = builder.finish(30);
  ASSERT_TRUE(composed->host_range(11, 4));
  EXPECT_EQ(composed->host_range(11, 4)->offset, 7U);
  EXPECT_EQ(composed->host_range(15, 5)->offset, 0U);
  EXPECT_FALSE(composed->host_range(14, 2)) << "two pieces";
  EXPECT_FALSE(composed->host_range(9, 2)) << "a gap and a piece";
  EXPECT_FALSE(composed->host_range(25, 2)) << "a gap";
}

TEST_F(FileBlob, KnowsItsHoles) {
  constexpr std::uint64_t kMiB = 1U << 20U;
  const std::filesystem::path path = directory_.path() / "sparse";
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_GE(fd, 0);
  ASSERT_EQ(::pwrite(fd, "x", 1, 2 * kMiB), 1);
  ASSERT_EQ(::ftruncate(fd, 4 * kMiB), 0);
  ASSERT_EQ(::close(fd), 0);
  const BlobPtr blob = open_file_blob(path);
  EXPECT_EQ(test::extents_text(data_extents(*blob, 0, 4 * kMiB, kMiB)), "2097152+1048576");
  EXPECT_EQ(text_at(*blob, 2 * kMiB - 1, 3), ".x.");
}

TEST_F(FileBlob, NoticesThatTheFileGrew) {
  const std::filesystem::path path = write("hello");
  const BlobPtr blob = open_file_blob(path);
  std::ofstream(path, std::ios::app) << "!";
  EXPECT_EQ(read_error(*blob), ErrorCode::Changed);
}

TEST_F(FileBlob, NoticesThatTheFileWasCut) {
  const std::filesystem::path path = write("hello");
  const BlobPtr blob = open_file_blob(path);
  std::filesystem::resize_file(path, 2);
  EXPECT_EQ(read_error(*blob), ErrorCode::Changed);
}

TEST_F(FileBlob, NoticesThatTheFileWasOverwrittenWithItsOldTime) {
  const std::filesystem::path path = write("hello");
  const auto time = std::filesystem::last_write_time(path);
  const BlobPtr blob = open_file_blob(path);
  const auto range = blob->host_range(0, 5);
  ASSERT_TRUE(range);
  // The clock that file systems stamp with ticks every few milliseconds only.
  struct stat before {};
  struct stat after {};
  ASSERT_EQ(::stat(path.c_str(), &before), 0);
  do {
    write("HELLO");
    std::filesystem::last_write_time(path, time);
    ASSERT_EQ(::stat(path.c_str(), &after), 0);
  } while (before.st_ctim.tv_sec == after.st_ctim.tv_sec && before.st_ctim.tv_nsec == after.st_ctim.tv_nsec);
  EXPECT_EQ(read_error(*blob), ErrorCode::Changed);
  EXPECT_THROW(range->file->verify(), Error);
}

TEST_F(FileBlob, RefusesWhatIsNotAFile) {
  EXPECT_THROW(open_file_blob(directory_.path()), Error);
  EXPECT_THROW(open_file_blob("/dev/zero"), Error);
  const std::filesystem::path fifo = directory_.path() / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THROW(open_file_blob(fifo), Error);
  try {
    open_file_blob(directory_.path() / "none");
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::NotFound);
    EXPECT_NE(std::string_view(error.what()).find("none"), std::string_view::npos);
  }
}

}  // namespace
}  // namespace fstool
