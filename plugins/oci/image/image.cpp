#include "image/image.h"

#include <fmt/format.h>

#include "fstool/error.h"

namespace fstool::oci {

void check_layer_count(std::size_t layers) {
  constexpr std::size_t kMaxLayers = 512;
  if (layers <= kMaxLayers) return;
  throw Error(ErrorCode::Unsupported, fmt::format("it has {} layers, more than {}", layers, kMaxLayers));
}

std::vector<Digest> read_diff_ids(const Json& config, std::size_t layers) {
  const Json& rootfs = object_member(config, "rootfs");
  if (text_member(rootfs, "type") != "layers") {
    throw Error(ErrorCode::Unsupported,
                fmt::format("its root file system is of the type \"{}\", not of layers", text_member(rootfs, "type")));
  }
  std::vector<Digest> ids;
  // Docker leaves the list out of an image without layers.
  if (const Json* const listed = find_member(rootfs, "diff_ids")) {
    if (!listed->is_array()) throw Error(ErrorCode::Corrupt, "its \"diff_ids\" is no array");
    for (const Json& id : *listed) ids.push_back(parse_digest(text_value(id, "diff_ids")));
  }
  if (ids.size() == layers) return ids;
  throw Error(ErrorCode::Corrupt,
              fmt::format("it names {} layer{}, but the image has {}", ids.size(), ids.size() == 1 ? "" : "s", layers));
}

}  // namespace fstool::oci
