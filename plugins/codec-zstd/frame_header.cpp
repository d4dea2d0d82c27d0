#include "frame_header.h"

#include <zstd.h>

#include <algorithm>
#include <span>

namespace fstool::zstd {

std::optional<FrameHeader> read_frame_header(WindowReader& file, std::uint64_t offset) {
  using boost::endian::little_uint32_t;
  constexpr std::uint32_t kMagicAndDescriptor = 5;
  const auto magic = file.get<little_uint32_t>(offset);
  if (!magic || *magic != kFrameMagic) return std::nullopt;
  const auto descriptor = file.get<std::uint8_t>(offset + sizeof(little_uint32_t));
  if (!descriptor) return std::nullopt;
  const bool single_segment = (*descriptor & 0x20U) != 0;
  const std::uint32_t dictionary_bytes = std::array{0U, 1U, 2U, 4U}[*descriptor & 3U];
  const unsigned size_flag = *descriptor >> 6U;
  const std::uint32_t size_bytes = size_flag == 0 ? (single_segment ? 1 : 0) : 1U << size_flag;
  FrameHeader header;
  header.bytes = kMagicAndDescriptor + (single_segment ? 0 : 1) + dictionary_bytes + size_bytes;
  header.has_checksum = (*descriptor & 4U) != 0;

  std::array<std::byte, kLongestFrameHeader> bytes{};
  const auto used = std::span(bytes).first(header.bytes);
  if (!file.read(offset, used)) return std::nullopt;
  const unsigned long long size = ZSTD_getFrameContentSize(used.data(), used.size());
  if (size == ZSTD_CONTENTSIZE_ERROR) return std::nullopt;
  if (size != ZSTD_CONTENTSIZE_UNKNOWN) header.content_size = size;
  return header;
}

}  // namespace fstool::zstd
