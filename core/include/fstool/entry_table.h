/// \file
/// Tables of small entries in a file, such as those that say where the blocks of a disk lie. They grow with the disk,
/// so neither reading nor writing one keeps it in memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "fstool/blob.h"
#include "fstool/byte_cache.h"
#include "fstool/output_file.h"

namespace fstool {

/// Reads a table in pages, when somebody asks for an entry, and keeps the pages that were used last. `Entry` is what
/// the table has on disk, a Boost.Endian type or a structure of them. Thread-safe.
template <class Entry>
class EntryTable {
  static_assert(std::is_trivially_copyable_v<Entry>);

 public:
  /// The table of `entries` entries that begins at `offset` bytes of `file` and lies inside it: the caller has looked.
  EntryTable(BlobPtr file, std::uint64_t offset, std::uint64_t entries)
      : file_(std::move(file)), offset_(offset), entries_(entries) {}

  std::uint64_t size() const noexcept { return entries_; }

  /// `index` is less than size(). Throws what reading the file throws.
  Entry operator[](std::uint64_t index) const {
    const std::uint64_t page = index / kPageEntries;
    const std::uint64_t first = page * kPageEntries;
    const std::size_t bytes = std::min<std::uint64_t>(kPageEntries, entries_ - first) * sizeof(Entry);
    const ByteCache::Entry cached = cache_->find_or_add({0, page}, bytes);
    const auto stored = cached->get([&](std::vector<std::byte>& into) {
      into.resize(bytes);
      file_->read(offset_ + first * sizeof(Entry), into);
    });
    Entry entry;
    std::memcpy(&entry, stored.data() + (index - first) * sizeof(Entry), sizeof(Entry));
    return entry;
  }

 private:
  static constexpr std::uint64_t kPageEntries = 4096;
  static constexpr std::size_t kCachedBytes = std::size_t{4} << 20U;
  static constexpr std::size_t kCacheParts = 8;

  BlobPtr file_;
  std::uint64_t offset_;
  std::uint64_t entries_;
  std::shared_ptr<ByteCache> cache_ = std::make_shared<ByteCache>(kCachedBytes, kCacheParts);
};

/// Writes a table from front to back, a page at a time, while what it tells about is still being written. Not
/// thread-safe.
template <class Entry>
class EntryTableWriter {
  static_assert(std::is_trivially_copyable_v<Entry>);

 public:
  /// A table of `entries` entries at `offset` bytes of `output`, which outlives this. Entries that are never set are
  /// `absent`.
  EntryTableWriter(OutputFile& output, std::uint64_t offset, std::uint64_t entries, Entry absent)
      : output_(output), offset_(offset), entries_(entries), absent_(absent) {
    begin_page();
  }

  /// `index` is less than the number of entries, and larger than in all calls before. Throws Error(NoSpace/Io).
  void set(std::uint64_t index, Entry entry) {
    while (index - first_ >= page_.size()) next_page();
    page_[index - first_] = entry;
  }

  /// Writes what is left. Call it once, last. Throws Error(NoSpace/Io).
  void finish() {
    while (first_ < entries_) next_page();
  }

 private:
  static constexpr std::uint64_t kPageEntries = 16 * 1024;

  void begin_page() { page_.assign(std::min(kPageEntries, entries_ - first_), absent_); }

  void next_page() {
    output_.write_at(offset_ + first_ * sizeof(Entry), std::as_bytes(std::span(page_)));
    first_ += page_.size();
    begin_page();
  }

  OutputFile& output_;
  std::uint64_t offset_;
  std::uint64_t entries_;
  Entry absent_;
  std::uint64_t first_ = 0;  ///< entry of the page
  std::vector<Entry> page_;
};

}  // namespace fstool
