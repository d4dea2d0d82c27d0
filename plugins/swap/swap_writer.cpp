#include "swap_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <vector>

#include "fstool/error.h"
#include "swap_header.h"

namespace fstool::swap {
namespace {

using boost::endian::order;

/// The size of the area in pages.
std::uint64_t count_pages(const SizeRequest& request, std::uint64_t page_size, Context& context) {
  if (!request.fixed) {
    throw Error(ErrorCode::InvalidArgument,
                "a swap area has no files that its size could follow from: say how large it shall be, as in size = "
                "\"1GiB\"");
  }
  const std::uint64_t pages = *request.fixed / page_size;
  if (pages < kMinPages) {
    throw Error(ErrorCode::NoSpace,
                fmt::format("{} are too small for a swap area: with pages of {} it needs {}",
                            format_size(*request.fixed), format_size(page_size), format_size(kMinPages * page_size)));
  }
  if (pages <= kMaxPages) return pages;
  context.warn(fmt::format("only the first {} of the swap area will be used: no kernel can count more pages of {}",
                           format_size(kMaxPages * page_size), format_size(page_size)));
  return kMaxPages;
}

template <class Struct>
BlobPtr blob_of(const Struct& value) {
  const auto bytes = std::as_bytes(std::span(&value, 1));
  return make_memory_blob({bytes.begin(), bytes.end()});
}

template <order Order>
BlobPtr make_header(const VolumeFacts& facts, const Uuid& uuid) {
  SwapHeader<Order> header{};
  header.version = kVersion;
  header.last_page = static_cast<std::uint32_t>(facts.blocks - 1);
  header.uuid = uuid.bytes;
  std::ranges::copy(facts.label, header.label.begin());
  return blob_of(header);
}

BlobPtr make_signature() {
  std::array<char, kSignatureBytes> signature{};
  std::ranges::copy(kSignature, signature.begin());
  return blob_of(signature);
}

}  // namespace

void check_options(const SwapOptions& options) {
  if (options.volume_label.find('\0') != std::string::npos) {
    throw Error(ErrorCode::InvalidArgument, "volume_label has a NUL, which ends a label");
  }
}

FormattedVolume make_swap(const Tree& tree, const SwapOptions& options, const FormatRequest& request,
                          Context& context) {
  const auto names = tree.entries(Tree::kRoot);
  if (!names.empty()) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("/{}: a swap area has no files: leave its source out", names.front().name));
  }
  const std::uint64_t page_size = options.page_size.value;
  const Uuid uuid = options.uuid.value_or(request.seed.uuid("uuid"));
  FormattedVolume volume;
  VolumeFacts& facts = volume.facts;
  facts.type = "swap";
  facts.label = options.volume_label;
  facts.uuid = uuid.to_string();
  facts.block_size = static_cast<std::uint32_t>(page_size);
  facts.blocks = count_pages(request.size, page_size, context);
  facts.free_blocks = facts.blocks - 1;
  facts.size = *request.size.fixed;

  BlobBuilder builder;
  builder.add(kHeaderOffset, options.endianness == order::little ? make_header<order::little>(facts, uuid)
                                                                 : make_header<order::big>(facts, uuid));
  builder.add(signature_offset(facts.block_size), make_signature());
  volume.image = builder.finish(facts.size);
  return volume;
}

}  // namespace fstool::swap
