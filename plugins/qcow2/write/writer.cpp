#include "write/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "fstool/size.h"
#include "write/allocator.h"
#include "write/header_area.h"
#include "write/mapping.h"
#include "write/refcounts.h"

namespace fstool::qcow2 {
namespace {

/// Bytes of the disk that a worker reads and compresses at a time. Batches lie at multiples of their size, so that
/// where one begins doesn't depend on holes.
constexpr std::uint64_t kBatchBytes = 1 << 20U;

/// Batches that are listed at a time.
constexpr std::size_t kBatchesAtATime = 64 * 1024;

/// A guest cluster that takes room.
struct StoredCluster {
  std::uint32_t index = 0;             ///< in its batch
  std::uint32_t compressed_bytes = 0;  ///< 0: stored as it is
  std::uint64_t l2_entry = 0;
};

/// A batch between the worker that made it and the file. The buffers are kept from batch to batch.
struct Batch {
  std::vector<std::byte> data;    ///< the bytes of the disk; undefined where no cluster is stored
  std::vector<std::byte> packed;  ///< the compressed clusters, one after the other
  std::vector<StoredCluster> clusters;
};

class Writer {
 public:
  Writer(const Blob& disk, OutputFile& output, const Codec* codec, Geometry geometry, Context& context)
      : disk_(disk),
        output_(output),
        codec_(codec),
        context_(context),
        geometry_(geometry),
        batch_bytes_(std::max(kBatchBytes, geometry.cluster_size())),
        allocator_(geometry),
        mapping_(geometry, disk.size(), allocator_, output),
        slots_(context.workers().slots()),
        compressors_(context.workers().size()) {}

  void write(CompressionType compression) {
    context_.begin_step(fmt::format("writing {}", output_.target().string()), disk_.size(), "bytes");
    write_data();
    write_tables(compression);
  }

 private:
  void write_data() {
    std::uint64_t position = 0;
    while (position < disk_.size()) {
      const std::vector<std::uint64_t> batches = next_batches(position);
      context_.workers().ordered(
          batches.size(),
          [&](std::uint64_t index, unsigned worker, unsigned slot) { prepare(batches[index], worker, slots_[slot]); },
          [&](std::uint64_t index, unsigned slot) {
            store(batches[index], slots_[slot]);
            report_progress((batches[index] + 1) * batch_bytes_);
          });
      report_progress(position);
    }
  }

  void write_tables(CompressionType compression) {
    const L1Table l1 = mapping_.finish();
    const RefcountTable refcounts = write_refcounts(geometry_, allocator_, output_);
    output_.set_size(allocator_.end());
    const ImageTables tables{l1.offset, l1.entries, refcounts.offset, refcounts.clusters};
    const HeaderArea header =
        make_header(geometry_.cluster_bits(), round_up(disk_.size(), kSectorSize), compression, tables);
    output_.write_at(0, std::as_bytes(std::span(&header, 1)));
  }

  /// The numbers of the next batches that hold data, from `position` on, which moves to behind them.
  std::vector<std::uint64_t> next_batches(std::uint64_t& position) {
    std::vector<std::uint64_t> batches;
    while (position < disk_.size() && batches.size() < kBatchesAtATime) {
      context_.check_cancelled();
      const Run run = disk_.run_at(position);
      const std::uint64_t run_end = position + run.length;
      if (run.hole) {
        position = run_end;
        continue;
      }
      while (position < run_end && batches.size() < kBatchesAtATime) {
        batches.push_back(position / batch_bytes_);
        position = std::min((position / batch_bytes_ + 1) * batch_bytes_, disk_.size());
      }
    }
    return batches;
  }

