/// \file
/// Blobs and bytes for the tests of the core.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/blob.h"

namespace fstool::test {

inline std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span<const char>(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

inline BlobPtr text_blob(std::string_view text) { return make_memory_blob(bytes_of(text)); }

/// The `length` bytes of `blob` from `offset`, with '.' for zero bytes.
inline std::string text_at(const Blob& blob, std::uint64_t offset, std::size_t length) {
  std::vector<std::byte> bytes(length, std::byte{'?'});
  blob.read(offset, bytes);
  std::string text;
  for (const std::byte byte : bytes) text += byte == std::byte{0} ? '.' : static_cast<char>(byte);
  return text;
}

inline std::string text_of(const Blob& blob) { return text_at(blob, 0, blob.size()); }

/// Every run of `blob`: "D5 H3" is five bytes of data and a hole of three.
inline std::string runs_of(const Blob& blob) {
  std::string text;
  for (std::uint64_t offset = 0; offset < blob.size();) {
    const Run run = blob.run_at(offset);
    text += (text.empty() ? "" : " ") + std::string(run.hole ? "H" : "D") + std::to_string(run.length);
    offset += run.length;
  }
  return text;
}

/// "4+8 16+2": extents of 8 bytes at 4 and 2 at 16.
inline std::string extents_text(const std::vector<DataExtent>& extents) {
  std::string text;
  for (const DataExtent& extent : extents) {
    text += (text.empty() ? "" : " ") + std::to_string(extent.offset) + "+" + std::to_string(extent.length);
  }
  return text;
}

}  // namespace fstool::test
