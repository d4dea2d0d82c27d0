#include "write/extent_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool::vmdk {
namespace {

// The descriptor has the place and the room that QEMU and VMware's programs give it.
constexpr std::uint64_t kDescriptorSector = 1;
constexpr std::uint64_t kDescriptorSectors = 20;

constexpr std::uint64_t kTablesBegin = kDescriptorSector + kDescriptorSectors;

/// Entries of a directory that are written at a time.
constexpr std::uint64_t kEntriesAtATime = 64 * 1024;

/// Tables at places that are known in advance.
class SparseFile final : public ExtentFile {
 public:
  SparseFile(OutputFile& output, const ExtentSize& size)
      : ExtentFile(output, size, round_up(kTablesBegin + 2 * set_sectors(size), size.grain_sectors)) {}

  void write_table(std::uint64_t number, const GrainTable& table) override {
    for (const std::uint64_t directory : {redundant_directory(), this->directory()}) {
      write_sectors(tables_of(directory) + number * kTableSectors, std::as_bytes(std::span(table)));
    }
  }

  void finish(const std::string& descriptor) override {
    for (const std::uint64_t directory : {redundant_directory(), this->directory()}) write_directory(directory);
    output_.set_size(end_ * kSectorBytes);
    SparseExtentHeader header = common_header();
    header.version = 1;
    header.flags = kNewlineTestFlag | kRedundantTablesFlag;
    header.redundant_directory_offset = redundant_directory();
    header.directory_offset = directory();
    write_header_and_descriptor(header, descriptor);
  }

 private:
  static std::uint64_t directory_sectors(const ExtentSize& size) {
    return div_ceil(size.tables() * sizeof(TableEntry), kSectorBytes);
  }
  /// Of a directory and its tables.
  static std::uint64_t set_sectors(const ExtentSize& size) {
    return directory_sectors(size) + size.tables() * kTableSectors;
  }

  static std::uint64_t redundant_directory() { return kTablesBegin; }
  std::uint64_t directory() const { return kTablesBegin + set_sectors(size_); }
  std::uint64_t tables_of(std::uint64_t directory) const { return directory + directory_sectors(size_); }

  void write_directory(std::uint64_t directory) {
    std::vector<TableEntry> entries;
    for (std::uint64_t first = 0; first < size_.tables(); first += kEntriesAtATime) {
      entries.resize(std::min(kEntriesAtATime, size_.tables() - first));
      for (std::uint64_t i = 0; i < entries.size(); ++i) {
        entries[i] = static_cast<std::uint32_t>(tables_of(directory) + (first + i) * kTableSectors);
      }
      output_.write_at(directory * kSectorBytes + first * sizeof(TableEntry), std::as_bytes(std::span(entries)));
    }
  }
};

}  // namespace

std::uint64_t ExtentSize::tables() const { return div_ceil(capacity, grain_sectors * kEntriesOfTable); }

std::uint32_t ExtentFile::append(std::span<const std::byte> bytes) {
  const std::uint64_t sector = end_;
  const std::uint64_t sectors = bytes.size() / kSectorBytes;
  if (sector + sectors > kMaxFileSectors) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("the disk has too much data: a VMDK file ends at {}; choose another container",
                            format_size(kMaxFileSectors * kSectorBytes)));
  }
  write_sectors(sector, bytes);
  end_ += sectors;
  return static_cast<std::uint32_t>(sector);
}

SparseExtentHeader ExtentFile::common_header() const {
  SparseExtentHeader header{};
  header.magic = kSparseMagic;
  header.capacity = size_.capacity;
  header.grain_size = size_.grain_sectors;
  header.descriptor_offset = kDescriptorSector;
  header.descriptor_size = kDescriptorSectors;
  header.entries_of_table = kEntriesOfTable;
  header.overhead = data_begin_;
  header.newline_test = kNewlineTest;
  return header;
}

void ExtentFile::write_sectors(std::uint64_t sector, std::span<const std::byte> bytes) {
  output_.write_at(sector * kSectorBytes, bytes);
}

void ExtentFile::write_header_and_descriptor(const SparseExtentHeader& header, const std::string& descriptor) {
  if (descriptor.size() > kDescriptorSectors * kSectorBytes) {
    throw Error(ErrorCode::Internal, "the descriptor of a VMDK disk is longer than its place");
  }
  write_sectors(kDescriptorSector, std::as_bytes(std::span(descriptor)));
  write_sectors(0, std::as_bytes(std::span(&header, 1)));
}

std::unique_ptr<ExtentFile> make_sparse_file(OutputFile& output, const ExtentSize& size) {
  return std::make_unique<SparseFile>(output, size);
}

}  // namespace fstool::vmdk
