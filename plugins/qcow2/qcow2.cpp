#include "qcow2.h"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <boost/endian/conversion.hpp>
#include <cstddef>
#include <span>
#include <string>

#include "fstool/error.h"
#include "geometry.h"
#include "header.h"
#include "writer.h"

namespace fstool::qcow2 {
namespace {

/// Bytes of history that QEMU keeps when it inflates a cluster.
constexpr std::size_t kZlibHistoryBytes = 4096;

/// Bytes of the header of version 2, the shortest.
constexpr std::uint64_t kMinHeaderBytes = 72;

CompressionType compression_type(const Codec* codec) {
  if (codec == nullptr) return CompressionType::Zlib;
  const std::string name = codec->name();
  if (name == "zstd") return CompressionType::Zstd;
  if (name != "deflate") {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("qcow2 images can't be compressed with {}; choose deflate or zstd", name));
  }
  if (codec->history_bytes() > kZlibHistoryBytes) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("readers of qcow2 inflate with a window of {}, not of {}; set window_bits = {} or less",
                            format_size(kZlibHistoryBytes), format_size(codec->history_bytes()),
                            std::countr_zero(kZlibHistoryBytes)));
  }
  return CompressionType::Zlib;
}

void check_disk_size(std::uint64_t disk_size, Geometry geometry) {
  if (disk_size <= geometry.max_disk_size()) return;
  unsigned enough = geometry.cluster_bits();
  while (enough < kMaxClusterBits && disk_size > Geometry(enough).max_disk_size()) ++enough;
  const Geometry larger(enough);
  std::string advice = disk_size <= larger.max_disk_size()
                           ? fmt::format("set cluster_size = \"{}\" or more", size_text(larger.cluster_size()))
                           : "no cluster_size is large enough";
  throw Error(ErrorCode::InvalidArgument,
              fmt::format("a disk of {} is too large for qcow2 with clusters of {}, which ends at {}; {}",
                          format_size(disk_size), format_size(geometry.cluster_size()),
                          format_size(geometry.max_disk_size()), advice));
}

}  // namespace

const OptionSet<Qcow2Options>& qcow2_options() {
  constexpr std::uint64_t kKiB = 1024;
  constexpr std::uint64_t kMiB = 1024 * kKiB;
  static const auto set = OptionSet<Qcow2Options>().add("cluster_size", &Qcow2Options::cluster_size,
                                                        "Size of a cluster, the unit of allocation and compression.",
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
                                                                       {1 * kMiB},
                                                                       {2 * kMiB}}));
  return set;
}

void Qcow2Container::write(const Blob& disk, OutputFile& output, const Codec* codec, Context& context) {
  const Geometry geometry(static_cast<unsigned>(std::countr_zero(options_.cluster_size.value)));
  const CompressionType compression = compression_type(codec);
  check_disk_size(disk.size(), geometry);
  write_image(disk, output, codec, geometry, compression, context);
}

bool Qcow2Container::probe(const Blob& file) const {
  if (file.size() < kMinHeaderBytes) return false;
  std::array<std::byte, 8> start{};
  file.read(0, start);
  const auto* const bytes = reinterpret_cast<const unsigned char*>(start.data());
  const std::uint32_t version = boost::endian::load_big_u32(bytes + 4);
  return boost::endian::load_big_u32(bytes) == kMagic && (version == kVersion2 || version == kVersion3);
}

}  // namespace fstool::qcow2
