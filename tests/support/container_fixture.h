/// \file
/// What the tests of every container need: images in a directory of their own, disks to put into them, what is said
/// against an image, and QEMU's opinion of it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "codec_fixture.h"
#include "fstool/blob.h"
#include "fstool/container.h"
#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/output_file.h"
#include "fstool/registry.h"
#include "fstool/size.h"
#include "run_tool.h"

namespace fstool::test {

/// A disk that is a hole except for pieces at the given offsets.
inline BlobPtr sparse_disk(std::uint64_t size, const std::map<std::uint64_t, std::vector<std::byte>>& pieces) {
  BlobBuilder builder;
  for (const auto& [offset, bytes] : pieces) builder.add(offset, make_memory_blob(bytes));
  return builder.finish(size);
}

/// Fails unless both have the same bytes, read whole and in pieces of any size, and holes of `disk` are zeros.
inline void expect_same(const Blob& disk, const Blob& expected) {
  constexpr std::size_t kBufferBytes = std::size_t{4} << 20U;
  ASSERT_EQ(disk.size(), expected.size());
  std::vector<std::byte> ours(kBufferBytes);
  std::vector<std::byte> theirs(kBufferBytes);
  const auto compare = [&](std::uint64_t offset, std::uint64_t length) {
    const auto a = std::span(ours).first(length);
    const auto b = std::span(theirs).first(length);
    disk.read(offset, a);
    expected.read(offset, b);
    const auto difference = std::ranges::mismatch(a, b);
    ASSERT_TRUE(difference.in1 == a.end())
        << "byte " << offset + static_cast<std::uint64_t>(difference.in1 - a.begin());
  };
  for (std::uint64_t at = 0; at < disk.size();) {
    const Run run = disk.run_at(at);
    ASSERT_GT(run.length, 0U);
    ASSERT_LE(run.length, disk.size() - at);
    std::vector<DataExtent> extents = {{at, run.length}};
    if (run.hole) extents = data_extents(expected, at, run.length, 1);
    for (const DataExtent& extent : extents) {
      for (std::uint64_t done = 0; done < extent.length; done += kBufferBytes) {
        compare(extent.offset + done, std::min<std::uint64_t>(kBufferBytes, extent.length - done));
        if (testing::Test::HasFatalFailure()) return;
        if (run.hole) {
          ASSERT_TRUE(is_zero(std::span(ours).first(std::min<std::uint64_t>(kBufferBytes, extent.length - done))))
              << at;
        }
      }
    }
    at += run.length;
  }
  std::mt19937_64 random(1);
  for (int i = 0; i < 200 && disk.size() > 0; ++i) {
    const std::uint64_t offset = random() % disk.size();
    compare(offset, std::min<std::uint64_t>(random() % (i % 10 == 0 ? kBufferBytes : 5000), disk.size() - offset));
    if (testing::Test::HasFatalFailure()) return;
  }
}

/// Disks that end within a sector, a cluster or a block, but for those of whole sectors.
inline std::vector<BlobPtr> disks_of_odd_sizes() {
  constexpr std::size_t kKiB = 1024;
  std::vector<BlobPtr> disks;
  for (const std::size_t size :
       {std::size_t{1}, 511UL, 512UL, 513UL, 4097UL, 1024 * kKiB, 5120 * kKiB + 512, 4396 * kKiB + 17}) {
    disks.push_back(make_memory_blob(random_bytes(size, 3)));
  }
  return disks;
}

class ContainerFixture : public testing::Test {
 protected:
  ContainerFixture() = default;
  /// With the formats that the container needs, which are codecs.
  explicit ContainerFixture(Registry registry) : registry_(std::move(registry)) {}

  std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }

  /// Writes `disk` as an image of the test's directory. Returns how many bytes were handed to the output.
  std::uint64_t write_image(Container& container, const Blob& disk, const std::string& name, unsigned threads = 2,
                            std::optional<std::int64_t> source_date_epoch = {}, const Codec* codec = nullptr) {
    Context::Settings settings;
    settings.threads = threads;
    settings.source_date_epoch = source_date_epoch;
    Context context(registry_, settings);
    OutputFile output(path(name), {.force = false, .sync = OutputFile::Sync::Never});
    container.write(disk, output, codec, context);
    output.commit();
    return output.bytes_written();
  }

