/// \file
/// What the tests of vmdk need: the codecs, images, and their structures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "container_fixture.h"
#include "fstool/registry.h"
#include "ondisk/marker.h"
#include "ondisk/sparse_header.h"
#include "plugin_loader.h"
#include "vmdk.h"

namespace fstool::vmdk::test {

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;
inline constexpr std::uint64_t kTiB = 1024 * kGiB;

/// The codecs, from the plugins as they are installed.
inline Registry codecs() {
  Registry registry;
  fstool::test::register_plugin(FSTOOL_TEST_CODECS, "codec-deflate", registry);
  fstool::test::register_plugin(FSTOOL_TEST_CODECS, "codec-zstd", registry);
  return registry;
}

/// Bytes of all kinds, next to each other: text, random bytes, zeros that are stored as data, and some of each within
/// one grain.
std::vector<std::byte> mixed_bytes(std::size_t size, std::size_t grain_size);

class VmdkTest : public fstool::test::ContainerFixture {
 protected:
  VmdkTest() : ContainerFixture(codecs()) {}

  static VmdkOptions with(Subformat subformat, std::uint64_t grain_size = 64 * kKiB) {
    VmdkOptions options;
    options.subformat = subformat;
    options.grain_size = Bytes{grain_size};
    return options;
  }

  std::uint64_t write(const Blob& disk, const VmdkOptions& options, const std::string& name = "disk.vmdk",
                      unsigned threads = 2);

  /// An image of the subformat with a few MiB of data, some of which doesn't lie at the begin.
  void write_example(Subformat subformat, const std::string& name = "disk.vmdk");

  SparseExtentHeader header(const std::string& name) const { return get<SparseExtentHeader>(name, 0); }
  /// The header that has the place of the directory: of streamOptimized, the footer.
  SparseExtentHeader last_header(const std::string& name) const;
  std::uint64_t end_of_stream(const std::string& name) const {
    return std::filesystem::file_size(path(name)) - sizeof(StreamEnd);
  }
  /// Where entry `index` of a directory or table at `sector` is, in bytes.
  static std::uint64_t place_of(std::uint64_t sector, std::uint64_t index) {
    return sector * kSectorBytes + index * sizeof(TableEntry);
  }
  std::uint32_t entry(const std::string& name, std::uint64_t sector, std::uint64_t index) const {
    return get<TableEntry>(name, place_of(sector, index));
  }
  void set_entry(const std::string& name, std::uint64_t sector, std::uint64_t index, std::uint32_t value) const {
    put(name, place_of(sector, index), TableEntry(value));
  }
  /// The sector of a grain, or 0.
  std::uint32_t grain_sector(const std::string& name, std::uint64_t grain) const;

  void write_text(const std::string& name, const std::string& text) const;
  std::string descriptor_of(const std::string& name) const;

  VmdkContainer container_{VmdkOptions{}};
};

}  // namespace fstool::vmdk::test
