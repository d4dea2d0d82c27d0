#include "check/check_tree.h"

#include <fmt/format.h>

#include <cstddef>
#include <span>
#include <vector>

#include "check/level_check.h"

namespace fstool::verity {
namespace {

/// Nobody looks at these bytes, so that what stands there does no harm.
void check_reserved(const Superblock& superblock, const TreeParameters& parameters, const Blob& image,
                    Context& context) {
  const bool is_clean = is_zero(superblock.reserved1) && is_zero(superblock.reserved2) &&
                        is_zero(std::span(superblock.salt).subspan(parameters.salt.size()));
  if (!is_clean) context.warn("reserved bytes of the superblock are not zero");
  if (image.size() < parameters.tree_offset()) return;
  std::vector<std::byte> behind(parameters.tree_offset() - sizeof(Superblock));
  image.read(sizeof(Superblock), behind);
  if (!is_zero(behind)) context.warn("the bytes between the superblock and the hash tree are not zero");
}

}  // namespace

bool report_missing_end(const TreeParameters& parameters, const Blob& image, Context& context) {
  if (parameters.hash == nullptr || image.size() >= parameters.size()) return false;
  context.report_damage(fmt::format("the image has {} bytes, but the hash tree in it ends at {}: the end is missing",
                                    image.size(), parameters.size()));
  return true;
}

void check_tree(const BlobPtr& image, Context& context) {
  const Superblock superblock = read_superblock(*image);
  const TreeParameters parameters = parse_superblock(superblock);
  check_reserved(superblock, parameters, *image, context);
  if (parameters.hash == nullptr) {
    return context.warn(fmt::format("the tree was not checked: the hash {} is unknown here", parameters.algorithm));
  }
  if (report_missing_end(parameters, *image, context)) return;
  context.begin_step("checking the hash tree", parameters.size() - parameters.tree_offset(), "bytes");
  for (std::size_t level = parameters.shape.levels.size(); level-- > 0;) {
    LevelCheck(parameters, level, image, context).run();
  }
}

}  // namespace fstool::verity
