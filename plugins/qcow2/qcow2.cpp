#include "qcow2.h"

#include <fmt/format.h>

#include <bit>
#include <cstddef>
#include <string>

#include "check/check_image.h"
#include "fstool/error.h"
#include "ondisk/geometry.h"
#include "ondisk/header.h"
#include "read/image_header.h"
#include "read/open_image.h"
#include "read/probe.h"
#include "read/snapshot_table.h"
#include "write/writer.h"

namespace fstool::qcow2 {
namespace {

/// Bytes of history that QEMU keeps when it inflates a cluster.
constexpr std::size_t kZlibHistoryBytes = 4096;

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

bool Qcow2Container::probe(const Blob& file) const { return qcow2::probe(file); }

BlobPtr Qcow2Container::open(const ContainerFile& file, std::string_view snapshot, Context& context) {
  return open_image(file, snapshot, context);
}

ContainerFacts Qcow2Container::inspect(const ContainerFile& file, Context& context) {
  const ImageHeader header = read_header(*file.bytes, context);
  ContainerFacts facts;
  facts.disk_size = header.disk_size;
  facts.unit_size = header.geometry.cluster_size();
  facts.features = header.feature_names();
  facts.backing_file = header.backing_file;
  facts.data_file = header.data_file.value_or("");
  const SnapshotTable table = read_snapshot_table(header, *file.bytes);
  for (const std::string& damage : table.damage) context.report_damage(damage);
  for (const Snapshot& snapshot : table.snapshots) facts.snapshots.push_back(snapshot.facts);
  return facts;
}

void Qcow2Container::check(const ContainerFile& file, Context& context) { check_image(file, context); }

}  // namespace fstool::qcow2
