/// \file
/// What the header of a sparse extent says, checked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "fstool/blob.h"
#include "ondisk/sparse_header.h"

namespace fstool::vmdk {

/// Bytes of a compressed grain that is read, at most: it is unpacked in memory. VMware's have 64 KiB.
inline constexpr std::uint64_t kMaxCompressedGrainBytes = std::uint64_t{2} << 20U;

/// Sectors of a grain that QEMU reads, at most.
inline constexpr std::uint64_t kMaxGrainSectors = 0x200000;

struct SparseExtent {
  std::uint32_t version = 0;
  std::uint64_t capacity = 0;           ///< sectors of the disk; from 1 to kMaxDiskSectors
  std::uint64_t grain_sectors = 0;      ///< a power of two, at most kMaxGrainSectors
  std::uint32_t entries_of_table = 0;   ///< from 1 to kEntriesOfTable
  std::uint64_t directory = 0;          ///< its first sector; all of it is in the file
  std::uint64_t directory_entries = 0;  ///< at most kMaxDirectoryEntries
  bool has_redundant_tables = false;
  std::uint64_t redundant_directory = 0;  ///< its first sector, if there is one; not checked
  bool compressed = false;                ///< all grains are, behind markers
  bool has_zeroed_grains = false;         ///< the entry kZeroedGrain means zeros
  bool unclean_shutdown = false;
  std::uint64_t descriptor = 0;  ///< its first sector; 0: it is a file of its own
  std::uint64_t descriptor_sectors = 0;

  std::uint64_t grain_bytes() const { return grain_sectors * kSectorBytes; }
  std::uint64_t disk_bytes() const { return capacity * kSectorBytes; }
  /// Grains of the disk; the last may be cut short.
  std::uint64_t grains() const { return (capacity + grain_sectors - 1) / grain_sectors; }
  std::uint64_t table_bytes() const { return entries_of_table * sizeof(TableEntry); }
  std::uint64_t directory_bytes() const { return directory_entries * sizeof(TableEntry); }
  /// In the format's words.
  std::vector<std::string> feature_names() const;
};

/// Reads the header, or the footer if that is where the directory is. Throws Error(Corrupt/Unsupported) and as
/// Blob::read().
SparseExtent read_sparse_extent(const Blob& file);

/// The text of the descriptor in the extent. Empty if there is none, or nothing but zeros in its place, as in the
/// extents of a disk of several files. Throws Error(Corrupt) if it is not in the file or is too large, and as
/// Blob::read().
std::string read_embedded_descriptor(const Blob& file, const SparseExtent& extent);

/// True if the `bytes` bytes from `sector` on are in the file.
bool is_inside(const Blob& file, std::uint64_t sector, std::uint64_t bytes);

}  // namespace fstool::vmdk
