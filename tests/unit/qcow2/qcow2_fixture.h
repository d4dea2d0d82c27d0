/// \file
/// What the tests of qcow2 need: the codecs, disks of every kind, and qemu-img's opinion of an image.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "fstool/blob.h"
#include "fstool/codec.h"
#include "fstool/container.h"
#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/registry.h"
#include "run_tool.h"

namespace fstool::qcow2::test {

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;
inline constexpr std::uint64_t kTiB = 1024 * kGiB;

/// The codecs, from the plugins as they are installed.
const Registry& codecs();

/// `name` is "none" (null), "deflate" or "zstd"; `options` as -O takes them.
std::unique_ptr<Codec> make_codec(const std::string& name, const std::string& options = "");

/// A disk that is a hole except for pieces at the given offsets.
BlobPtr sparse_disk(std::uint64_t size, const std::map<std::uint64_t, std::vector<std::byte>>& pieces);

class Qcow2Test : public testing::Test {
 protected:
  struct Settings {
    std::uint64_t cluster_size = 64 * kKiB;
    std::string codec = "none";
    unsigned threads = 2;
    std::string options = {};  ///< others than cluster_size, as -O takes them
  };

  /// Writes `disk` as an image, which it returns the path of.
  std::filesystem::path write(const Blob& disk, const Settings& settings, const std::string& name = "disk.qcow2");

  /// Fails unless `qemu-img check` finds nothing to say about the image.
  void expect_clean(const std::filesystem::path& image);
  /// Fails unless QEMU reads `disk`, padded with zeros to a whole sector, out of the image.
  void expect_content(const std::filesystem::path& image, const Blob& disk);

  std::string output_of(const std::string& command);

  std::filesystem::path path(const std::string& name) const { return directory_.path() / name; }

  /// Runs `qemu-img ARGUMENTS` in the test's directory; it has to succeed.
  void qemu_img(const std::string& arguments);
  /// Runs `qemu-io` with each of the commands on an image of the test's directory; all have to succeed.
  void qemu_io(const std::string& image, const std::vector<std::string>& commands);

  /// The disk in an image of the test's directory, or in one of its snapshots. It reads as long as the test lasts.
  BlobPtr open(const std::string& image, const std::string& snapshot = "");
  ContainerFacts inspect(const std::string& image);
  /// The code and the text of the Error that opening an image throws; the test fails if it throws none.
  std::pair<ErrorCode, std::string> open_error(const std::string& image, const std::string& snapshot = "");
  /// What check() has to say against an image, a line each.
  std::string check(const std::string& image);

  /// Fails unless the disk is, byte for byte, what `qemu-img convert OPTIONS -O raw` makes of the image.
  void expect_reads_as_qemu(const std::string& image, const std::string& options = "");
  /// Fails unless both have the same bytes, read whole and in pieces of any size, and holes of `disk` are zeros.
  static void expect_same(const Blob& disk, const Blob& expected);

  /// What was warned of and reported as damage, a line each.
  std::string warnings();

  fstool::test::TemporaryDirectory directory_;

 private:
  std::mutex mutex_;
  std::string warnings_;
  std::vector<std::unique_ptr<Context>> contexts_;

  Context& new_context();
};

std::vector<std::byte> file_bytes(const std::filesystem::path& path);
void write_bytes(const std::filesystem::path& path, std::uint64_t offset, std::span<const std::byte> bytes);
/// A big-endian number in a file.
std::uint64_t load_number(const std::filesystem::path& path, std::uint64_t offset);
void store_number(const std::filesystem::path& path, std::uint64_t offset, std::uint64_t number);

}  // namespace fstool::qcow2::test
