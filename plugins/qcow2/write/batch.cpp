#include "write/batch.h"

#include <fcntl.h>
#include <nettle/sha2.h>

#include <algorithm>

#include "fstool/output_file.h"
#include "fstool/size.h"
#include "read/padded_read.h"

namespace fstool::qcow2 {
namespace {

constexpr std::uint64_t kBatchBytes = 1 << 20U;

/// The bitmaps of an extended entry (ExtendedL2Entry::subclusters).
constexpr std::uint64_t kAllAllocated = 0xffff'ffff;
constexpr std::uint64_t kAllZeros = kAllAllocated << kSubclusters;

bool is_compressed(const StoredPiece& piece) {
  return StoredForm{piece.form} == StoredForm::Compressed || StoredForm{piece.form} == StoredForm::CompressedPadded;
}

ClusterKey key_of(std::span<const std::byte> cluster) {
  sha256_ctx digest;
  sha256_init(&digest);
  sha256_update(&digest, cluster.size(), reinterpret_cast<const std::uint8_t*>(cluster.data()));
  ClusterKey key;
  sha256_digest(&digest, key.size(), reinterpret_cast<std::uint8_t*>(key.data()));
  return key;
}

}  // namespace

/// What one worker needs to make batches.
class BatchMaker::Worker {
 public:
  Worker(const Blob& disk, const ImageSettings& settings, const Codec* codec, const EarlierOutput* earlier, Reuse reuse)
      : disk_(disk),
        settings_(settings),
        earlier_(earlier),
        reuse_(reuse),
        cluster_size_(settings.geometry.cluster_size()),
        compressor_(codec == nullptr ? nullptr : codec->compressor()) {}

  /// The bytes of the disk in [begin, begin + length); `batch` has room for them in whole clusters.
  void make(std::uint64_t begin, std::uint64_t length, Batch& batch) {
    batch.clusters.clear();
    batch.keyed.clear();
    packed_ = 0;
    std::uint64_t at = 0;
    for (const DataExtent& extent : extents(begin, length)) {
      const std::uint64_t first = extent.offset - begin;
      const std::uint64_t end = round_up(first + extent.length, cluster_size_);
      add_room(at, first, batch);
      if (earlier_ != nullptr) {
        add_known_or_data(begin, first, end, batch);
      } else {
        add_data(begin, first, end, batch);
      }
      at = end;
    }
    add_room(at, round_up(length, cluster_size_), batch);
  }

 private:
  std::vector<DataExtent> extents(std::uint64_t begin, std::uint64_t length) const {
    // A hole of the disk can have data in the backing file.
    if (settings_.backing.disk != nullptr) return {{begin, length}};
    return data_extents(disk_, begin, length, cluster_size_);
  }

  /// The clusters in [begin, end) of the batch are zeros.
  void add_room(std::uint64_t begin, std::uint64_t end, Batch& batch) const {
    if (!settings_.places_every_cluster()) return;
    for (std::uint64_t offset = begin; offset < end; offset += cluster_size_) add_room(offset, batch);
  }

  void add_room(std::uint64_t offset, Batch& batch) const {
    GuestCluster& cluster = new_cluster(offset, batch);
    cluster.content = GuestCluster::Content::Room;
    cluster.subclusters = kAllAllocated;
  }

  GuestCluster& new_cluster(std::uint64_t offset, Batch& batch) const {
    GuestCluster& cluster = batch.clusters.emplace_back();
    cluster.index = static_cast<std::uint32_t>(offset / cluster_size_);
    return cluster;
  }

  /// As add_data(), but takes what an earlier output has.
  void add_known_or_data(std::uint64_t batch_begin, std::uint64_t begin, std::uint64_t end, Batch& batch) {
    look_up(batch_begin, begin, end, batch);
    if (reuse_ == Reuse::Share) begin_reading_moved();
    std::uint64_t unknown = begin;  // where those begin that have to be made
    std::uint64_t offset = begin;
    for (const std::optional<StoredPiece>& piece : known_) {
      const std::uint64_t next = offset + cluster_size_;
      if (piece) {
        if (unknown < offset) add_data(batch_begin, unknown, offset, batch);
        add_known(offset, *piece, batch);
        unknown = next;
      }
      offset = next;
    }
    if (unknown < end) add_data(batch_begin, unknown, end, batch);
  }

  /// Finds what the earlier output has of the clusters in [begin, end) of the batch, for `known_`.
  void look_up(std::uint64_t batch_begin, std::uint64_t begin, std::uint64_t end, Batch& batch) {
    known_.clear();
    for (std::uint64_t offset = begin; offset < end; offset += cluster_size_) {
      const PieceKey key = piece_key(batch_begin + offset);
      batch.keyed.push_back({static_cast<std::uint32_t>(offset / cluster_size_), key});
      const std::optional<StoredPiece> piece = earlier_->find(key);
      known_.push_back(piece && is_plausible(*piece) ? piece : std::nullopt);
    }
  }

