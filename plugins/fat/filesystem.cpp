#include "filesystem.h"

#include "fstool/error.h"
#include "read/open_volume.h"

namespace fstool::fat {

FormattedVolume FatFilesystem::format(std::shared_ptr<const Tree> /*tree*/, const FormatRequest& /*request*/,
                                      Context& /*context*/) {
  throw Error(ErrorCode::Unsupported, "FAT file systems can be read, but not written");
}

bool FatFilesystem::probe(const Blob& image) const { return probe_volume(image); }

VolumeFacts FatFilesystem::inspect(BlobPtr image, Context& context) {
  return inspect_volume(std::move(image), context);
}

Volume FatFilesystem::open(BlobPtr image, const OpenScope& scope, Context& context) {
  return open_volume(std::move(image), scope, context);
}

}  // namespace fstool::fat
