#include "write/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include "fstool/size.h"
#include "write/allocator.h"
#include "write/batch.h"
#include "write/cluster_index.h"
#include "write/header_area.h"
#include "write/mapping.h"
#include "write/shared_clusters.h"

namespace fstool::qcow2 {
namespace {

using Content = GuestCluster::Content;
using Clusters = std::vector<GuestCluster*>;

/// Batches that are listed at a time.
constexpr std::size_t kBatchesAtATime = 64 * 1024;

/// Compressed clusters of a batch that take as much begin at a block of the host: half a block is at most 1.6 % of it.
constexpr std::uint64_t kAlignedBytes = 128 * 1024;

/// Bytes of zeros that are written at a time.
constexpr std::size_t kZeroBytes = 1 << 20U;

/// Gives the clusters of a batch their places in the file and writes them. Used by one thread.
class ClusterStore {
 public:
  /// `data` is the external data file; null: plain clusters are in `output`.
  /// `earlier` is the output that clusters are taken from, or null.
  ClusterStore(OutputFile& output, OutputFile* data, const Blob* earlier, const ImageSettings& settings,
               ClusterAllocator& allocator)
      : output_(output), data_(data), settings_(settings), allocator_(allocator), shared_(earlier, output) {}

  /// Sets the cluster words of the entries of `clusters`, which have Data or Room in `batch`, in guest order;
  /// `batch_begin` is where it begins on the disk. The compressed ones go first: where the two kinds take turns, the
  /// rest of a host cluster is lost.
  void place(const Clusters& clusters, const Batch& batch, std::uint64_t batch_begin) {
    const bool aligns = cluster_size() >= kHostBlockBytes && compressed_bytes(clusters) >= kAlignedBytes;
    if (aligns) begin_blocks(clusters);
    place_compressed(clusters, batch);
    if (aligns) allocator_.align_compressed();
    place_plain(clusters, batch, batch_begin);
  }

  /// Writes what is left. Call it once, last.
  void finish() { shared_.finish(); }

 private:
  std::uint64_t cluster_size() const noexcept { return settings_.geometry.cluster_size(); }

  static std::uint64_t compressed_bytes(const Clusters& clusters) {
    std::uint64_t bytes = 0;
    for (const GuestCluster* const cluster : clusters) bytes += cluster->compressed_bytes;
    return bytes;
  }

  /// The compressed ones of `clusters` have blocks of the host to themselves.
  void begin_blocks(const Clusters& clusters) {
    allocator_.align_compressed();
    const auto is_compressed = [](const GuestCluster* cluster) { return cluster->compressed_bytes != 0; };
    (*std::ranges::find_if(clusters.rbegin(), clusters.rend(), is_compressed))->padded = true;
  }

  void place_compressed(const Clusters& clusters, const Batch& batch) {
    // What lies side by side in both buffer and file is written in one piece.
    std::uint64_t file_begin = 0;
    std::size_t packed_begin = 0;
    std::size_t length = 0;
    const auto write_run = [&] {
      if (length != 0) output_.write_at(file_begin, batch.packed.part(packed_begin, length));
    };
    for (GuestCluster* const cluster : clusters) {
      if (cluster->compressed_bytes == 0) continue;
      const std::uint64_t offset = allocator_.allocate_compressed(cluster->compressed_bytes);
      cluster->l2_entry = compressed_cluster(settings_.geometry, offset, cluster->compressed_bytes);
      if (cluster->earlier_offset != 0) {
        shared_.add(offset, cluster->earlier_offset, bytes_to_share(*cluster, offset));
        continue;
      }
      if (offset != file_begin + length || cluster->packed_offset != packed_begin + length) {
        write_run();
        file_begin = offset;
        packed_begin = cluster->packed_offset;
        length = 0;
      }
      length += cluster->compressed_bytes;
    }
    write_run();
  }

