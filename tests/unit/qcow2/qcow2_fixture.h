/// \file
/// What the tests of qcow2 need: the codecs, disks of every kind, and qemu-img's opinion of an image.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fstool/blob.h"
#include "fstool/codec.h"
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
  };

  /// Writes `disk` as an image, which it returns the path of.
  std::filesystem::path write(const Blob& disk, const Settings& settings, const std::string& name = "disk.qcow2");

  /// Fails unless `qemu-img check` finds nothing to say about the image.
  void expect_clean(const std::filesystem::path& image);
  /// Fails unless QEMU reads `disk`, padded with zeros to a whole sector, out of the image.
  void expect_content(const std::filesystem::path& image, const Blob& disk);

  std::string output_of(const std::string& command);

  fstool::test::TemporaryDirectory directory_;
};

std::vector<std::byte> file_bytes(const std::filesystem::path& path);

}  // namespace fstool::qcow2::test
