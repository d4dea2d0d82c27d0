#include "walk_ext4.h"

#include "filesystem.h"
#include "walk_filesystem.h"

namespace fstool::fuzz {

void walk_ext4_image(std::span<const std::byte> image) {
  ext4::ExtFilesystem filesystem(ext4::Generation::Ext4, {});
  walk_filesystem(filesystem, image, Registry());
}

}  // namespace fstool::fuzz
