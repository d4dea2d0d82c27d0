#include "vdi.h"

#include <fmt/format.h>

#include "check/check_image.h"
#include "fstool/error.h"
#include "fstool/size.h"
#include "ondisk/header.h"
#include "read/disk.h"
#include "read/image.h"
#include "write/writer.h"

namespace fstool::vdi {

const OptionSet<VdiOptions>& vdi_options() {
  static const auto set =
      OptionSet<VdiOptions>()
          .add("subformat", &VdiOptions::subformat, "dynamic: zeros take no room. static: every block has its place.",
               choices<Subformat>({{"dynamic", Subformat::Dynamic}, {"static", Subformat::Static}}))
          .add("uuid", &VdiOptions::uuid, "UUID of the image; derived from its content if left out.");
  return set;
}

void VdiContainer::write(const Blob& disk, OutputFile& output, const Codec* codec, Context& context) {
  if (codec != nullptr) {
    throw Error(ErrorCode::InvalidArgument,
                "vdi images can't be compressed: leave the codec out, or choose a container that compresses, such as "
                "qcow2");
  }
  if (div_ceil(disk.size(), kBlockSize) > kMaxBlocks) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("a disk of {} is too large for vdi, which ends below 512 TiB; choose another container",
                            format_size(disk.size())));
  }
  write_image(disk, output, options_, context);
}

bool VdiContainer::probe(const Blob& file) const { return vdi::probe(file); }

BlobPtr VdiContainer::open(const ContainerFile& file, std::string_view snapshot, Context& context) {
  if (!snapshot.empty()) throw Error(ErrorCode::NotFound, "a vdi image has no snapshots");
  return open_disk(file, read_image(*file.bytes, context));
}

ContainerFacts VdiContainer::inspect(const ContainerFile& file, Context& context) {
  const Image image = read_image(*file.bytes, context);
  ContainerFacts facts;
  facts.disk_size = image.disk_size;
  facts.unit_size = image.block_size;
  facts.features.emplace_back(image.type == ImageType::Static ? "static" : "dynamic");
  return facts;
}

void VdiContainer::check(const ContainerFile& file, Context& context) { check_image(file.bytes, context); }

}  // namespace fstool::vdi
