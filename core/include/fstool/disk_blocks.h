/// \file
/// Disks that containers store in blocks: each block lies somewhere in the file, or is left out because it is zeros.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "fstool/api.h"
#include "fstool/blob.h"
#include "fstool/context.h"
#include "fstool/output_file.h"
#include "fstool/uuid.h"

namespace fstool {

/// A block of a disk that is not all zeros.
struct DataBlock {
  std::uint64_t index = 0;           ///< it begins at index times the size of a block
  std::span<const std::byte> bytes;  ///< a whole block; what lies behind the end of the disk is zero
};

/// Runs on a worker; `worker` and `slot` are those of WorkerPool::ordered(). Empty: there is nothing to prepare.
using PrepareBlock = std::function<void(const DataBlock& block, unsigned worker, unsigned slot)>;
/// Runs on one thread at a time, in the order of the indices. `slot` is that of the block's preparation.
using StoreBlock = std::function<void(const DataBlock& block, unsigned slot)>;

/// Reads `disk` with all of context.workers() and calls `prepare` and then `store` for each of its blocks that has a
/// byte other than zero. Holes are passed over without being read, and whether zeros are holes or data makes no
/// difference. `block_size` is in bytes, a power of two, at least 512; memory is a block for each of the pool's slots.
/// Advances the progress by the size of the disk. Throws what the disk and the two functions throw, and
/// Error(Cancelled).
FSTOOL_API void for_each_data_block(const Blob& disk, std::uint64_t block_size, Context& context,
                                    const PrepareBlock& prepare, const StoreBlock& store);

/// Writes `bytes` at `offset` of `output`, but for those units of 4 KiB of the file that are all zeros: these become
/// holes. So nothing else may have been written there. Thread-safe and throws as OutputFile::write_at().
FSTOOL_API void write_sparse(OutputFile& output, std::uint64_t offset, std::span<const std::byte> bytes);

/// Finds a seed in the content of a disk, for identifiers that have nothing else to be derived from. Equal disks in
/// blocks of equal size give equal seeds. Of each data block, take() is called first, by any thread, and then add() by
/// one thread, in the order of the blocks: as for_each_data_block() calls its functions.
class FSTOOL_API ContentSeed {
 public:
  /// `slots` is WorkerPool::slots(); `disk_size` is in bytes.
  ContentSeed(unsigned slots, std::uint64_t disk_size);
  void take(const DataBlock& block, unsigned slot);
  void add(const DataBlock& block, unsigned slot);
  const Seed& seed() const noexcept { return seed_; }

 private:
  std::vector<std::uint64_t> checksums_;  ///< by slot
  Seed seed_;
};

/// A disk in the blocks of a file.
struct BlockedDisk {
  std::string name;  ///< of the file, for messages
  BlobPtr file;
  std::uint64_t size = 0;        ///< of the disk, in bytes
  std::uint64_t block_size = 0;  ///< in bytes, at least 1
  /// Where a block begins in the file, in bytes; nothing if it is zeros. Asked for blocks that begin inside the disk,
  /// by any thread. It need not look at the size of the file. May throw Error(Corrupt).
  std::function<std::optional<std::uint64_t>(std::uint64_t block)> place;
};

/// The disk as a Blob. Its runs are holes where blocks are zeros and where the file has holes; blocks that lie one
/// after the other are read in one piece. Reading what reaches beyond the end of the file is Error(Corrupt); of the
/// last block only the bytes of the disk need to be there.
FSTOOL_API BlobPtr make_blocked_blob(BlockedDisk disk);

}  // namespace fstool