  /// Compressed clusters around one that is made anew are read: those behind it will hardly keep their place within a
  /// block. What a file has in common with another is not in the host's cache for it, so that each would be waited for:
  /// lets the host read while the new cluster is made. Only a hint.
  void begin_reading_moved() const {
    const auto changed = std::ranges::find_if(known_, [](const auto& piece) { return !piece.has_value(); });
    if (changed == known_.end()) return;
    std::uint64_t begin = earlier_->file()->size();
    std::uint64_t end = 0;
    for (auto piece = changed == known_.begin() ? changed : changed - 1; piece != known_.end(); ++piece) {
      if (!*piece || !is_compressed(**piece)) continue;
      begin = std::min(begin, (*piece)->offset);
      end = std::max(end, (*piece)->offset + (*piece)->bytes);
    }
    const bool lie_together = begin < end && end - begin <= known_.size() * cluster_size_;
    if (!lie_together) return;
    if (const auto range = earlier_->file()->host_range(begin, end - begin)) {
      ::posix_fadvise(range->file->fd(), static_cast<off_t>(range->offset), static_cast<off_t>(end - begin),
                      POSIX_FADV_WILLNEED);
    }
  }

  PieceKey piece_key(std::uint64_t position) {
    const std::uint64_t length = std::min(cluster_size_, disk_.size() - position);
    disk_.fingerprint(position, length, fingerprint_);
    if (length < cluster_size_) fingerprint_.add_hole(cluster_size_ - length);
    return fingerprint_.finish();
  }

  bool is_plausible(const StoredPiece& piece) const {
    const std::uint64_t size = earlier_->file()->size();
    const bool is_inside = piece.offset != 0 && piece.offset <= size && piece.bytes <= size - piece.offset;
    const bool can_be_compressed = piece.bytes > 0 && piece.bytes < cluster_size_ && compressor_ != nullptr;
    switch (StoredForm{piece.form}) {
      case StoredForm::Plain:
        return is_inside && piece.bytes == cluster_size_;
      case StoredForm::Compressed:
        return is_inside && can_be_compressed;
      case StoredForm::CompressedPadded:
        return is_inside && can_be_compressed && round_up(piece.offset + piece.bytes, kHostBlockBytes) <= size;
      case StoredForm::Zeros:
        return true;
    }
    return false;
  }

  void add_known(std::uint64_t offset, const StoredPiece& piece, Batch& batch) {
    if (StoredForm{piece.form} == StoredForm::Zeros) return;
    GuestCluster& cluster = new_cluster(offset, batch);
    if (StoredForm{piece.form} == StoredForm::Plain) {
      take(piece, batch.data.part(offset, cluster_size_), offset, cluster);
      return;
    }
    take(piece, batch.packed.part(packed_, piece.bytes), packed_, cluster);
    cluster.padded_earlier = StoredForm{piece.form} == StoredForm::CompressedPadded;
    set_compressed(cluster, piece.bytes);
  }

  /// Leaves `piece` where it is, or reads it into `place`. `position` is congruent to that in the new file, modulo a
  /// block of the host, if the batch begins at a block; else what is left is copied later.
  void take(const StoredPiece& piece, std::span<std::byte> place, std::uint64_t position, GuestCluster& cluster) const {
    if (reuse_ == Reuse::Share && piece.offset % kHostBlockBytes == position % kHostBlockBytes) {
      cluster.earlier_offset = piece.offset;
    } else {
      earlier_->file()->read(piece.offset, place);
    }
  }

  void set_compressed(GuestCluster& cluster, std::size_t bytes) {
    cluster.packed_offset = static_cast<std::uint32_t>(packed_);
    cluster.compressed_bytes = static_cast<std::uint32_t>(bytes);
    cluster.subclusters = 0;
    packed_ += bytes;
  }

  void add_data(std::uint64_t batch_begin, std::uint64_t begin, std::uint64_t end, Batch& batch) {
    const auto bytes = batch.data.part(begin, end - begin);
    read_padded(disk_, batch_begin + begin, bytes);
    if (settings_.backing.disk != nullptr) {
      base_.resize(bytes.size());
      read_padded(*settings_.backing.disk, batch_begin + begin, base_);
    }
    for (std::uint64_t offset = 0; offset < bytes.size(); offset += cluster_size_) {
      add_cluster(begin + offset, bytes.subspan(offset, cluster_size_), base_at(offset), batch);
    }
  }

