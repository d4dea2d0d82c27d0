#include "fstool/plugin.h"

#include <memory>
#include <utility>

#include "oci_source.h"
#include "options.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool;
  auto format = make_format<Source>(
      "oci", "A container image: an OCI image layout, or what docker save wrote.", oci::oci_options(),
      [](oci::OciOptions options) { return std::make_unique<oci::OciSource>(std::move(options)); });
  format.info.claim = oci::OciSource::claim;
  registry.add(std::move(format));
}

}  // namespace

FSTOOL_PLUGIN("oci", FSTOOL_SDK_VERSION, "MIT", "Reads container images.", register_formats)
