#include "raw_container.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fstool/blob.h"
#include "fstool/codec.h"
#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/output_file.h"
#include "fstool/plugin.h"
#include "fstool/registry.h"
#include "run_tool.h"

extern "C" const fstool::PluginDescriptor fstool_plugin;

namespace fstool::raw {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kTiB = kMiB * kMiB;

/// Bytes without a zero block; another `seed` gives others.
std::vector<std::byte> random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<std::byte> bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  return bytes;
}

BlobPtr random_blob(std::size_t size, unsigned seed) { return make_memory_blob(random_bytes(size, seed)); }

class CountingListener : public ProgressListener {
 public:
  void begin(std::string_view begun, std::uint64_t expected, std::string_view counted) override {
    step = begun;
    total = expected;
    unit = counted;
  }
  void advance(std::uint64_t more) override { done += more; }
  void warn(std::string_view message) override { ADD_FAILURE() << message; }

  std::string step;
  std::string unit;
  std::uint64_t total = 0;
  std::atomic<std::uint64_t> done = 0;
};

class RawContainerTest : public testing::Test {
 protected:
  std::filesystem::path output_path() const { return temporary_.path() / "disk.img"; }

  /// Writes `disk` and returns how many bytes were handed to the output.
  std::uint64_t write(const Blob& disk, unsigned threads = 3) {
    const Registry registry;
    Context context(registry, {.threads = threads, .source_date_epoch = {}, .listener = listener_});
    OutputFile output(output_path(), {.force = false, .sync = OutputFile::Sync::Never});
    RawContainer().write(disk, output, nullptr, context);
    output.commit();
    return output.bytes_written();
  }

  std::vector<std::byte> written() const {
    std::ifstream file(output_path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
  }

  void expect_written(const Blob& disk) const {
    ASSERT_EQ(std::filesystem::file_size(output_path()), disk.size());
    EXPECT_TRUE(written() == read_all(disk, 1024 * kMiB));
  }

  std::uint64_t allocated() const {
    struct stat status {};
    if (::stat(output_path().c_str(), &status) != 0) throw std::runtime_error("stat");
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
  }

  const test::TemporaryDirectory temporary_;
  const std::shared_ptr<CountingListener> listener_ = std::make_shared<CountingListener>();
};

TEST_F(RawContainerTest, DataIsWrittenByteForByte) {
  const BlobPtr disk = random_blob(9 * kMiB, 1);
  EXPECT_EQ(write(*disk), disk->size());
  expect_written(*disk);
}

TEST_F(RawContainerTest, SizesNeedNotBeMultiplesOfABlock) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{511}, std::size_t{4097}, std::size_t{5 * kMiB + 123}}) {
    const BlobPtr disk = random_blob(size, 2);
    write(*disk);
    expect_written(*disk);
  }
}

TEST_F(RawContainerTest, AnEmptyDiskIsAnEmptyFile) {
  write(*make_hole_blob(0));
  EXPECT_EQ(std::filesystem::file_size(output_path()), 0U);
}

TEST_F(RawContainerTest, PiecesAtOddPlacesFitTogether) {
  BlobBuilder builder;
  std::uint64_t at = 3;
  for (unsigned i = 0; i < 3000; ++i) {
    const std::size_t length = 1 + i * 7919 % 9000;
    builder.add(at, random_blob(length, i));
    at += length + (i % 3 == 0 ? 0 : i * 104729 % 12000);
  }
  const BlobPtr disk = builder.finish(at + 5000);
  write(*disk);
  expect_written(*disk);
}

TEST_F(RawContainerTest, OutputDoesNotDependOnThreads) {
  BlobBuilder builder;
  builder.add(100, random_blob(3 * kMiB, 3));
  builder.add(20 * kMiB, random_blob(7 * kMiB, 4));
  const BlobPtr disk = builder.finish(40 * kMiB);
  write(*disk, 1);
  const std::vector<std::byte> alone = written();
  write(*disk, 8);
  EXPECT_TRUE(written() == alone);
}

TEST_F(RawContainerTest, HolesStayHoles) {
  BlobBuilder builder;
  builder.add(64 * kMiB, random_blob(kMiB, 5));
  const BlobPtr disk = builder.finish(256 * kMiB);
  EXPECT_EQ(write(*disk), kMiB);
  EXPECT_LE(allocated(), 2 * kMiB);
  expect_written(*disk);
}