  /// Reads a batch, leaves out what is zero and compresses the rest. Runs on the workers.
  void prepare(std::uint64_t number, unsigned worker, Batch& batch) {
    const std::uint64_t begin = number * batch_bytes_;
    const std::uint64_t length = std::min(batch_bytes_, disk_.size() - begin);
    const std::uint64_t cluster_size = geometry_.cluster_size();
    batch.data.resize(batch_bytes_);
    batch.clusters.clear();
    std::size_t packed = 0;
    if (codec_ != nullptr) {
      batch.packed.resize(batch_bytes_);
      if (compressors_[worker] == nullptr) compressors_[worker] = codec_->compressor();
    }

    for (const DataExtent& extent : data_extents(disk_, begin, length, cluster_size)) {
      const std::uint64_t first = extent.offset - begin;
      const std::uint64_t end = round_up(first + extent.length, cluster_size);
      disk_.read(extent.offset, std::span(batch.data).subspan(first, extent.length));
      // The last cluster of the disk is padded with zeros.
      std::ranges::fill(std::span(batch.data).subspan(first + extent.length, end - first - extent.length),
                        std::byte{0});
      for (std::uint64_t offset = first; offset < end; offset += cluster_size) {
        const auto cluster = std::span<const std::byte>(batch.data).subspan(offset, cluster_size);
        if (is_zero(cluster)) continue;
        std::size_t compressed = 0;
        if (codec_ != nullptr) {
          const auto room = std::span(batch.packed).subspan(packed, cluster_size - 1);
          compressed = compressors_[worker]->compress(cluster, room).value_or(0);
          packed += compressed;
        }
        batch.clusters.push_back({.index = static_cast<std::uint32_t>(offset >> geometry_.cluster_bits()),
                                  .compressed_bytes = static_cast<std::uint32_t>(compressed)});
      }
    }
  }

  /// Gives the clusters of a batch their places and writes them. The compressed ones go first: where the two kinds take
  /// turns, the rest of a host cluster is lost.
  void store(std::uint64_t number, Batch& batch) {
    store_compressed(batch);
    store_plain(batch);
    const std::uint64_t first_cluster = number * batch_bytes_ >> geometry_.cluster_bits();
    for (const StoredCluster& cluster : batch.clusters) mapping_.set(first_cluster + cluster.index, cluster.l2_entry);
  }

  void store_compressed(Batch& batch) {
    std::size_t written = 0;
    std::size_t packed = 0;
    std::uint64_t run_offset = 0;  // in the file, of what is packed but not written
    const auto write_run = [&] {
      if (packed == written) return;
      output_.write_at(run_offset, std::span(batch.packed).subspan(written, packed - written));
      written = packed;
    };
    for (StoredCluster& cluster : batch.clusters) {
      if (cluster.compressed_bytes == 0) continue;
      const std::uint64_t offset = allocator_.allocate_compressed(cluster.compressed_bytes);
      if (offset != run_offset + (packed - written)) {
        write_run();
        run_offset = offset;
      }
      cluster.l2_entry = compressed_cluster(geometry_, offset, cluster.compressed_bytes);
      packed += cluster.compressed_bytes;
    }
    write_run();
  }

  void store_plain(Batch& batch) {
    auto& clusters = batch.clusters;
    for (std::size_t i = 0; i < clusters.size();) {
      if (clusters[i].compressed_bytes != 0) {
        ++i;
        continue;
      }
      std::size_t end = i + 1;
      while (end < clusters.size() && clusters[end].compressed_bytes == 0 &&
             clusters[end].index == clusters[end - 1].index + 1) {
        ++end;
      }
      const std::uint64_t count = end - i;
      std::uint64_t offset = allocator_.allocate(count);
      output_.write_at(offset, std::span(batch.data)
                                   .subspan(std::uint64_t{clusters[i].index} << geometry_.cluster_bits(),
                                            count << geometry_.cluster_bits()));
      for (; i < end; ++i, offset += geometry_.cluster_size()) clusters[i].l2_entry = standard_cluster(offset);
    }
  }

  void report_progress(std::uint64_t position) {
    position = std::min(position, disk_.size());
    context_.advance(position - reported_);
    reported_ = position;
  }

  const Blob& disk_;
  OutputFile& output_;
  const Codec* codec_;
  Context& context_;
  Geometry geometry_;
  std::uint64_t batch_bytes_;
  ClusterAllocator allocator_;
  Mapping mapping_;
  std::vector<Batch> slots_;
  std::vector<std::unique_ptr<Compressor>> compressors_;  ///< by worker
  std::uint64_t reported_ = 0;                            ///< bytes of the disk
};

}  // namespace

void write_image(const Blob& disk, OutputFile& output, const Codec* codec, Geometry geometry,
                 CompressionType compression, Context& context) {
  Writer(disk, output, codec, geometry, context).write(compression);
}

}  // namespace fstool::qcow2