  /// What the backing file has in the place of a cluster; empty without one.
  std::span<const std::byte> base_at(std::uint64_t offset) const {
    return settings_.backing.disk == nullptr ? std::span<const std::byte>()
                                             : std::span(base_).subspan(offset, cluster_size_);
  }

  void add_cluster(std::uint64_t offset, std::span<const std::byte> bytes, std::span<const std::byte> base,
                   Batch& batch) {
    if (base.empty()) {
      if (!is_zero(bytes)) return add_stored(offset, bytes, base, batch);
      if (settings_.places_every_cluster()) add_room(offset, batch);
    } else if (!std::ranges::equal(bytes, base)) {
      if (!is_zero(bytes) || !settings_.has_zero_clusters()) return add_stored(offset, bytes, base, batch);
      GuestCluster& cluster = new_cluster(offset, batch);
      cluster.content = GuestCluster::Content::Zeros;
      cluster.subclusters = kAllZeros;
    }
  }

  void add_stored(std::uint64_t offset, std::span<const std::byte> bytes, std::span<const std::byte> base,
                  Batch& batch) {
    GuestCluster& cluster = new_cluster(offset, batch);
    cluster.subclusters = subclusters_of(bytes, base);
    if (settings_.geometry.has_subclusters() && (cluster.subclusters & kAllAllocated) == 0) {
      cluster.content = GuestCluster::Content::Zeros;
      return;
    }
    if (settings_.dedup) cluster.key = key_of(bytes);
    if (compressor_ == nullptr) return;
    const auto room = batch.packed.part(packed_, cluster_size_ - 1);
    const std::size_t compressed = compressor_->compress(bytes, room).value_or(0);
    if (compressed != 0) set_compressed(cluster, compressed);
  }

  /// Which subclusters of a plain cluster are to be looked for in it.
  std::uint64_t subclusters_of(std::span<const std::byte> bytes, std::span<const std::byte> base) const {
    if (!settings_.geometry.has_subclusters()) return 0;
    if (settings_.places_every_cluster()) return kAllAllocated;
    const std::uint64_t size = settings_.geometry.subcluster_size();
    std::uint64_t bitmap = 0;
    for (unsigned i = 0; i < kSubclusters; ++i) {
      const auto part = bytes.subspan(i * size, size);
      if (base.empty()) {
        if (!is_zero(part)) bitmap |= std::uint64_t{1} << i;
      } else if (!std::ranges::equal(part, base.subspan(i * size, size))) {
        bitmap |= std::uint64_t{1} << (is_zero(part) ? i + kSubclusters : i);
      }
    }
    return bitmap;
  }

  const Blob& disk_;
  const ImageSettings& settings_;
  const EarlierOutput* earlier_;
  Reuse reuse_;
  std::uint64_t cluster_size_;
  Fingerprint fingerprint_;
  std::unique_ptr<Compressor> compressor_;
  std::vector<std::byte> base_;
  std::vector<std::optional<StoredPiece>> known_;  ///< for each cluster of an extent, what an earlier output has
  std::size_t packed_ = 0;                         ///< bytes of Batch::packed that are in use
};

BatchMaker::BatchMaker(const Blob& disk, const ImageSettings& settings, const Codec* codec,
                       const EarlierOutput* earlier, Reuse reuse, unsigned workers)
    : disk_(disk),
      settings_(settings),
      codec_(codec),
      earlier_(earlier),
      reuse_(reuse),
      batch_bytes_(std::max(kBatchBytes, settings.geometry.cluster_size())),
      workers_(workers) {}

BatchMaker::~BatchMaker() = default;

Run BatchMaker::run_at(std::uint64_t position) const {
  if (settings_.places_every_cluster()) return {disk_.size() - position, false};
  Run run = disk_.run_at(position);
  const Blob* const base = settings_.backing.disk.get();
  if (run.hole && base != nullptr && position < base->size()) {
    const Run below = base->run_at(position);
    run = {std::min(run.length, below.length), below.hole};
  }
  return run;
}

void BatchMaker::make(std::uint64_t number, unsigned worker, Batch& batch) {
  if (workers_[worker] == nullptr) {
    workers_[worker] = std::make_unique<Worker>(disk_, settings_, codec_, earlier_, reuse_);
  }
  batch.data.allocate(batch_bytes_);
  if (codec_ != nullptr) batch.packed.allocate(batch_bytes_);
  const std::uint64_t begin = number * batch_bytes_;
  workers_[worker]->make(begin, std::min(batch_bytes_, disk_.size() - begin), batch);
}

}  // namespace fstool::qcow2
