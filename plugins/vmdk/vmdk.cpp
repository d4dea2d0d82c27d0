#include "vmdk.h"

#include <fmt/format.h>

#include <bit>
#include <string>

#include "check/check_image.h"
#include "fstool/error.h"
#include "fstool/registry.h"
#include "ondisk/sparse_header.h"
#include "read/open_image.h"
#include "write/writer.h"

namespace fstool::vmdk {
namespace {

const char* name_of(AdapterType type) {
  switch (type) {
    case AdapterType::Ide:
      return "ide";
    case AdapterType::LsiLogic:
      return "lsilogic";
    case AdapterType::BusLogic:
      return "buslogic";
    case AdapterType::LegacyEsx:
      return "legacyESX";
  }
  throw Error(ErrorCode::Internal, "an adapter type without a name");
}

void check_codec(const Codec& codec, Subformat subformat) {
  if (codec.name() != "zlib") {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("VMDK disks can't be compressed with {}; choose zlib", codec.name()));
  }
  if (subformat == Subformat::MonolithicSparse) {
    throw Error(ErrorCode::InvalidArgument,
                "a VMDK disk with subformat = \"monolithicSparse\" can't be compressed; choose \"streamOptimized\", or "
                "no codec");
  }
}

void check_disk_size(std::uint64_t disk_size, std::uint64_t grain_size) {
  if (disk_size == 0) {
    throw Error(ErrorCode::InvalidArgument, "an empty disk can't be a VMDK disk; give it a size");
  }
  const std::uint64_t most = kMaxDirectoryEntries * kEntriesOfTable * grain_size;
  if (disk_size <= most) return;
  throw Error(ErrorCode::InvalidArgument,
              fmt::format("a disk of {} is too large for VMDK with grains of {}, which ends at {}; choose a larger "
                          "grain_size, or another container",
                          format_size(disk_size), format_size(grain_size), format_size(most)));
}

}  // namespace

const OptionSet<VmdkOptions>& vmdk_options() {
  constexpr std::uint64_t kKiB = 1024;
  constexpr std::uint64_t kMiB = 1024 * kKiB;
  static const auto set =
      OptionSet<VmdkOptions>()
          .add("subformat", &VmdkOptions::subformat,
               "monolithicSparse grows as it is written to; streamOptimized is compressed with zlib, for transport. "
               "Left "
               "out: streamOptimized with a codec, else monolithicSparse.",
               choices<Subformat>({{"monolithicSparse", Subformat::MonolithicSparse},
                                   {"streamOptimized", Subformat::StreamOptimized}}))
          .add("adapter_type", &VmdkOptions::adapter_type,
               "The controller that the disk is for; the geometry follows from it.",
               choices<AdapterType>({{"ide", AdapterType::Ide},
                                     {"lsilogic", AdapterType::LsiLogic},
                                     {"buslogic", AdapterType::BusLogic},
                                     {"legacyESX", AdapterType::LegacyEsx}}))
          .add("hwversion", &VmdkOptions::hwversion, "VMware's version of the virtual hardware that the disk is for.",
               in_range(3, 99))
          .add("grain_size", &VmdkOptions::grain_size,
               "Size of a grain, the unit of allocation and compression; VMware's programs have grains of 64 KiB.",
               one_of<Bytes>({{8 * kKiB},
                              {16 * kKiB},
                              {32 * kKiB},
                              {64 * kKiB},
                              {128 * kKiB},
                              {256 * kKiB},
                              {512 * kKiB},
                              {1 * kMiB},
                              {2 * kMiB}}));
  return set;
}

void VmdkContainer::write(const Blob& disk, OutputFile& output, const Codec* codec, Context& context) {
  const Subformat subformat =
      options_.subformat.value_or(codec == nullptr ? Subformat::MonolithicSparse : Subformat::StreamOptimized);
  if (codec != nullptr) check_codec(*codec, subformat);
  check_disk_size(disk.size(), options_.grain_size.value);

  std::unique_ptr<Codec> own_codec;
  if (subformat == Subformat::StreamOptimized && codec == nullptr) {
    own_codec = context.registry().get<Codec>("zlib").create({});
    codec = own_codec.get();
  }
  const ImageParameters parameters{options_.grain_size.value / kSectorBytes, name_of(options_.adapter_type),
                                   options_.hwversion};
  write_image(disk, output, codec, parameters, context);
}

bool VmdkContainer::probe(const Blob& file) const { return kind_of(file) != FileKind::Other; }

BlobPtr VmdkContainer::open(const ContainerFile& file, std::string_view snapshot, Context& context) {
  if (!snapshot.empty()) throw Error(ErrorCode::NotFound, "a VMDK disk has no snapshots in its file");
  return open_image(file, context);
}

ContainerFacts VmdkContainer::inspect(const ContainerFile& file, Context& /*context*/) { return inspect_image(file); }

void VmdkContainer::check(const ContainerFile& file, Context& context) { check_image(file, context); }

}  // namespace fstool::vmdk