  ContainerFile file(const std::string& name) const { return {open_file_blob(path(name)), path(name)}; }

  /// The disk in an image. It reads as long as the test lasts; what is damaged goes to damage().
  BlobPtr open_image(Container& container, const std::string& name) {
    return container.open(file(name), "", new_context());
  }

  /// The code and the text of the Error that `work` throws; the test fails if it throws none.
  template <class Work>
  static std::pair<ErrorCode, std::string> error_of(Work&& work) {
    try {
      std::forward<Work>(work)();
    } catch (const Error& error) {
      return {error.code(), error.what()};
    }
    ADD_FAILURE() << "no error was thrown";
    return {ErrorCode::Internal, ""};
  }

  std::pair<ErrorCode, std::string> open_error(Container& container, const std::string& name) {
    return error_of([&] { open_image(container, name); });
  }

  /// What check() has to say against an image, a line each.
  std::string check_image(Container& container, const std::string& name) {
    damage_.clear();
    container.check(file(name), new_context());
    return damage();
  }

  /// What was reported as damage, a line each.
  std::string damage() {
    const std::lock_guard lock(mutex_);
    return damage_;
  }

  Context& new_context() {
    Context::Settings settings;
    settings.threads = 2;
    settings.damage_listener = [this](std::string_view message) {
      const std::lock_guard lock(mutex_);
      damage_ += std::string(message) + '\n';
    };
    contexts_.push_back(std::make_unique<Context>(registry_, settings));
    return *contexts_.back();
  }

  /// What a command that is run in the test's directory, and has to succeed, writes.
  std::string output_of(const std::string& command) const {
    const ToolResult result = run_tool("cd '" + directory_.path().string() + "' && " + command);
    EXPECT_EQ(result.exit_code, 0) << command << '\n' << result.output;
    return result.output;
  }

  /// Fails unless QEMU, told the format, reads `disk`, padded with zeros to `size` bytes, out of an image.
  void expect_qemu_reads(const std::string& format, const std::string& name, const Blob& disk,
                         std::uint64_t size) const {
    const auto info = nlohmann::json::parse(output_of("qemu-img info --output=json -f " + format + " " + name));
    EXPECT_EQ(info.at("virtual-size"), size);
    write_blob(disk, path("expected.raw"));
    std::filesystem::resize_file(path("expected.raw"), size);
    output_of("qemu-img compare -q -f " + format + " -F raw " + name + " expected.raw");
  }

  /// Fails unless an image has, byte for byte, the disk that QEMU reads out of it.
  void expect_reads_as_qemu(Container& container, const std::string& format, const std::string& name) {
    SCOPED_TRACE(name);
    output_of("qemu-img convert -f " + format + " -O raw " + name + " converted.raw");
    expect_same(*open_image(container, name), *open_file_blob(path("converted.raw")));
  }

  /// Writes a disk as an image of that name, by so many workers, with the options that a test is about.
  using WriteDisk = std::function<void(const Blob& disk, const std::string& name, unsigned threads)>;

  /// Fails unless the image of `disk` is the same however many workers write it.
  void expect_threads_do_not_matter(const Blob& disk, const WriteDisk& write) const {
    write(disk, "one", 1);
    write(disk, "five", 5);
    EXPECT_TRUE(file_bytes("one") == file_bytes("five"));
  }

