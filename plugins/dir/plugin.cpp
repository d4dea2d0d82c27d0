#include "fstool/plugin.h"

#include <memory>
#include <utility>

#include "directory_source.h"
#include "fstool/options.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool;
  auto format = make_format<Source>(
      "dir", "A directory of this machine, with everything below it.", dir::directory_options(),
      [](dir::DirectoryOptions options) { return std::make_unique<dir::DirectorySource>(options); });
  format.info.claim = dir::DirectorySource::claim;
  registry.add(std::move(format));
}

}  // namespace

FSTOOL_PLUGIN("dir", FSTOOL_SDK_VERSION, "MIT", "Reads directory trees of the host.", register_formats)
