#include "seal_vhd.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "ondisk/checksum.h"
#include "ondisk/dynamic_header.h"
#include "ondisk/footer.h"

namespace fstool::fuzz {

namespace {

/// Seals the structure at `offset` and returns it, if there is one with that cookie.
template <class Structure>
std::optional<Structure> seal(std::span<std::byte> image, std::uint64_t offset, std::string_view cookie) {
  Structure structure;
  if (image.size() < sizeof(structure) || offset > image.size() - sizeof(structure)) return std::nullopt;
  std::memcpy(&structure, &image[offset], sizeof(structure));
  if (!std::ranges::equal(structure.cookie, cookie)) return std::nullopt;
  structure.checksum = vhd::checksum_of(structure);
  std::memcpy(&image[offset], &structure, sizeof(structure));
  return structure;
}

void seal_footer(std::span<std::byte> image, std::uint64_t offset) {
  const auto footer = seal<vhd::Footer>(image, offset, vhd::kFooterCookie);
  if (footer) seal<vhd::DynamicHeader>(image, footer->data_offset, vhd::kDynamicCookie);
}

}  // namespace

void seal_vhd(std::span<std::byte> image) {
  seal_footer(image, 0);
  if (image.size() >= sizeof(vhd::Footer)) seal_footer(image, image.size() - sizeof(vhd::Footer));
}

}  // namespace fstool::fuzz
