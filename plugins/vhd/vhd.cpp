#include "vhd.h"

#include <fmt/format.h>

#include "check/check_image.h"
#include "fstool/error.h"
#include "read/disk.h"
#include "read/image.h"
#include "write/writer.h"

namespace fstool::vhd {

const OptionSet<VhdOptions>& vhd_options() {
  constexpr std::uint64_t kKiB = 1024;
  constexpr std::uint64_t kMiB = 1024 * kKiB;
  static const auto set =
      OptionSet<VhdOptions>()
          .add("subformat", &VhdOptions::subformat, "dynamic: zeros take no room. fixed: the disk as it is.",
               choices<Subformat>({{"dynamic", Subformat::Dynamic}, {"fixed", Subformat::Fixed}}))
          .add("block_size", &VhdOptions::block_size, "Size of a block of a dynamic disk, the unit of allocation.",
               one_of<Bytes>({{512 * kKiB}, {2 * kMiB}}))
          .add("size_multiple", &VhdOptions::size_multiple,
               "What the size of the disk is rounded up to a multiple of; Azure needs 1MiB, and a fixed disk.",
               one_of<Bytes>({{512}, {4 * kKiB}, {1 * kMiB}}))
          .add("uuid", &VhdOptions::uuid, "Unique id of the disk; derived from its content if left out.");
  return set;
}

void VhdContainer::write(const Blob& disk, OutputFile& output, const Codec* codec, Context& context) {
  if (codec != nullptr) {
    throw Error(ErrorCode::InvalidArgument,
                "vhd images can't be compressed: leave the codec out, or choose a container that compresses, such as "
                "qcow2");
  }
  if (disk.size() > kMaxSectors * kSectorSize) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("a disk of {} is too large for vhd, which ends at 2040 GiB; choose another container",
                            format_size(disk.size())));
  }
  write_image(disk, output, options_, context);
}

bool VhdContainer::probe(const Blob& file) const { return vhd::probe(file); }

BlobPtr VhdContainer::open(const ContainerFile& file, std::string_view snapshot, Context& context) {
  if (!snapshot.empty()) throw Error(ErrorCode::NotFound, "a vhd image has no snapshots");
  return open_disk(file, read_image(*file.bytes, context));
}

ContainerFacts VhdContainer::inspect(const ContainerFile& file, Context& context) {
  const Image image = read_image(*file.bytes, context);
  ContainerFacts facts;
  facts.disk_size = image.disk_size;
  facts.features.emplace_back(image.blocks ? "dynamic" : "fixed");
  if (image.blocks) facts.unit_size = image.blocks->block_size;
  if (image.footer.saved_state != 0) facts.features.emplace_back("saved state");
  return facts;
}

void VhdContainer::check(const ContainerFile& file, Context& context) { check_image(file.bytes, context); }

}  // namespace fstool::vhd
