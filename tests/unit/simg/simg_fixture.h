/// \file
/// What the tests of simg need: images, and their chunks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include "container_fixture.h"
#include "ondisk/sparse_image.h"
#include "simg.h"

namespace fstool::simg::test {

inline constexpr std::uint64_t kKiB = 1024;
inline constexpr std::uint64_t kMiB = 1024 * kKiB;
inline constexpr std::uint64_t kGiB = 1024 * kMiB;
inline constexpr std::uint64_t kTiB = 1024 * kGiB;

/// A chunk as it lies in a file.
struct FoundChunk {
  ChunkType type = ChunkType::Raw;
  std::uint64_t blocks = 0;
  std::uint32_t value = 0;  ///< of fills and checksums

  friend bool operator==(const FoundChunk&, const FoundChunk&) = default;
  friend void PrintTo(const FoundChunk& chunk, std::ostream* out) {
    *out << std::hex << static_cast<unsigned>(chunk.type) << std::dec << ' ' << chunk.blocks << ' ' << chunk.value;
  }
};

class SimgTest : public fstool::test::ContainerFixture {
 protected:
  std::uint64_t write(const Blob& disk, const SimgOptions& options = {}, const std::string& name = "disk.simg",
                      unsigned threads = 2) {
    SimgContainer container(options);
    return write_image(container, disk, name, threads);
  }

  ImageHeader header(const std::string& name) const { return get<ImageHeader>(name, 0); }

  /// The chunks of an image with headers of the usual size.
  std::vector<FoundChunk> chunks(const std::string& name) const {
    std::vector<FoundChunk> found;
    std::uint64_t offset = sizeof(ImageHeader);
    for (std::uint32_t i = 0; i < header(name).chunks; ++i) {
      const auto chunk = get<ChunkHeader>(name, offset);
      const auto type = static_cast<ChunkType>(chunk.type.value());
      const bool has_value = type == ChunkType::Fill || type == ChunkType::Crc32;
      found.push_back({type, chunk.blocks, has_value ? get<ChunkValue>(name, offset + sizeof(chunk)).value() : 0});
      offset += chunk.bytes;
    }
    EXPECT_EQ(offset, std::filesystem::file_size(path(name)));
    return found;
  }

  /// Fails unless simg2img makes `disk`, padded with zeros to whole blocks, of an image.
  void expect_simg2img_reads(const std::string& name, const Blob& disk, std::uint64_t block_size) const {
    std::filesystem::remove(path("converted.raw"));
    output_of("simg2img " + name + " converted.raw");
    fstool::test::write_blob(disk, path("expected.raw"));
    std::filesystem::resize_file(path("expected.raw"), round_up(disk.size(), block_size));
    fstool::test::expect_same(*open_file_blob(path("converted.raw")), *open_file_blob(path("expected.raw")));
  }

  SimgContainer container_{SimgOptions{}};
};

}  // namespace fstool::simg::test
