/// \file
/// Batches: what the workers make of a stretch of the disk before it is given a place in the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "fstool/blob.h"
#include "fstool/codec.h"
#include "fstool/reuse.h"
#include "write/cluster_key.h"
#include "write/image_settings.h"

namespace fstool::qcow2 {

/// A guest cluster that has an entry.
struct GuestCluster {
  enum class Content : std::uint8_t {
    Data,   ///< its bytes are stored
    Room,   ///< it has a place that nothing is written to
    Zeros,  ///< its entry says that it is zeros
  };

  std::uint32_t index = 0;  ///< in its batch
  Content content = Content::Data;
  std::uint32_t compressed_bytes = 0;  ///< Data: 0 if stored as it is
  std::uint32_t packed_offset = 0;     ///< of the compressed bytes in Batch::packed
  bool padded = false;                 ///< compressed; the rest of its last block of the host is unused
  bool padded_earlier = false;         ///< the same of the place at earlier_offset
  std::uint64_t earlier_offset = 0;    ///< Data: where an earlier output has the bytes; 0: they are in the batch
  std::uint64_t subclusters = 0;       ///< the bitmap of an extended entry
  std::uint64_t l2_entry = 0;          ///< its cluster word, set once it has its place
  ClusterKey key{};                    ///< Data, if equal clusters are looked for
};

/// A guest cluster that isn't a hole, and what names its bytes.
struct KeyedCluster {
  std::uint32_t index = 0;  ///< in its batch
  PieceKey key{};
};

/// How an output stores a cluster, as StoredPiece::form says it.
enum class StoredForm : std::uint32_t {
  Plain,
  Compressed,
  Zeros,
  CompressedPadded,  ///< compressed; zeros follow up to the end of the block of the host
};

/// How the bytes of clusters that an earlier output has come to the new one.
enum class Reuse : std::uint8_t {
  Read,   ///< they are read into the batch
  Share,  ///< the batch has their place, if they keep their place within a block of the host
};

/// Room for the bytes of a batch, which are undefined until they are written: what nobody writes takes no memory.
class BatchBuffer {
 public:
  /// Call it first; the buffer keeps the size of the first time.
  void allocate(std::size_t size) {
    if (!bytes_) bytes_ = std::make_unique_for_overwrite<std::byte[]>(size);
  }

  std::span<std::byte> part(std::size_t offset, std::size_t length) { return {bytes_.get() + offset, length}; }
  std::span<const std::byte> part(std::size_t offset, std::size_t length) const {
    return {bytes_.get() + offset, length};
  }

 private:
  std::unique_ptr<std::byte[]> bytes_;
};

/// A stretch of the disk. The buffers are kept from batch to batch.
struct Batch {
  BatchBuffer data;    ///< the bytes of the disk; undefined where no cluster is Data
  BatchBuffer packed;  ///< the compressed clusters, one after the other
  std::vector<GuestCluster> clusters;
  std::vector<KeyedCluster> keyed;  ///< those that were looked for in an earlier output, in guest order
};

/// Reads batches, leaves out what need not be stored, and compresses the rest.
class BatchMaker {
 public:
  /// `codec` is null for plain clusters, `earlier` if there is nothing to take clusters from. All must outlive this
  /// object.
  BatchMaker(const Blob& disk, const ImageSettings& settings, const Codec* codec, const EarlierOutput* earlier,
             Reuse reuse, unsigned workers);
  ~BatchMaker();

  /// Bytes of the disk in a batch. Batches lie at multiples of their size, so that where one begins doesn't depend on
  /// holes.
  std::uint64_t batch_bytes() const noexcept { return batch_bytes_; }

  /// The run at `position` in which every guest cluster, or none, may need an entry: none if it is a hole. Ends at or
  /// before the end of the disk.
  Run run_at(std::uint64_t position) const;

  /// Makes the batch number `number`. Thread-safe for different workers.
  void make(std::uint64_t number, unsigned worker, Batch& batch);

 private:
  class Worker;

  const Blob& disk_;
  const ImageSettings& settings_;
  const Codec* codec_;
  const EarlierOutput* earlier_;
  Reuse reuse_;
  std::uint64_t batch_bytes_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace fstool::qcow2
