/// \file
/// TableCursor: reads entries of tables through the cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fstool/blob.h"
#include "read/read_caches.h"

namespace fstool::qcow2 {

/// A file whose tables are read, page by page. Thread-safe; what it refers to must outlive it.
struct TableFile {
  const Blob& file;
  ByteCache& cache;
  std::uint32_t image = 0;  ///< its number, for the cache
};

/// Remembers the page of the last entry, so that entries near each other cost one look into the cache. Not thread-safe:
/// whoever reads makes one for the while.
class TableCursor {
 public:
  explicit TableCursor(const TableFile& file) : file_(file) {}

  /// The `length` bytes at `offset`, which lie inside the file and within a multiple of kPageBytes. They stay valid
  /// until the next call.
  std::span<const std::byte> bytes_at(std::uint64_t offset, std::size_t length);

  /// The big-endian number at `offset`, a multiple of 8 inside the file.
  std::uint64_t number_at(std::uint64_t offset);

  static constexpr std::uint64_t kPageBytes = 8192;

 private:
  TableFile file_;
  ByteCache::Entry entry_;  ///< keeps page_ alive
  std::uint64_t page_begin_ = 0;
  std::span<const std::byte> page_;
};

}  // namespace fstool::qcow2
