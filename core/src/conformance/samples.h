/// \file
/// Bytes to try formats with. All are the same on every run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "fstool/blob.h"

namespace fstool::conformance {

using ByteVector = std::vector<std::byte>;

ByteVector random_bytes(std::size_t size, std::uint32_t seed);

/// Words in random order: compresses to about a third.
ByteVector text_bytes(std::size_t size, std::uint32_t seed);

/// Stretches of zeros, text and random bytes.
ByteVector mixed_bytes(std::size_t size, std::uint32_t seed);

struct SampleBlock {
  std::string name;  ///< for messages: "512 zeros"
  ByteVector bytes;
};

/// Blocks from no byte to 256 KiB (thorough: some MiB), of each kind.
std::vector<SampleBlock> sample_blocks(bool thorough);

struct SampleDisk {
  std::string name;  ///< for messages: "a sparse disk of 1049088 bytes"
  BlobPtr disk;
};

/// Disks of odd and even sizes, from a sector to some MiB: holes, data, zeros that are no holes, and all of it.
std::vector<SampleDisk> sample_disks(bool thorough);

/// A disk of `size` bytes that is a hole but for some pieces at odd places, one at either end.
BlobPtr sparse_disk(std::uint64_t size, std::uint32_t seed);

/// `size` bytes, none of them kept in memory, that don't compress.
BlobPtr generated_disk(std::uint64_t size);

/// Bytes that no format should take for its own, from none to 1 MiB: zeros, ones, random bytes and text.
std::vector<SampleBlock> foreign_files();

}  // namespace fstool::conformance