TEST_F(RawContainerTest, ZeroBlocksBecomeHoles) {
  std::vector<std::byte> bytes(8 * kMiB);
  const std::vector<std::byte> data = random_bytes(10'000, 6);
  std::copy(data.begin(), data.end(), bytes.begin() + 3 * kMiB + 1000);
  const BlobPtr disk = make_memory_blob(std::move(bytes));
  EXPECT_EQ(write(*disk), 3 * 4096U);  // the blocks that the 10,000 bytes touch
  expect_written(*disk);
}

TEST_F(RawContainerTest, ZeroBlocksAreThoseOfTheDiskNotOfThePieces) {
  BlobBuilder builder;
  std::vector<std::byte> bytes(64 * 1024);
  bytes[0] = std::byte{1};
  bytes[5000] = std::byte{2};
  bytes.back() = std::byte{3};
  builder.add(1000, make_memory_blob(std::move(bytes)));
  const BlobPtr disk = builder.finish(kMiB);
  write(*disk);
  expect_written(*disk);
}

TEST_F(RawContainerTest, AHugeSparseDiskCostsWhatIsOnIt) {
  BlobBuilder builder;
  builder.add(0, random_blob(512, 7));
  builder.add(5 * kTiB + 4096, random_blob(4096, 8));
  builder.add(15 * kTiB, random_blob(100, 9));
  const std::uint64_t size = 16 * kTiB - kMiB;  // the largest file of ext4 is a block short of 16 TiB
  const BlobPtr disk = builder.finish(size);
  write(*disk);
  EXPECT_EQ(std::filesystem::file_size(output_path()), size);
  EXPECT_LE(allocated(), kMiB);
  const BlobPtr file = open_file_blob(output_path());
  std::array<std::byte, 100> bytes{};
  file->read(15 * kTiB, bytes);
  EXPECT_TRUE(std::ranges::equal(bytes, random_bytes(100, 9)));
  EXPECT_EQ(listener_->done, size);
}

TEST_F(RawContainerTest, ProgressCountsTheBytesOfTheDisk) {
  BlobBuilder builder;
  builder.add(kMiB, random_blob(5 * kMiB, 10));
  const BlobPtr disk = builder.finish(100 * kMiB + 1);
  write(*disk);
  EXPECT_EQ(listener_->step, "writing " + output_path().string());
  EXPECT_EQ(listener_->unit, "bytes");
  EXPECT_EQ(listener_->total, disk->size());
  EXPECT_EQ(listener_->done, disk->size());
}

/// A Blob in a host file that counts the bytes that are read instead of copied by the kernel.
class HostBlob : public Blob {
 public:
  explicit HostBlob(BlobPtr file) : file_(std::move(file)) {}
  std::uint64_t size() const override { return file_->size(); }
  void read(std::uint64_t offset, std::span<std::byte> out) const override {
    bytes_read += out.size();
    file_->read(offset, out);
  }
  std::optional<HostRange> host_range(std::uint64_t offset, std::uint64_t length) const override {
    return file_->host_range(offset, length);
  }

  mutable std::atomic<std::uint64_t> bytes_read = 0;

 private:
  BlobPtr file_;
};

class RawContainerHostTest : public RawContainerTest {
 protected:
  std::filesystem::path source_path() const { return temporary_.path() / "source"; }

  std::shared_ptr<const HostBlob> host_blob(std::span<const std::byte> bytes) const {
    std::ofstream file(source_path(), std::ios::binary);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    file.close();
    return std::make_shared<const HostBlob>(open_file_blob(source_path()));
  }
};

TEST_F(RawContainerHostTest, LargeRunsAreCopiedByTheKernel) {
  const auto source = host_blob(random_bytes(3 * kMiB, 11));
  BlobBuilder builder;
  builder.add(0, random_blob(4096, 12));
  builder.add(4096, source);
  builder.add(10 * kMiB, source, 77, 1000);
  const BlobPtr disk = builder.finish(12 * kMiB);
  write(*disk);
  EXPECT_LT(source->bytes_read, kHostCopyThreshold + 4096);
  expect_written(*disk);
}

TEST_F(RawContainerHostTest, ASourceThatChangesIsAnErrorAndLeavesNoOutput) {
  const auto source = host_blob(random_bytes(3 * kMiB, 13));
  std::filesystem::resize_file(source_path(), 2 * kMiB);
  try {
    write(*source);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Changed) << error.what();
    EXPECT_NE(std::string(error.what()).find(source_path().string()), std::string::npos) << error.what();
  }
  EXPECT_FALSE(std::filesystem::exists(output_path()));
}