  /// Fails unless holes of a disk and zeros make the same image: a disk of 20 MiB with two pieces of random bytes, 1
  /// MiB and 77 bytes each, which the image "whole" holds afterwards.
  void expect_zeros_are_holes(const WriteDisk& write) const {
    constexpr std::uint64_t kMiB = 1024 * 1024;
    const auto piece = random_bytes(kMiB + 77, 7);
    std::vector<std::byte> whole(20 * kMiB);
    const std::map<std::uint64_t, std::vector<std::byte>> pieces = {{3 * kMiB, piece}, {11 * kMiB + 512, piece}};
    for (const auto& [offset, bytes] : pieces) std::ranges::copy(bytes, whole.begin() + static_cast<ptrdiff_t>(offset));
    write(*sparse_disk(whole.size(), pieces), "sparse", 2);
    write(*make_memory_blob(whole), "whole", 2);
    EXPECT_TRUE(file_bytes("sparse") == file_bytes("whole"));
  }

  std::vector<std::byte> file_bytes(const std::string& name) const {
    return read_all(*open_file_blob(path(name)), std::uint64_t{1} << 30U);
  }

  /// Overwrites bytes of a file; it grows if they reach beyond its end.
  void patch(const std::string& name, std::uint64_t offset, std::span<const std::byte> bytes) const {
    std::fstream stream(path(name), std::ios::binary | std::ios::in | std::ios::out);
    stream.exceptions(std::ios::badbit | std::ios::failbit);
    stream.seekp(static_cast<std::streamoff>(offset));
    stream.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }

  template <class Structure>
  void put(const std::string& name, std::uint64_t offset, const Structure& structure) const {
    patch(name, offset, std::as_bytes(std::span(&structure, 1)));
  }

  template <class Structure>
  Structure get(const std::string& name, std::uint64_t offset) const {
    Structure structure;
    open_file_blob(path(name))->read(offset, std::as_writable_bytes(std::span(&structure, 1)));
    return structure;
  }

  /// Bytes that the host keeps of a file.
  std::uint64_t allocated_bytes(const std::string& name) const {
    return std::stoull(output_of("stat -c %b " + name)) * 512;
  }

  const Registry registry_;
  const TemporaryDirectory directory_;

 private:
  std::mutex mutex_;
  std::string damage_;
  std::vector<std::unique_ptr<Context>> contexts_;
};

/// Changes random bytes in the first `reach` bytes and at the end of an image, and opens, checks and reads what comes
/// out: nothing but an Error(Corrupt/Unsupported) may happen.
inline void expect_survives_damage(Container& container, const std::vector<std::byte>& image, std::size_t reach,
                                   unsigned rounds, const Registry& registry = Registry()) {
  std::mt19937 random(1);
  for (unsigned round = 0; round < rounds; ++round) {
    SCOPED_TRACE(round);
    std::vector<std::byte> damaged = image;
    for (unsigned changes = 1 + random() % 4; changes > 0; --changes) {
      const std::size_t at = random() % 4 == 0 ? damaged.size() - 1 - random() % 512 : random() % reach;
      damaged[at] = random() % 2 == 0 ? static_cast<std::byte>(random() & 0xffU) : damaged[at] ^ std::byte{0x80};
    }
    if (random() % 8 == 0) damaged.resize(random() % damaged.size());
    Context::Settings settings;
    settings.threads = 1;
    settings.damage_listener = [](std::string_view /*message*/) {};
    Context context(registry, settings);
    const ContainerFile file{make_memory_blob(std::move(damaged))};
    const auto survives = [](auto&& work) {
      try {
        work();
      } catch (const Error& error) {
        EXPECT_TRUE(error.code() == ErrorCode::Corrupt || error.code() == ErrorCode::Unsupported) << error.what();
      }
    };
    container.probe(*file.bytes);
    survives([&] { container.inspect(file, context); });
    survives([&] { container.check(file, context); });
    survives([&] {
      const BlobPtr disk = container.open(file, "", context);
      std::vector<std::byte> piece(std::min<std::uint64_t>(disk->size(), 100'000));
      std::uint64_t at = 0;
      for (unsigned runs = 0; runs < 20 && at < disk->size(); ++runs) {
        disk->read(at, std::span(piece).first(std::min<std::uint64_t>(piece.size(), disk->size() - at)));
        at += disk->run_at(at).length;
      }
    });
  }
}

}  // namespace fstool::test
