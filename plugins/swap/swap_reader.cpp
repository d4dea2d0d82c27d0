#include "swap_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <span>
#include <string_view>

#include "fstool/error.h"
#include "swap_header.h"

namespace fstool::swap {
namespace {

using boost::endian::order;

struct Signature {
  std::uint32_t page_size = 0;
  std::string hibernation;  ///< empty: none
};

std::optional<Signature> find_signature(const Blob& image) {
  for (const std::uint32_t page_size : kPageSizes) {
    if (image.size() < page_size) break;
    std::array<char, kSignatureBytes> stored{};
    image.read(signature_offset(page_size), std::as_writable_bytes(std::span(stored)));
    const std::string_view text(stored.data(), stored.size());
    if (text == kSignature) return Signature{page_size, {}};
    for (const std::string_view hibernation : kHibernationSignatures) {
      if (text.starts_with(hibernation)) return Signature{page_size, std::string(hibernation)};
    }
  }
  return std::nullopt;
}

template <order Order>
SwapArea decode(std::span<const std::byte> page, const Signature& signature) {
  SwapHeader<Order> header;
  std::memcpy(&header, page.data() + kHeaderOffset, sizeof(header));
  SwapArea area;
  area.page_size = signature.page_size;
  area.is_big_endian = Order == order::big;
  area.hibernation = signature.hibernation;
  area.pages = std::uint64_t{header.last_page} + 1;
  area.bad_pages = header.bad_pages;
  area.uuid.bytes = header.uuid;
  area.label.assign(header.label.begin(), std::ranges::find(header.label, '\0'));
  area.bad_page_list.resize(std::min(area.bad_pages, max_bad_pages(area.page_size)));
  for (std::size_t i = 0; i < area.bad_page_list.size(); ++i) {
    BadPage<Order> number;
    std::memcpy(&number, page.data() + kBadPagesOffset + i * sizeof(number), sizeof(number));
    area.bad_page_list[i] = number;
  }
  return area;
}

template <order Order>
std::uint32_t version_of(std::span<const std::byte> page) {
  SwapHeader<Order> header;
  std::memcpy(&header, page.data() + kHeaderOffset, sizeof(header));
  return header.version;
}

}  // namespace

bool has_signature(const Blob& image) { return find_signature(image).has_value(); }

SwapArea read_area(const Blob& image) {
  const auto signature = find_signature(image);
  if (!signature) {
    throw Error(ErrorCode::Corrupt,
                "this is no swap area: no page size has its signature at the end of the first page");
  }
  std::vector<std::byte> page(signature->page_size);
  image.read(0, page);
  // The byte order is the one in which the version makes sense.
  if (version_of<order::little>(page) == kVersion) return decode<order::little>(page, *signature);
  if (version_of<order::big>(page) == kVersion) return decode<order::big>(page, *signature);
  throw Error(ErrorCode::Unsupported, fmt::format("the swap area has version {}, and only version {} is known",
                                                  version_of<order::little>(page), kVersion));
}

VolumeFacts facts_of(const SwapArea& area) {
  VolumeFacts facts;
  facts.type = "swap";
  facts.label = area.label;
  facts.uuid = area.uuid.is_nil() ? std::string() : area.uuid.to_string();
  facts.size = area.size();
  facts.block_size = area.page_size;
  facts.blocks = area.pages;
  const std::set<std::uint32_t> bad(area.bad_page_list.begin(), area.bad_page_list.end());
  const std::uint64_t usable = area.pages - 1;
  if (area.hibernation.empty()) facts.free_blocks = usable - std::min<std::uint64_t>(usable, bad.size());
  if (area.is_big_endian) facts.features = {"big_endian"};
  facts.state = area.hibernation.empty() ? "ready" : fmt::format("holds a hibernation image ({})", area.hibernation);
  return facts;
}

}  // namespace fstool::swap
