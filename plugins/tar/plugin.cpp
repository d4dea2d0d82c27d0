#include "fstool/plugin.h"

#include <memory>
#include <utility>

#include "archive_source.h"
#include "fstool/options.h"
#include "tar_filesystem.h"

namespace {

void register_formats(fstool::Registry& registry) {
  using namespace fstool;
  auto source = make_format<Source>(
      "tar", "An archive: tar, cpio, zip, 7z or ISO 9660, compressed or not.", tar::archive_source_options(),
      [](const tar::ArchiveSourceOptions& options) { return std::make_unique<tar::ArchiveSource>(options); });
  source.info.claim = tar::ArchiveSource::claim;
  registry.add(std::move(source));
  auto filesystem =
      make_format<Filesystem>("tar", "A tar archive in the format PAX (POSIX.1-2001).", OptionSet<NoOptions>(),
                              [](NoOptions) { return std::make_unique<tar::TarFilesystem>(); });
  filesystem.info.extensions = {"tar", "tgz"};
  registry.add(std::move(filesystem));
}

}  // namespace

FSTOOL_PLUGIN("tar", FSTOOL_SDK_VERSION, "MIT", "Reads archives with libarchive, and writes tars.", register_formats)
