#include "walk_qcow2.h"

#include "qcow2.h"
#include "walk_container.h"

namespace fstool::fuzz {

void walk_qcow2_image(std::span<const std::byte> image, const Registry& codecs) {
  qcow2::Qcow2Container container({});
  walk_container(container, image, codecs);
}

}  // namespace fstool::fuzz
