#include "filesystem.h"

#include <utility>

#include "check/check_volume.h"
#include "read/open_volume.h"
#include "usage/volume_usage.h"
#include "write/format_volume.h"

namespace fstool::fat {

FatFilesystem::FatFilesystem(FatOptions options) : options_(std::move(options)) { check_options(options_); }

FormattedVolume FatFilesystem::format(std::shared_ptr<const Tree> tree, const FormatRequest& request,
                                      Context& context) {
  return format_volume(std::move(tree), options_, request, context);
}

bool FatFilesystem::probe(const Blob& image) const { return probe_volume(image); }

VolumeFacts FatFilesystem::inspect(BlobPtr image, Context& context) {
  return inspect_volume(std::move(image), context);
}

Volume FatFilesystem::open(BlobPtr image, const OpenScope& scope, Context& context) {
  return open_volume(std::move(image), scope, context);
}

void FatFilesystem::check(BlobPtr image, Context& context) { check_volume(std::move(image), context); }

std::optional<VolumeUsage> FatFilesystem::usage(BlobPtr image, std::size_t largest_files, Context& context) {
  return volume_usage(std::move(image), largest_files, context);
}

}  // namespace fstool::fat