/// Says that a host file has its bytes, but the kernel can't copy from it.
class UncopyableBlob : public Blob {
 public:
  explicit UncopyableBlob(std::vector<std::byte> bytes) : bytes_(make_memory_blob(std::move(bytes))) {}
  std::uint64_t size() const override { return bytes_->size(); }
  void read(std::uint64_t offset, std::span<std::byte> out) const override { bytes_->read(offset, out); }
  std::optional<HostRange> host_range(std::uint64_t offset, std::uint64_t /*length*/) const override {
    class Pipe : public HostFile {
     public:
      Pipe() {
        if (::pipe2(ends_.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
      }
      ~Pipe() override {
        ::close(ends_[0]);
        ::close(ends_[1]);
      }
      Pipe(const Pipe&) = delete;
      Pipe& operator=(const Pipe&) = delete;
      int fd() const override { return ends_[0]; }
      void verify() const override {}

     private:
      std::array<int, 2> ends_{};
    };
    return HostRange{std::make_shared<const Pipe>(), offset};
  }

 private:
  BlobPtr bytes_;
};

TEST_F(RawContainerTest, WhatTheKernelCantCopyIsReadAndWritten) {
  const UncopyableBlob disk(random_bytes(5 * kMiB + 5, 14));
  write(disk);
  expect_written(disk);
}

class NamedCodec : public Codec {
 public:
  std::string name() const override { return "squeeze"; }
  std::unique_ptr<Compressor> compressor() const override { return nullptr; }
  std::unique_ptr<Decompressor> decompressor() const override { return nullptr; }
};

TEST_F(RawContainerTest, ACodecIsRefusedWithAdvice) {
  const Registry registry;
  Context context(registry, {.threads = 1, .source_date_epoch = {}, .listener = nullptr});
  OutputFile output(output_path(), {.force = false, .sync = OutputFile::Sync::Never});
  const NamedCodec codec;
  try {
    RawContainer().write(*make_hole_blob(4096), output, &codec, context);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
    EXPECT_STREQ(error.what(),
                 "a stream can't be made with the codec squeeze: choose one whose frames can be put together, such as "
                 "zstd, gzip, xz or lz4, or a container that compresses clusters, such as qcow2");
  }
}

/// Frames of a letter, the size in decimal, a colon and the bytes that are not zero.
class LetterCodec : public NamedCodec {
 public:
  std::unique_ptr<Compressor> compressor() const override {
    class Letters : public Compressor {
      std::optional<std::size_t> compress(std::span<const std::byte> in, std::span<std::byte> out) override {
        std::string text = "F" + std::to_string(in.size()) + ":";
        for (const std::byte byte : in) {
          if (byte != std::byte{0}) text += static_cast<char>(byte);
        }
        if (text.size() > out.size()) return std::nullopt;
        std::memcpy(out.data(), text.data(), text.size());
        return text.size();
      }
    };
    return std::make_unique<Letters>();
  }
  std::optional<std::size_t> frame_bound(std::size_t bytes) const override { return bytes + 32; }
};

TEST_F(RawContainerTest, ACodecMakesAStreamOfFramesInOrder) {
  BlobBuilder builder;
  const auto letter = [&](std::uint64_t offset, char value) {
    builder.add(offset, make_memory_blob({static_cast<std::byte>(value)}));
  };
  letter(1, 'a');
  letter(4 * kMiB, 'b');
  letter(20 * kMiB + 1, 'c');
  const BlobPtr disk = builder.finish(20 * kMiB + 2);
  const Registry registry;
  for (const unsigned threads : {1U, 3U}) {
    Context context(registry, {.threads = threads});
    OutputFile output(output_path(), {.force = false, .sync = OutputFile::Sync::Never});
    const LetterCodec codec;
    RawContainer().write(*disk, output, &codec, context);
    output.commit();
    EXPECT_EQ(test::run_tool("cat '" + output_path().string() + "'").output,
              "F4194304:aF4194304:bF4194304:F4194304:F4194304:F2:c");
  }
}

/// Small frames, and behind them what it was told of them.
class IndexedLetterCodec : public LetterCodec {
 public:
  std::unique_ptr<Compressor> compressor() const override { return nullptr; }
  std::unique_ptr<Compressor> frame_compressor() const override { return LetterCodec::compressor(); }
  std::size_t frame_bytes() const override { return 1000; }
  std::vector<std::byte> stream_trailer(std::span<const StreamFrame> frames) const override {
    std::string text = "!";
    for (const StreamFrame& frame : frames) {
      text +=
          std::to_string(frame.offset) + "+" + std::to_string(frame.stored) + "=" + std::to_string(frame.size) + " ";
    }
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
  }
};

TEST_F(RawContainerTest, TheCodecChoosesTheFramesAndEndsTheStream) {
  BlobBuilder builder;
  builder.add(1500, make_memory_blob({std::byte{'a'}}));
  const BlobPtr disk = builder.finish(3001);
  const Registry registry;
  Context context(registry, {.threads = 2});
  OutputFile output(output_path(), {.force = false, .sync = OutputFile::Sync::Never});
  const IndexedLetterCodec codec;
  RawContainer().write(*disk, output, &codec, context);
  output.commit();
  EXPECT_EQ(test::run_tool("cat '" + output_path().string() + "'").output,
            "F1000:F1000:aF1000:F1:!0+6=1000 6+7=1000 13+6=1000 19+3=1 ");
}

TEST_F(RawContainerTest, AStreamOfNothingIsAFrame) {
  const Registry registry;
  Context context(registry, {.threads = 1});
  OutputFile output(output_path(), {.force = false, .sync = OutputFile::Sync::Never});
  const LetterCodec codec;
  RawContainer().write(*make_hole_blob(0), output, &codec, context);
  output.commit();
  EXPECT_EQ(test::run_tool("cat '" + output_path().string() + "'").output, "F0:");
}

TEST_F(RawContainerTest, CancellingStopsTheWrite) {
  const Registry registry;
  std::atomic<bool> cancelled = true;
  Context context(registry, {.threads = 2, .source_date_epoch = {}, .listener = nullptr, .cancelled = &cancelled});
  OutputFile output(output_path(), {.force = false, .sync = OutputFile::Sync::Never});
  try {
    RawContainer().write(*random_blob(kMiB, 15), output, nullptr, context);
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::Cancelled);
  }
}

TEST_F(RawContainerTest, AnythingOpensAndNothingIsRecognised) {
  const Registry registry;
  Context context(registry, {.threads = 1, .source_date_epoch = {}, .listener = nullptr});
  const BlobPtr file = random_blob(1000, 16);
  EXPECT_FALSE(RawContainer().probe(*file));
  EXPECT_EQ(RawContainer().open({file}, "", context), file);
  EXPECT_THROW(RawContainer().open({file}, "before", context), Error);
}

TEST_F(RawContainerTest, QemuReadsTheSameBytes) {
  BlobBuilder builder;
  builder.add(12'345, random_blob(3 * kMiB, 17));
  const BlobPtr disk = builder.finish(16 * kMiB);
  write(*disk);
  test::write_blob(*disk, temporary_.path() / "expected.img");
  const test::ToolResult compared = test::run_tool("qemu-img compare -f raw -F raw '" + output_path().string() + "' '" +
                                                   (temporary_.path() / "expected.img").string() + "'");
  EXPECT_EQ(compared.exit_code, 0) << compared.output;
}

TEST(RawPluginTest, RegistersRawForItsExtensions) {
  Registry registry;
  fstool_plugin.register_formats(registry);
  const Format<Container>& format = registry.get<Container>("raw");
  EXPECT_EQ(format.info.extensions, (std::vector<std::string>{"img", "raw"}));
  EXPECT_TRUE(format.info.options.empty());
  EXPECT_NE(format.create({}), nullptr);
}

}  // namespace
}  // namespace fstool::raw
