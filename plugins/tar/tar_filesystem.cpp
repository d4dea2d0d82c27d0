#include "tar_filesystem.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "fstool/error.h"
#include "fstool/size.h"
#include "header.h"
#include "tar_blob.h"

namespace fstool::tar {

FormattedVolume TarFilesystem::format(std::shared_ptr<const Tree> tree, const FormatRequest& request,
                                      Context& context) {
  if (request.size.free_bytes != 0 || request.size.free_percent != 0) {
    throw Error(ErrorCode::InvalidArgument, "a tar has no free space: leave \"free\" out");
  }
  const auto tar = std::make_shared<const TarBlob>(std::move(tree), context);
  FormattedVolume volume;
  volume.image = tar;
  if (request.size.fixed) {
    if (*request.size.fixed < tar->size()) {
      throw Error(ErrorCode::NoSpace, fmt::format("{} is too small: the tar has {}", format_size(*request.size.fixed),
                                                  format_size(tar->size())));
    }
    BlobBuilder builder;
    builder.add(0, tar);
    volume.image = builder.finish(*request.size.fixed);
  }
  volume.facts.type = "tar";
  volume.facts.size = volume.image->size();
  volume.facts.block_size = kBlockBytes;
  volume.facts.blocks = volume.image->size() / kBlockBytes;
  return volume;
}

bool TarFilesystem::probe(const Blob& /*image*/) const { return false; }

}  // namespace fstool::tar
