#include "packed_image.h"

#include <algorithm>
#include <cstdint>
#include <stdexcept>

#include "fstool/blob.h"

namespace fstool::fuzz {

namespace {

constexpr std::size_t kUnit = 64;
constexpr std::size_t kNumberBytes = 2;
constexpr std::size_t kMaxUnits = 65536;

std::size_t load_number(std::span<const std::byte> bytes) {
  return std::to_integer<std::size_t>(bytes[0]) | std::to_integer<std::size_t>(bytes[1]) << 8;
}

void append_number(std::vector<std::byte>& out, std::size_t number) {
  out.push_back(static_cast<std::byte>(number & 0xFF));
  out.push_back(static_cast<std::byte>((number >> 8) & 0xFF));
}

}  // namespace

std::vector<std::byte> unpack_image(std::span<const std::byte> packed) {
  if (packed.size() < kNumberBytes) return {};
  const std::size_t units = load_number(packed);
  std::vector<std::byte> image((units == 0 ? kMaxUnits : units) * kUnit);
  for (packed = packed.subspan(kNumberBytes); packed.size() >= kNumberBytes + kUnit;
       packed = packed.subspan(kNumberBytes + kUnit)) {
    const std::size_t offset = load_number(packed) * kUnit;
    if (offset >= image.size()) continue;
    const auto bytes = packed.subspan(kNumberBytes, kUnit);
    std::copy(bytes.begin(), bytes.end(), image.begin() + static_cast<std::ptrdiff_t>(offset));
  }
  return image;
}

std::vector<std::byte> pack_image(std::span<const std::byte> image) {
  const std::size_t units = (image.size() + kUnit - 1) / kUnit;
  if (units == 0 || units > kMaxUnits) throw std::length_error("only images of 1 byte to 4 MiB can be packed");
  std::vector<std::byte> packed;
  append_number(packed, units % kMaxUnits);
  for (std::size_t unit = 0; unit < units; ++unit) {
    const std::size_t offset = unit * kUnit;
    const auto bytes = image.subspan(offset, std::min(kUnit, image.size() - offset));
    if (is_zero(bytes)) continue;
    append_number(packed, unit);
    packed.insert(packed.end(), bytes.begin(), bytes.end());
    packed.resize(packed.size() + kUnit - bytes.size());
  }
  return packed;
}

}  // namespace fstool::fuzz
