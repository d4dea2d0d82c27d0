#include "swap_filesystem.h"

#include <set>
#include <utility>

#include "fstool/error.h"
#include "fstool/usage.h"
#include "swap_check.h"
#include "swap_reader.h"
#include "swap_writer.h"

namespace fstool::swap {
namespace {

SwapArea open_area(const Blob& image, Context& context) {
  SwapArea area = read_area(image);
  report_missing_end(area, image, context);
  return area;
}

void add_uses(const SwapArea& area, std::uint64_t stored, UsageBuilder& builder) {
  builder.add({0, area.page_size}, Use::Metadata);
  const std::set<std::uint32_t> bad(area.bad_page_list.begin(), area.bad_page_list.end());
  for (const std::uint64_t page : bad) {
    if (page > 0) builder.add({page * area.page_size, area.page_size}, Use::Reserved);
  }
  if (!area.hibernation.empty()) {
    builder.add_allocated({0, area.size()});
  } else if (stored < area.size()) {
    builder.add_allocated({stored, area.size() - stored});
  }
}

}  // namespace

SwapFilesystem::SwapFilesystem(SwapOptions options) : options_(std::move(options)) { check_options(options_); }

FormattedVolume SwapFilesystem::format(std::shared_ptr<const Tree> tree, const FormatRequest& request,
                                       Context& context) {
  return make_swap(*tree, options_, request, context);
}

bool SwapFilesystem::probe(const Blob& image) const {
  try {
    return has_signature(image);
  } catch (const Error&) {
    return false;  // what can't be read is none as far as anybody can tell
  }
}

VolumeFacts SwapFilesystem::inspect(BlobPtr image, Context& context) { return facts_of(open_area(*image, context)); }

Volume SwapFilesystem::open(BlobPtr image, const OpenScope& /*scope*/, Context& context) {
  Volume volume;
  volume.facts = facts_of(open_area(*image, context));
  return volume;
}

void SwapFilesystem::check(BlobPtr image, Context& context) { check_area(*image, context); }

std::optional<VolumeUsage> SwapFilesystem::usage(BlobPtr image, std::size_t largest_files, Context& context) {
  const SwapArea area = open_area(*image, context);
  UsageBuilder builder(area.size(), largest_files);
  add_uses(area, image->size(), builder);
  VolumeUsage usage;
  usage.volume.facts = facts_of(area);
  builder.finish(usage);
  return usage;
}

}  // namespace fstool::swap
