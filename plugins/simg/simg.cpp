#include "simg.h"

#include <fmt/format.h>

#include <limits>

#include "check/check_image.h"
#include "fstool/error.h"
#include "read/chunk_index.h"
#include "read/disk_blob.h"
#include "write/writer.h"

namespace fstool::simg {
namespace {

constexpr std::uint64_t kMaxBlocks = std::numeric_limits<std::uint32_t>::max();

void check_disk_size(std::uint64_t disk_size, std::uint64_t block_size) {
  const std::uint64_t most = kMaxBlocks * block_size;
  if (disk_size <= most) return;
  throw Error(ErrorCode::InvalidArgument,
              fmt::format("a disk of {} is too large for a sparse image with blocks of {}, which ends at {}; choose a "
                          "larger block_size, or another container",
                          format_size(disk_size), format_size(block_size), format_size(most)));
}

}  // namespace

const OptionSet<SimgOptions>& simg_options() {
  constexpr std::uint64_t kKiB = 1024;
  static const auto set =
      OptionSet<SimgOptions>()
          .add("block_size", &SimgOptions::block_size,
               "Size of a block, the unit that chunks are counted in; most boot loaders take 4 KiB only.",
               one_of<Bytes>({{512},
                              {1 * kKiB},
                              {2 * kKiB},
                              {4 * kKiB},
                              {8 * kKiB},
                              {16 * kKiB},
                              {32 * kKiB},
                              {64 * kKiB},
                              {128 * kKiB},
                              {256 * kKiB},
                              {512 * kKiB},
                              {1024 * kKiB}}))
          .add("zeros", &SimgOptions::zeros,
               "What blocks of zeros become: fill writes them to the device; dont-care skips them, which is only right "
               "for a device that is erased before.",
               choices<Zeros>({{"fill", Zeros::Fill}, {"dont-care", Zeros::DontCare}}))
          .add("crc32", &SimgOptions::crc32, "Store the CRC-32 of the disk, in the header and in a chunk at the end.");
  return set;
}

void SimgContainer::write(const Blob& disk, OutputFile& output, const Codec* codec, Context& context) {
  if (codec != nullptr) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("sparse images of Android can't be compressed, with {} or else; leave the codec out",
                            codec->name()));
  }
  check_disk_size(disk.size(), options_.block_size.value);
  write_image(disk, output,
              {.block_size = static_cast<std::uint32_t>(options_.block_size.value),
               .skip_zeros = options_.zeros == Zeros::DontCare,
               .crc32 = options_.crc32},
              context);
}

bool SimgContainer::probe(const Blob& file) const { return simg::probe(file); }

BlobPtr SimgContainer::open(const ContainerFile& file, std::string_view snapshot, Context& context) {
  if (!snapshot.empty()) throw Error(ErrorCode::NotFound, "a sparse image of Android has no snapshots");
  return make_disk_blob(file.bytes, read_chunk_index(*file.bytes, context));
}

ContainerFacts SimgContainer::inspect(const ContainerFile& file, Context& context) {
  const ChunkIndex index = read_chunk_index(*file.bytes, context);
  ContainerFacts facts;
  facts.disk_size = index.disk_bytes();
  facts.unit_size = index.block_size();
  if (!index.checksums().empty()) facts.features.emplace_back("crc32");
  return facts;
}

void SimgContainer::check(const ContainerFile& file, Context& context) { check_image(*file.bytes, context); }

}  // namespace fstool::simg
