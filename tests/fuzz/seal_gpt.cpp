#include "seal_gpt.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "fstool/checksum.h"
#include "structures.h"

namespace fstool::fuzz {

namespace {

using gpt::Header;

constexpr std::array<std::uint64_t, 2> kSectorSizes{512, 4096};

/// With which the header at `offset` is where it says; that of most disks if none does.
std::uint64_t sector_size_of(const Header& header, std::size_t offset) {
  const auto fits = [&](std::uint64_t size) { return offset % size == 0 && header.my_lba == offset / size; };
  const auto found = std::ranges::find_if(kSectorSizes, fits);
  return found == kSectorSizes.end() ? kSectorSizes.front() : *found;
}

void seal_entries(Header& header, std::span<const std::byte> image, std::uint64_t sector_size) {
  const std::uint64_t lba = header.partition_entry_lba;
  const std::uint64_t size = std::uint64_t{header.number_of_partition_entries} * header.size_of_partition_entry;
  if (lba > image.size() / sector_size || size > image.size() - lba * sector_size) return;
  header.partition_entry_array_crc32 = crc32(0, image.subspan(lba * sector_size, size));
}

void seal_header(std::span<std::byte> image, std::size_t offset) {
  Header header;
  std::memcpy(&header, &image[offset], sizeof(header));
  if (header.signature != gpt::kHeaderSignature) return;
  const std::uint64_t sector_size = sector_size_of(header, offset);
  seal_entries(header, image, sector_size);
  header.header_crc32 = 0;
  std::memcpy(&image[offset], &header, sizeof(header));
  const std::uint64_t most = std::min<std::uint64_t>(sector_size, image.size() - offset);
  if (header.header_size > most) return;
  header.header_crc32 = crc32(0, image.subspan(offset, header.header_size));
  std::memcpy(&image[offset], &header, sizeof(header));
}

}  // namespace

void seal_gpt(std::span<std::byte> image) {
  const std::size_t sector_size = kSectorSizes.front();
  for (std::size_t offset = 0; offset + sector_size <= image.size(); offset += sector_size) seal_header(image, offset);
}

}  // namespace fstool::fuzz
