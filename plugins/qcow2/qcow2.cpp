#include "qcow2.h"

#include <fmt/format.h>

#include <bit>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

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

Error contradiction(std::string_view what) { return Error(ErrorCode::InvalidArgument, std::string(what)); }

/// Throws for options that no image can have together.
void check_options(const Qcow2Options& options) {
  if (options.compat == Compat::Old) {
    if (options.refcount_bits != 1U << kDefaultRefcountOrder) {
      throw contradiction("refcount_bits other than 16 need compat = \"1.1\"");
    }
    if (options.extended_l2) throw contradiction("extended_l2 needs compat = \"1.1\"");
    if (options.lazy_refcounts) throw contradiction("lazy_refcounts need compat = \"1.1\"");
    if (!options.data_file.empty()) throw contradiction("a data_file needs compat = \"1.1\"");
  }
  if (options.extended_l2 && options.cluster_size.value < std::uint64_t{1} << kMinSubclusterClusterBits) {
    throw contradiction("extended_l2 needs a cluster_size of 16KiB or more");
  }
  const bool preallocates = options.preallocation != Preallocation::Off;
  if (options.backing_file.empty()) {
    if (!options.backing_format.empty()) throw contradiction("backing_format is given, and no backing_file");
  } else {
    if (options.backing_file.size() > kMaxBackingNameBytes) {
      throw contradiction(fmt::format("the name of the backing file has more than {} bytes", kMaxBackingNameBytes));
    }
    if (preallocates) throw contradiction("preallocation would hide the backing_file: leave one of them out");
    if (options.data_file_raw) throw contradiction("data_file_raw is the whole disk: it can't have a backing_file");
  }
  if (options.data_file.empty()) {
    if (options.data_file_raw) throw contradiction("data_file_raw is set, and no data_file given");
  } else if (options.dedup) {
    throw contradiction("dedup can't be used with a data_file, in which each cluster has its own place");
  }
  if (preallocates && options.dedup) {
    throw contradiction("dedup can't be used with preallocation, which gives each cluster its own place");
  }
}

/// Throws if an image with these options can't have compressed clusters.
void check_compressible(const Qcow2Options& options) {
  if (!options.data_file.empty())
    throw contradiction("the clusters of a data_file can't be compressed: leave out the codec");
  if (options.preallocation != Preallocation::Off) {
    throw contradiction("preallocation is of no use to compressed clusters: leave out it or the codec");
  }
}

CompressionType compression_type(const Codec* codec, const Qcow2Options& options) {
  if (codec == nullptr) return CompressionType::Zlib;
  check_compressible(options);
  const std::string name = codec->name();
  if (name == "zstd") {
    if (options.compat == Compat::Old)
      throw contradiction("zstd needs compat = \"1.1\"; choose deflate or leave compat out");
    return CompressionType::Zstd;
  }
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
  static const auto set =
      OptionSet<Qcow2Options>()
          .add("cluster_size", &Qcow2Options::cluster_size,
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
                              {2 * kMiB}}))
          .add("compat", &Qcow2Options::compat, "QEMU version that can read the image: 0.10, or 1.1 and later.",
               choices<Compat>({{"0.10", Compat::Old}, {"1.1", Compat::Current}}))
          .add("refcount_bits", &Qcow2Options::refcount_bits, "Width of a reference count in bits.",
               one_of<std::uint32_t>({1, 2, 4, 8, 16, 32, 64}))
          .add("extended_l2", &Qcow2Options::extended_l2,
               "Divide clusters into 32 subclusters, each of which is allocated by itself.")
          .add("lazy_refcounts", &Qcow2Options::lazy_refcounts, "Let QEMU postpone updates of reference counts.")
          .add("preallocation", &Qcow2Options::preallocation,
               "Give every cluster its place: as a hole of the file, with room reserved for it, or filled with zeros.",
               choices<Preallocation>({{"off", Preallocation::Off},
                                       {"metadata", Preallocation::Metadata},
                                       {"falloc", Preallocation::Falloc},
                                       {"full", Preallocation::Full}}))
          .add("dedup", &Qcow2Options::dedup, "Store clusters of equal content once.")
          .add("backing_file", &Qcow2Options::backing_file,
               "Image to store only the differences from; relative names begin at the directory of the output.")
          .add("backing_format", &Qcow2Options::backing_format,
               "Format of the backing file: raw or qcow2; if left out, qcow2 where it looks like that.",
               choices<std::string>({{"raw", "raw"}, {"qcow2", "qcow2"}}))
          .add("data_file", &Qcow2Options::data_file,
               "File beside the image for its data; relative names begin at the directory of the output.")
          .add("data_file_raw", &Qcow2Options::data_file_raw, "Keep the data file usable as a raw image of its own.");
  return set;
}

Qcow2Container::Qcow2Container(Qcow2Options options) : options_(std::move(options)) { check_options(options_); }

void Qcow2Container::write(const Blob& disk, OutputFile& output, const Codec* codec, Context& context) {
  ImageSettings settings;
  settings.version = options_.compat == Compat::Old ? kVersion2 : kVersion3;
  settings.geometry = Geometry(static_cast<unsigned>(std::countr_zero(options_.cluster_size.value)),
                               static_cast<unsigned>(std::countr_zero(options_.refcount_bits)),
                               options_.extended_l2 ? L2Format::Extended : L2Format::Standard);
  settings.compression = compression_type(codec, options_);
  settings.preallocation = options_.preallocation;
  settings.lazy_refcounts = options_.lazy_refcounts;
  settings.dedup = options_.dedup;
  settings.data_file = {options_.data_file, options_.data_file_raw};
  check_disk_size(disk.size(), settings.geometry);
  if (!options_.backing_file.empty()) {
    BackingDisk backing = open_new_backing(options_.backing_file, options_.backing_format, output.target(), context);
    settings.backing = {options_.backing_file, std::move(backing.format), std::move(backing.disk)};
  }
  write_image(disk, output, codec, settings, context);
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