  /// What lies behind it up to the end of the block is the same, too, if it is padding in both files.
  static std::uint64_t bytes_to_share(const GuestCluster& cluster, std::uint64_t offset) {
    const bool with_padding = cluster.padded && cluster.padded_earlier &&
                              offset % kHostBlockBytes == cluster.earlier_offset % kHostBlockBytes;
    if (!with_padding) return cluster.compressed_bytes;
    return round_up(offset + cluster.compressed_bytes, kHostBlockBytes) - offset;
  }

  void place_plain(const Clusters& clusters, const Batch& batch, std::uint64_t batch_begin) {
    for (std::size_t i = 0; i < clusters.size();) {
      if (clusters[i]->compressed_bytes != 0) {
        ++i;
        continue;
      }
      std::size_t end = i + 1;
      while (end < clusters.size() && follows(*clusters[end - 1], *clusters[end])) ++end;
      place_run(std::span(clusters).subspan(i, end - i), batch, batch_begin);
      i = end;
    }
  }

  static bool follows(const GuestCluster& before, const GuestCluster& next) {
    return next.compressed_bytes == 0 && next.content == before.content && next.index == before.index + 1 &&
           (next.earlier_offset != 0) == (before.earlier_offset != 0);
  }

  /// Plain clusters of one kind that are side by side on the disk.
  void place_run(std::span<GuestCluster* const> run, const Batch& batch, std::uint64_t batch_begin) {
    const std::uint64_t in_batch = run.front()->index * cluster_size();
    const std::uint64_t length = run.size() * cluster_size();
    std::uint64_t offset = data_ != nullptr ? batch_begin + in_batch : allocator_.allocate(run.size());
    if (run.front()->earlier_offset != 0) {
      for (std::uint64_t to = offset; const GuestCluster* const cluster : run) {
        shared_.add(to, cluster->earlier_offset, cluster_size());
        to += cluster_size();
      }
    } else if (run.front()->content == Content::Data) {
      file_of_plain().write_at(offset, batch.data.part(in_batch, length));
    } else if (settings_.preallocation == Preallocation::Full) {
      write_zeros(offset, length);
    }
    for (GuestCluster* const cluster : run) {
      cluster->l2_entry = standard_cluster(offset);
      offset += cluster_size();
    }
  }

  OutputFile& file_of_plain() { return data_ != nullptr ? *data_ : output_; }

  void write_zeros(std::uint64_t offset, std::uint64_t length) {
    zeros_.resize(kZeroBytes);
    for (const std::uint64_t end = offset + length; offset < end;) {
      const auto part = std::span(zeros_).first(std::min<std::uint64_t>(zeros_.size(), end - offset));
      file_of_plain().write_at(offset, part);
      offset += part.size();
    }
  }

  OutputFile& output_;
  OutputFile* data_;
  const ImageSettings& settings_;
  ClusterAllocator& allocator_;
  SharedClusters shared_;
  std::vector<std::byte> zeros_;
};

class Writer {
 public:
  Writer(const Blob& disk, OutputFile& output, const Codec* codec, const ImageSettings& settings, Context& context)
      : disk_(disk),
        output_(output),
        data_(settings.data_file.name.empty()
                  ? nullptr
                  : &output.add_companion(output.target().parent_path() / settings.data_file.name)),
        settings_(settings),
        context_(context),
        earlier_(settings.has_independent_clusters() ? context.earlier_output() : nullptr),
        reuse_(how_to_reuse()),
        maker_(disk, settings, codec, earlier_, reuse_, context.workers().size()),
        allocator_(settings.geometry, output, settings.dedup ? Sharing::Any : Sharing::None),
        mapping_(settings.geometry, disk.size(), allocator_, output),
        store_(output, data_, earlier_ == nullptr ? nullptr : earlier_->file(), settings, allocator_),
        slots_(context.workers().slots()) {}

  void write() {
    context_.begin_step(fmt::format("writing {}", output_.target().string()), disk_.size(), "bytes");
    // XFS sets room aside behind the end of a file that grows, and fills it with zeros when something is written behind
    // that. Shared blocks would have to wait until they are on the disk.
    if (reuse_ == Reuse::Share) output_.set_size(earlier_->file()->size());
    write_data();
    write_tables();
    set_sizes();
  }

