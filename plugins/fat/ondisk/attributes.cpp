#include "ondisk/attributes.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <string>

#include "ondisk/directory_entry.h"

namespace fstool::fat {

namespace {

constexpr std::uint8_t kShown = kAttributeHidden | kAttributeSystem;

std::shared_ptr<const Xattrs> make_xattrs(std::uint8_t attributes) {
  return std::make_shared<const Xattrs>(
      Xattrs{{std::string(kAttributesXattr), fmt::format("{:#x}", static_cast<unsigned>(attributes))}});
}

}  // namespace

std::shared_ptr<const Xattrs> xattrs_of(std::uint8_t attributes) {
  static const std::array<std::shared_ptr<const Xattrs>, 3> sets = {make_xattrs(kAttributeHidden),
                                                                    make_xattrs(kAttributeSystem), make_xattrs(kShown)};
  switch (attributes & kShown) {
    case kAttributeHidden:
      return sets[0];
    case kAttributeSystem:
      return sets[1];
    case kShown:
      return sets[2];
    default:
      return nullptr;
  }
}

std::optional<std::uint8_t> parse_attributes(std::string_view value) {
  if (!value.starts_with("0x")) return std::nullopt;
  value.remove_prefix(2);
  if (value.ends_with('\0')) value.remove_suffix(1);
  std::uint8_t attributes = 0;
  const auto result = std::from_chars(value.data(), value.data() + value.size(), attributes, 16);
  if (value.empty() || result.ec != std::errc() || result.ptr != value.data() + value.size()) return std::nullopt;
  return attributes;
}

}  // namespace fstool::fat
