/// \file
/// ExtentFile: where the pieces of a sparse extent go in the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "fstool/output_file.h"
#include "ondisk/sparse_header.h"

namespace fstool::vmdk {

/// Sectors of what is to become an extent.
struct ExtentSize {
  std::uint64_t capacity = 0;       ///< of the disk; not 0
  std::uint64_t grain_sectors = 0;  ///< a power of two

  std::uint64_t tables() const;
};

/// Not thread-safe. Throws as OutputFile does, and Error(Unsupported) for sectors that no entry can name.
class ExtentFile {
 public:
  virtual ~ExtentFile() = default;
  ExtentFile(const ExtentFile&) = delete;
  ExtentFile& operator=(const ExtentFile&) = delete;

  /// Writes `bytes`, whole sectors, behind what was appended before and returns their first sector.
  std::uint32_t append(std::span<const std::byte> bytes);
  /// Writes the grain table of that number, which is not empty. Tables come in order, behind their grains.
  virtual void write_table(std::uint64_t number, const GrainTable& table) = 0;
  /// Writes what is left: directories, header and `descriptor`. Call it once, last.
  virtual void finish(const std::string& descriptor) = 0;

 protected:
  /// The first appended piece goes to the sector `data_begin`.
  ExtentFile(OutputFile& output, const ExtentSize& size, std::uint64_t data_begin)
      : output_(output), size_(size), end_(data_begin), data_begin_(data_begin) {}

  /// A header with all that extents have in common.
  SparseExtentHeader common_header() const;
  void write_sectors(std::uint64_t sector, std::span<const std::byte> bytes);
  void write_header_and_descriptor(const SparseExtentHeader& header, const std::string& descriptor);

  OutputFile& output_;
  ExtentSize size_;
  std::uint64_t end_;  ///< sectors

 private:
  std::uint64_t data_begin_;
};

/// The extent of a monolithicSparse disk.
std::unique_ptr<ExtentFile> make_sparse_file(OutputFile& output, const ExtentSize& size);
/// That of a streamOptimized one. What is appended are grains behind their markers.
std::unique_ptr<ExtentFile> make_stream_file(OutputFile& output, const ExtentSize& size);

}  // namespace fstool::vmdk
