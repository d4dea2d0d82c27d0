/// \file
/// The header of a sparse extent ("Hosted Sparse Extent Header" and "Stream-Optimized Compressed Sparse Extents" in
/// VMware's "Virtual Disk Format 5.0"). Offsets and sizes in it are in sectors of 512 bytes.
#pragma once

#include <array>
#include <boost/endian/arithmetic.hpp>
#include <cstddef>
#include <cstdint>

namespace fstool::vmdk {

inline constexpr std::uint64_t kSectorBytes = 512;

/// "KDMV".
inline constexpr std::uint32_t kSparseMagic = 0x564d444b;
/// "COWD": the sparse extents of ESX's VMFS.
inline constexpr std::uint32_t kCowdMagic = 0x44574f43;
/// The sparse extents of ESX 5.1 and later.
inline constexpr std::uint64_t kSeSparseMagic = 0xcafebabe;

/// 2 has grains that are marked as zero, 3 is what stream-optimized extents have.
inline constexpr std::uint32_t kNewestVersion = 3;

inline constexpr std::uint32_t kNewlineTestFlag = 1U << 0U;      ///< newline_test is set
inline constexpr std::uint32_t kRedundantTablesFlag = 1U << 1U;  ///< there is a second directory
inline constexpr std::uint32_t kZeroedGrainsFlag = 1U << 2U;     ///< the entry 1 means a grain of zeros
inline constexpr std::uint32_t kCompressedFlag = 1U << 16U;
inline constexpr std::uint32_t kMarkersFlag = 1U << 17U;

inline constexpr std::uint16_t kNotCompressed = 0;
inline constexpr std::uint16_t kDeflate = 1;  ///< streams of zlib (RFC 1950)

/// In place of the sector of the grain directory: a copy of the header near the end of the file, the footer, has it.
inline constexpr std::uint64_t kDirectoryAtEnd = ~std::uint64_t{0};

/// Bytes that a transfer as text would change.
inline constexpr std::array<char, 4> kNewlineTest = {'\n', ' ', '\r', '\n'};

struct SparseExtentHeader {
  boost::endian::little_uint32_t magic;
  boost::endian::little_uint32_t version;
  boost::endian::little_uint32_t flags;
  boost::endian::little_uint64_t capacity;           // of the disk
  boost::endian::little_uint64_t grain_size;         // a power of two
  boost::endian::little_uint64_t descriptor_offset;  // 0: the descriptor is a file of its own
  boost::endian::little_uint64_t descriptor_size;
  boost::endian::little_uint32_t entries_of_table;
  boost::endian::little_uint64_t redundant_directory_offset;
  boost::endian::little_uint64_t directory_offset;
  boost::endian::little_uint64_t overhead;  // what lies before the first grain
  std::uint8_t unclean_shutdown;
  std::array<char, 4> newline_test;
  boost::endian::little_uint16_t compression;
  std::array<std::byte, 433> padding;
};
static_assert(sizeof(SparseExtentHeader) == kSectorBytes);

/// An entry of a grain directory, the sector of a grain table, or of a grain table, the sector of a grain. 0: what it
/// stands for isn't stored.
using TableEntry = boost::endian::little_uint32_t;
static_assert(sizeof(TableEntry) == 4);

/// The entry of a table that means a grain of zeros if the extent has kZeroedGrainsFlag.
inline constexpr std::uint32_t kZeroedGrain = 1;

/// Sectors that entries can name.
inline constexpr std::uint64_t kMaxFileSectors = std::uint64_t{1} << 32U;

/// Entries of a table, in all extents that VMware's programs make.
inline constexpr std::uint32_t kEntriesOfTable = 512;
inline constexpr std::uint64_t kTableSectors = kEntriesOfTable * sizeof(TableEntry) / kSectorBytes;
using GrainTable = std::array<TableEntry, kEntriesOfTable>;

/// Entries of a directory that QEMU takes, at most: 1 PiB with grains of 64 KiB.
inline constexpr std::uint64_t kMaxDirectoryEntries = std::uint64_t{1} << 25U;

}  // namespace fstool::vmdk
