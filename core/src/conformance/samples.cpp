#include "samples.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <random>
#include <span>
#include <string_view>
#include <utility>

namespace fstool::conformance {

namespace {

constexpr std::size_t kKiB = 1024;
constexpr std::size_t kMiB = 1024 * kKiB;

/// What generated_disk() has in its word at `index`.
std::uint64_t generated_word(std::uint64_t index) {
  std::uint64_t word = (index + 1) * 0x9e3779b97f4a7c15U;
  word ^= word >> 29U;
  word *= 0xbf58476d1ce4e5b9U;
  return word ^ word >> 32U;
}

void generate(std::uint64_t offset, std::span<std::byte> out) {
  for (std::size_t i = 0; i < out.size();) {
    const std::uint64_t at = offset + i;
    const std::uint64_t word = generated_word(at / sizeof(std::uint64_t));
    const auto bytes = std::as_bytes(std::span(&word, 1)).subspan(at % sizeof(word));
    const std::size_t count = std::min(bytes.size(), out.size() - i);
    std::ranges::copy(bytes.first(count), out.begin() + static_cast<std::ptrdiff_t>(i));
    i += count;
  }
}

}  // namespace

ByteVector random_bytes(std::size_t size, std::uint32_t seed) {
  std::mt19937 random(seed);
  ByteVector bytes(size);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random() & 0xffU);
  return bytes;
}

ByteVector text_bytes(std::size_t size, std::uint32_t seed) {
  static constexpr std::array<std::string_view, 12> kWords = {
      "partition ", "of ", "the ", "disk\n", "volume ", "inode ", "and ", "sector ", "table ", "bytes ", "a ", "is\n"};
  std::mt19937 random(seed);
  ByteVector bytes;
  bytes.reserve(size + 16);
  while (bytes.size() < size) {
    for (const char letter : kWords[random() % kWords.size()]) bytes.push_back(static_cast<std::byte>(letter));
    if (random() % 8 == 0) bytes.push_back(static_cast<std::byte>('0' + random() % 10));
  }
  bytes.resize(size);
  return bytes;
}

ByteVector mixed_bytes(std::size_t size, std::uint32_t seed) {
  std::mt19937 random(seed);
  ByteVector bytes;
  while (bytes.size() < size) {
    const std::size_t length = std::min<std::size_t>(1 + random() % 9000, size - bytes.size());
    const auto kind = random() % 3;
    ByteVector stretch(length);
    if (kind == 1) stretch = text_bytes(length, seed + static_cast<std::uint32_t>(bytes.size()));
    if (kind == 2) stretch = random_bytes(length, seed + static_cast<std::uint32_t>(bytes.size()));
    bytes.insert(bytes.end(), stretch.begin(), stretch.end());
  }
  return bytes;
}

std::vector<SampleBlock> sample_blocks(bool thorough) {
  std::vector<std::size_t> sizes = {0, 1, 2, 3, 7, 64, 511, 512, 513, 4096, 64 * kKiB, 100'003, 256 * kKiB};
  if (thorough) sizes.insert(sizes.end(), {4, 5, 6, 8, 15, 16, 17, 255, 256, 257, 65'535, 65'537, kMiB, 5 * kMiB + 1});
  std::vector<SampleBlock> blocks;
  for (const std::size_t size : sizes) {
    const auto seed = static_cast<std::uint32_t>(size);
    blocks.push_back({fmt::format("{} zeros", size), ByteVector(size)});
    if (size == 0) continue;
    blocks.push_back({fmt::format("{} random bytes", size), random_bytes(size, seed)});
    blocks.push_back({fmt::format("{} bytes of text", size), text_bytes(size, seed)});
    if (size > 4096) blocks.push_back({fmt::format("{} bytes of all kinds", size), mixed_bytes(size, seed)});
  }
  return blocks;
}

BlobPtr sparse_disk(std::uint64_t size, std::uint32_t seed) {
  std::mt19937_64 random(seed);
  BlobBuilder builder;
  const std::uint64_t slot = std::max<std::uint64_t>(size / 12, 1);
  for (std::uint64_t start = 0; start < size; start += slot) {
    const std::uint64_t room = std::min(slot, size - start);
    const bool at_an_end = start == 0 || start + slot >= size;
    if (!at_an_end && random() % 3 == 0) continue;
    const std::uint64_t length = std::min<std::uint64_t>(1 + random() % 9000, room);
    const std::uint64_t offset = at_an_end ? (start == 0 ? 0 : room - length) : random() % (room - length + 1);
    builder.add(start + offset, make_memory_blob(mixed_bytes(length, seed + static_cast<std::uint32_t>(start))));
  }
  return builder.finish(size);
}

BlobPtr generated_disk(std::uint64_t size) { return make_generated_blob(size, generate); }

std::vector<SampleDisk> sample_disks(bool thorough) {
  std::vector<std::uint64_t> sizes = {512, 4096, 100'000, kMiB, kMiB + 512, 3 * kMiB + 1537};
  if (thorough) sizes.insert(sizes.end(), {1, 511, 513, 65'536, 65'537, 8 * kMiB - 1, 20 * kMiB + 4096});
  std::vector<SampleDisk> disks;
  for (const std::uint64_t size : sizes) {
    const auto seed = static_cast<std::uint32_t>(size);
    disks.push_back({fmt::format("a sparse disk of {} bytes", size), sparse_disk(size, seed)});
    disks.push_back({fmt::format("a disk of one hole of {} bytes", size), make_hole_blob(size)});
    disks.push_back({fmt::format("a disk of {} bytes of all kinds", size), make_memory_blob(mixed_bytes(size, seed))});
  }
  disks.push_back({"a disk of 1 MiB of zeros that are no hole", make_memory_blob(ByteVector(kMiB))});
  disks.push_back({"a disk of 1 MiB of random bytes", make_memory_blob(random_bytes(kMiB, 1))});
  return disks;
}

std::vector<SampleBlock> foreign_files() {
  std::vector<SampleBlock> files;
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{511}, std::size_t{512}, 64 * kKiB, kMiB}) {
    files.push_back({fmt::format("a file of {} zeros", size), ByteVector(size)});
    if (size == 0) continue;
    files.push_back({fmt::format("a file of {} ones", size), ByteVector(size, std::byte{0xff})});
    files.push_back({fmt::format("a file of {} random bytes", size), random_bytes(size, 7)});
    files.push_back({fmt::format("a text of {} bytes", size), text_bytes(size, 7)});
  }
  return files;
}

}  // namespace fstool::conformance
