/// \file
/// GrainMap: where the grains of a sparse extent are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fstool/blob.h"
#include "fstool/byte_cache.h"
#include "read/sparse_extent.h"

namespace fstool::vmdk {

enum class GrainKind {
  Zero,        ///< not stored
  Plain,       ///< stored as it is
  Compressed,  ///< behind a marker
};

/// A stretch of the disk that is of one kind. Compressed ones end with their grain.
struct GrainRun {
  GrainKind kind = GrainKind::Zero;
  std::uint64_t length = 0;       ///< bytes of the disk, at least 1
  std::uint64_t file_offset = 0;  ///< bytes: of the first byte, or of the marker before a compressed grain; else 0
};

/// Reads pages of tables through a cache, and remembers the last. Not thread-safe: whoever reads makes one for the
/// while.
class TablePages {
 public:
  TablePages(const Blob& file, ByteCache& cache, std::uint32_t number) : file_(file), cache_(cache), number_(number) {}

  /// The entries from `offset` on, a multiple of 4 that is in the file: up to `most` of them, at least one, which stay
  /// valid until the next call.
  std::span<const TableEntry> entries_at(std::uint64_t offset, std::uint64_t most);

 private:
  const Blob& file_;
  ByteCache& cache_;
  std::uint32_t number_;
  ByteCache::Entry entry_;  ///< keeps page_ alive
  std::uint64_t page_begin_ = 0;
  std::span<const std::byte> page_;
};

/// Thread-safe. What it is made of must outlive it.
class GrainMap {
 public:
  /// `number` is that of the file in the cache.
  GrainMap(const SparseExtent& extent, const Blob& file, ByteCache& cache, std::uint32_t number)
      : extent_(extent), file_(file), cache_(cache), number_(number) {}

  /// What is at `offset` bytes, for up to `length` bytes, which are on the disk. Looks at up to `pieces` pieces of
  /// tables, by which it lowers the number. Throws Error(Corrupt) for entries that lead out of the file, if they are
  /// about `offset` itself.
  GrainRun run_at(std::uint64_t offset, std::uint64_t length, std::uint64_t& pieces) const;

 private:
  GrainRun piece_at(TablePages& pages, std::uint64_t offset) const;
  GrainRun piece_of_table(TablePages& pages, std::uint64_t table, std::uint64_t offset) const;

  const SparseExtent& extent_;
  const Blob& file_;
  ByteCache& cache_;
  std::uint32_t number_;
};

}  // namespace fstool::vmdk