 private:
  std::uint64_t virtual_size() const { return round_up(disk_.size(), kSectorSize); }

  Reuse how_to_reuse() {
    if (earlier_ == nullptr || earlier_->file() == nullptr || earlier_->file()->size() == 0) return Reuse::Read;
    const std::optional<HostRange> file = earlier_->file()->host_range(0, earlier_->file()->size());
    return file && output_.shares_blocks_with(*file->file) ? Reuse::Share : Reuse::Read;
  }

  void write_data() {
    std::uint64_t position = 0;
    while (position < disk_.size()) {
      const std::vector<std::uint64_t> batches = next_batches(position);
      context_.workers().ordered(
          batches.size(),
          [&](std::uint64_t index, unsigned worker, unsigned slot) {
            maker_.make(batches[index], worker, slots_[slot]);
          },
          [&](std::uint64_t index, unsigned slot) {
            store(batches[index], slots_[slot]);
            report_progress((batches[index] + 1) * maker_.batch_bytes());
          });
      report_progress(position);
    }
  }

  /// The numbers of the next batches that may need entries, from `position` on, which moves to behind them.
  std::vector<std::uint64_t> next_batches(std::uint64_t& position) {
    const std::uint64_t batch_bytes = maker_.batch_bytes();
    std::vector<std::uint64_t> batches;
    while (position < disk_.size() && batches.size() < kBatchesAtATime) {
      context_.check_cancelled();
      const Run run = maker_.run_at(position);
      const std::uint64_t run_end = position + run.length;
      if (run.hole) {
        position = run_end;
        continue;
      }
      while (position < run_end && batches.size() < kBatchesAtATime) {
        batches.push_back(position / batch_bytes);
        position = std::min((position / batch_bytes + 1) * batch_bytes, disk_.size());
      }
    }
    return batches;
  }

  void store(std::uint64_t number, Batch& batch) {
    const std::uint64_t begin = number * maker_.batch_bytes();
    const std::uint64_t first_cluster = begin >> settings_.geometry.cluster_bits();
    if (settings_.dedup) {
      store_different(batch, begin);
    } else {
      store_all(batch, begin);
    }
    for (const GuestCluster& cluster : batch.clusters) {
      const std::uint64_t zeros =
          cluster.content == Content::Zeros && !settings_.geometry.has_subclusters() ? kReadsAsZeros : 0;
      mapping_.set(first_cluster + cluster.index, cluster.l2_entry | zeros, cluster.subclusters);
    }
    if (earlier_ != nullptr) note_pieces(batch);
    for (const auto& [guest_cluster, l2_entry] : no_longer_alone_) mapping_.clear_copied(guest_cluster, l2_entry);
    no_longer_alone_.clear();
    allocator_.write_settled();
  }

  /// Tells where the clusters of a batch are now.
  void note_pieces(const Batch& batch) {
    auto stored = batch.clusters.begin();
    for (const KeyedCluster& keyed : batch.keyed) {
      StoredPiece piece{.offset = 0, .bytes = 0, .form = static_cast<std::uint32_t>(StoredForm::Zeros)};
      if (stored != batch.clusters.end() && stored->index == keyed.index) {
        piece = stored_piece(*stored);
        ++stored;
      }
      earlier_->note(keyed.key, piece);
    }
  }

  StoredPiece stored_piece(const GuestCluster& cluster) const {
    if (cluster.compressed_bytes == 0) {
      return {.offset = cluster.l2_entry & kHostOffsetMask,
              .bytes = static_cast<std::uint32_t>(settings_.geometry.cluster_size()),
              .form = static_cast<std::uint32_t>(StoredForm::Plain)};
    }
    return {.offset = compressed_payload(settings_.geometry, cluster.l2_entry).offset,
            .bytes = cluster.compressed_bytes,
            .form = static_cast<std::uint32_t>(cluster.padded ? StoredForm::CompressedPadded : StoredForm::Compressed)};
  }

