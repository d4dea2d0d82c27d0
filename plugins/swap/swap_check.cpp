#include "swap_check.h"

#include <fmt/format.h>

#include <set>

#include "fstool/size.h"
#include "swap_header.h"

namespace fstool::swap {
namespace {

/// The rules are those of swapon(2): mm/swapfile.c, read_swap_header() and setup_swap_map_and_extents().
void check_bad_pages(const SwapArea& area, Context& context) {
  if (area.bad_pages > max_bad_pages(area.page_size)) {
    context.report_damage(fmt::format("the header says that {} pages are bad, but its list has room for {}",
                                      area.bad_pages, max_bad_pages(area.page_size)));
  }
  std::set<std::uint32_t> seen;
  std::set<std::uint32_t> repeated;
  for (const std::uint32_t page : area.bad_page_list) {
    if (!seen.insert(page).second) {
      repeated.insert(page);
    } else if (page == 0 || page >= area.pages) {
      context.report_damage(fmt::format("page {} is listed as bad, but pages are 1 to {}", page, area.pages - 1));
    }
  }
  for (const std::uint32_t page : repeated) {
    context.report_damage(fmt::format("page {} is listed as bad more than once", page));
  }
}

}  // namespace

void report_missing_end(const SwapArea& area, const Blob& image, Context& context) {
  if (image.size() >= area.size()) return;
  context.report_damage(fmt::format("the image has {} bytes, but the swap area in it has {}: the end is missing",
                                    image.size(), area.size()));
}

void check_area(const Blob& image, Context& context) {
  const SwapArea area = read_area(image);
  report_missing_end(area, image, context);
  if (area.pages == 1) context.report_damage("the swap area has no page but that of its header");
  check_bad_pages(area, context);
  if (!area.hibernation.empty()) {
    context.warn("it holds the memory of a machine that hibernates; to use it otherwise loses that");
  }
  if (area.pages <= kMaxPages && image.size() >= area.size() + area.page_size) {
    context.warn(fmt::format("{} behind the swap area are not used", format_size(image.size() - area.size())));
  }
}

}  // namespace fstool::swap
