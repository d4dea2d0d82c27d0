#include "options.h"

namespace fstool::oci {

const OptionSet<OciOptions>& oci_options() {
  static const auto set =
      OptionSet<OciOptions>()
          .add("platform", &OciOptions::platform,
               "The platform whose image is taken, such as \"linux/arm64\" or \"linux/arm/v7\". Left out: Linux on the "
               "machine that fstool runs on, or the only one that there is.")
          .add("image", &OciOptions::image,
               "Which image is taken if there are several: its name, such as \"debian:12\", or a digest.")
          .add("config_path", &OciOptions::config_path,
               "Path in the tree at which the image's configuration is put as a file of JSON. Left out: nowhere.")
          .add("max_size", &OciOptions::max_size,
               "The most that a compressed archive, and the layers together, may decompress to, so that a small image "
               "can't fill the disk.");
  return set;
}

}  // namespace fstool::oci