  void store_all(Batch& batch, std::uint64_t begin) {
    Clusters to_place;
    for (GuestCluster& cluster : batch.clusters) {
      cluster.l2_entry = 0;
      if (cluster.content != Content::Zeros) to_place.push_back(&cluster);
    }
    store_.place(to_place, batch, begin);
  }

  /// Stores one of those clusters that are equal, as long as its refcount can count the others.
  void store_different(Batch& batch, std::uint64_t begin) {
    const std::uint64_t first_cluster = begin >> settings_.geometry.cluster_bits();
    const auto remember = [&](const GuestCluster& cluster) {
      index_.put(cluster.key, {first_cluster + cluster.index, cluster.l2_entry});
    };
    Clusters to_place;
    Clusters known;
    new_keys_.clear();
    for (GuestCluster& cluster : batch.clusters) {
      cluster.l2_entry = 0;
      if (cluster.content != Content::Data) continue;
      const bool is_new = index_.find(cluster.key) == nullptr && new_keys_.insert(cluster.key).second;
      (is_new ? to_place : known).push_back(&cluster);
    }
    store_.place(to_place, batch, begin);
    for (const GuestCluster* const cluster : to_place) remember(*cluster);
    for (GuestCluster* const cluster : known) {
      if (share(*cluster)) continue;
      store_.place({cluster}, batch, begin);
      remember(*cluster);
    }
  }

  /// Points `cluster` at the one with the same content that was stored before. False if there is none that can be
  /// referred to.
  bool share(GuestCluster& cluster) {
    const KnownCluster* const known = index_.find(cluster.key);
    if (known == nullptr) return false;  // the index is full
    if (!allocator_.add_reference(host_run(known->l2_entry))) return false;
    cluster.l2_entry = known->l2_entry & ~kCopied;
    if ((known->l2_entry & kCopied) == 0) return true;
    const KnownCluster first = *known;
    no_longer_alone_.push_back(first);
    index_.put(cluster.key, {first.guest_cluster, cluster.l2_entry});
    return true;
  }

  HostRun host_run(std::uint64_t l2_entry) const {
    if ((l2_entry & kCompressed) == 0) return {l2_entry & kHostOffsetMask, settings_.geometry.cluster_size()};
    const CompressedPayload payload = compressed_payload(settings_.geometry, l2_entry);
    return {payload.offset, payload.bytes};
  }

  void write_tables() {
    store_.finish();
    const L1Table l1 = mapping_.finish();
    const RefcountTable refcounts = allocator_.finish();
    const ImageTables tables{l1.offset, l1.entries, refcounts.offset, refcounts.clusters};
    output_.write_at(0, make_header_area(settings_, virtual_size(), tables));
  }

  void set_sizes() {
    output_.set_size(allocator_.end());
    if (data_ != nullptr) data_->set_size(virtual_size());
    if (settings_.preallocation != Preallocation::Falloc) return;
    output_.reserve(allocator_.end());
    if (data_ != nullptr) data_->reserve(virtual_size());
  }

  void report_progress(std::uint64_t position) {
    position = std::min(position, disk_.size());
    context_.advance(position - reported_);
    reported_ = position;
  }

  const Blob& disk_;
  OutputFile& output_;
  OutputFile* data_;  ///< the external data file, or null
  const ImageSettings& settings_;
  Context& context_;
  EarlierOutput* earlier_;  ///< null: nothing is taken from it
  Reuse reuse_;
  BatchMaker maker_;
  ClusterAllocator allocator_;
  Mapping mapping_;
  ClusterStore store_;
  ClusterIndex index_;
  std::set<ClusterKey> new_keys_;              ///< of the batch that is being stored
  std::vector<KnownCluster> no_longer_alone_;  ///< whose entries have kCopied and must not
  std::vector<Batch> slots_;
  std::uint64_t reported_ = 0;  ///< bytes of the disk
};

}  // namespace

void write_image(const Blob& disk, OutputFile& output, const Codec* codec, const ImageSettings& settings,
                 Context& context) {
  Writer(disk, output, codec, settings, context).write();
}

}  // namespace fstool::qcow2
