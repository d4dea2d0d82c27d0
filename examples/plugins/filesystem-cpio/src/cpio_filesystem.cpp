#include "cpio_filesystem.h"

#include <cstdint>
#include <string>
#include <utility>

#include "archive_reader.h"
#include "archive_writer.h"
#include "fstool/error.h"
#include "fstool/size.h"
#include "newc_header.h"

namespace cpio {

using fstool::Error;
using fstool::ErrorCode;

namespace {

constexpr std::uint32_t kBlockBytes = 512;  // what cpio(1) pads archives to

fstool::VolumeFacts facts_of(std::uint64_t size) {
  fstool::VolumeFacts facts;
  facts.type = "cpio";
  facts.size = size;
  facts.block_size = kBlockBytes;
  facts.blocks = size / kBlockBytes;
  facts.features = {"newc"};
  return facts;
}

std::uint64_t image_size(std::uint64_t archive, const fstool::SizeRequest& request) {
  if (request.free_bytes != 0 || request.free_percent != 0) {
    throw Error(ErrorCode::InvalidArgument, "a cpio archive has no free space: leave \"free\" out");
  }
  if (!request.fixed) return fstool::round_up(archive, kBlockBytes);
  if (*request.fixed >= archive) return *request.fixed;
  throw Error(ErrorCode::NoSpace,
              fstool::format_size(*request.fixed) + " are too small: the archive has " + fstool::format_size(archive));
}

}  // namespace

const fstool::OptionSet<CpioOptions>& cpio_options() {
  static const auto set = fstool::OptionSet<CpioOptions>().add(
      "owners", &CpioOptions::owners, "Stores the owners of the source; if not, everything belongs to root.");
  return set;
}

fstool::FormattedVolume CpioFilesystem::format(std::shared_ptr<const fstool::Tree> tree,
                                               const fstool::FormatRequest& request, fstool::Context& context) {
  ArchiveWriter writer(*tree, options_.owners, context);
  const std::uint64_t size = image_size(writer.size(), request.size);
  return {writer.finish(size), facts_of(size)};
}

bool CpioFilesystem::probe(const fstool::Blob& image) const {
  try {
    return has_magic(image, 0);
  } catch (const Error&) {
    return false;  // what can't be read is none as far as anybody can tell
  }
}

fstool::VolumeFacts CpioFilesystem::inspect(fstool::BlobPtr image, fstool::Context& /*context*/) {
  if (!has_magic(*image, 0)) throw Error(ErrorCode::Corrupt, "there is no cpio archive");
  return facts_of(image->size());
}

fstool::Volume CpioFilesystem::open(fstool::BlobPtr image, const fstool::OpenScope& /*scope*/,
                                    fstool::Context& context) {
  fstool::VolumeFacts facts = inspect(image, context);
  return {ArchiveReader(std::move(image), context).read_all(), std::move(facts)};
}

}  // namespace cpio
