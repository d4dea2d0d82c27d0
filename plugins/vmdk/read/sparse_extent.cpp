#include "read/sparse_extent.h"

#include <fmt/format.h>

#include <bit>
#include <span>

#include "fstool/error.h"
#include "fstool/size.h"
#include "ondisk/descriptor.h"
#include "ondisk/marker.h"

namespace fstool::vmdk {
namespace {

template <class Struct>
Struct read_struct(const Blob& file, std::uint64_t offset) {
  Struct value;
  file.read(offset, std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

void check_identity(const SparseExtentHeader& header) {
  if (header.magic != kSparseMagic) throw Error(ErrorCode::Corrupt, "it doesn't begin as a sparse extent does");
  if (header.version == 0 || header.version > kNewestVersion) {
    throw Error(ErrorCode::Unsupported, fmt::format("its header has version {}, and those up to {} can be read",
                                                    header.version.value(), kNewestVersion));
  }
  if ((header.flags & kNewlineTestFlag) != 0 && header.newline_test != kNewlineTest) {
    throw Error(ErrorCode::Corrupt, "its line ends were changed, as by a transfer as text: copy it again, as binary");
  }
}

bool is_marker(const MetadataMarker& marker, MarkerType type) {
  return marker.zero == 0 && marker.type == static_cast<std::uint32_t>(type);
}

/// The header that says where the directory is.
SparseExtentHeader read_footer(const Blob& file) {
  const std::uint64_t size = file.size() / kSectorBytes * kSectorBytes;
  if (size >= sizeof(SparseExtentHeader) + sizeof(StreamEnd)) {
    const auto end = read_struct<StreamEnd>(file, size - sizeof(StreamEnd));
    if (is_marker(end.footer_marker, MarkerType::Footer) && end.end_of_stream.sectors == 0 &&
        is_marker(end.end_of_stream, MarkerType::EndOfStream) && end.footer.magic == kSparseMagic) {
      check_identity(end.footer);
      if (end.footer.directory_offset != kDirectoryAtEnd) return end.footer;
    }
  }
  throw Error(ErrorCode::Corrupt, "it doesn't end with a footer, which tells where its grains are: it may be cut off");
}

void check_sizes(const SparseExtentHeader& header) {
  if (header.capacity == 0) {
    throw Error(ErrorCode::Unsupported, "its header has no capacity: a sparse extent that only holds a descriptor");
  }
  if (header.capacity > kMaxDiskSectors) {
    throw Error(ErrorCode::Corrupt, fmt::format("the capacity of {} sectors can't be right", header.capacity.value()));
  }
  if (!std::has_single_bit(header.grain_size.value()) || header.grain_size > kMaxGrainSectors) {
    throw Error(ErrorCode::Corrupt, fmt::format("a grain size of {} sectors is no power of two up to {}",
                                                header.grain_size.value(), kMaxGrainSectors));
  }
  if (header.entries_of_table == 0 || header.entries_of_table > kEntriesOfTable) {
    throw Error(ErrorCode::Corrupt, fmt::format("grain tables of {} entries: there must be from 1 to {}",
                                                header.entries_of_table.value(), kEntriesOfTable));
  }
}

void check_compression(const SparseExtentHeader& header) {
  if (header.compression == kNotCompressed) return;
  if (header.compression != kDeflate) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("its grains are compressed in the way {}, and only deflate ({}) can be read",
                            header.compression.value(), kDeflate));
  }
  if ((header.flags & kMarkersFlag) == 0) {
    throw Error(ErrorCode::Unsupported, "its grains are compressed and have no markers, which say how long they are");
  }
  if (header.grain_size * kSectorBytes > kMaxCompressedGrainBytes) {
    throw Error(ErrorCode::Unsupported,
                fmt::format("its compressed grains have {}, and those up to {} can be read",
                            format_size(header.grain_size * kSectorBytes), format_size(kMaxCompressedGrainBytes)));
  }
}

}  // namespace

std::vector<std::string> SparseExtent::feature_names() const {
  std::vector<std::string> names;
  if (compressed) names.emplace_back("compressed grains");
  if (has_redundant_tables) names.emplace_back("redundant grain tables");
  if (has_zeroed_grains) names.emplace_back("zeroed grains");
  return names;
}

SparseExtent read_sparse_extent(const Blob& file) {
  if (file.size() < sizeof(SparseExtentHeader)) {
    throw Error(ErrorCode::Corrupt, "it is shorter than the header of a sparse extent");
  }
  auto header = read_struct<SparseExtentHeader>(file, 0);
  check_identity(header);
  if (header.directory_offset == kDirectoryAtEnd) header = read_footer(file);
  check_sizes(header);
  check_compression(header);

  SparseExtent extent;
  extent.version = header.version;
  extent.capacity = header.capacity;
  extent.grain_sectors = header.grain_size;
  extent.entries_of_table = header.entries_of_table;
  extent.directory = header.directory_offset;
  extent.directory_entries = div_ceil(extent.capacity, extent.grain_sectors * extent.entries_of_table);
  extent.has_redundant_tables = (header.flags & kRedundantTablesFlag) != 0;
  extent.redundant_directory = header.redundant_directory_offset;
  extent.compressed = header.compression == kDeflate;
  extent.has_zeroed_grains = (header.flags & kZeroedGrainsFlag) != 0;
  extent.unclean_shutdown = header.unclean_shutdown != 0;
  extent.descriptor = header.descriptor_offset;
  extent.descriptor_sectors = header.descriptor_size;
  if (extent.directory_entries > kMaxDirectoryEntries) {
    throw Error(ErrorCode::Unsupported, fmt::format("its grain directory has {} entries, more than {}",
                                                    extent.directory_entries, kMaxDirectoryEntries));
  }
  if (extent.directory == 0 || !is_inside(file, extent.directory, extent.directory_bytes())) {
    throw Error(ErrorCode::Corrupt, "the grain directory is not in the file: it may be cut off");
  }
  return extent;
}

std::string read_embedded_descriptor(const Blob& file, const SparseExtent& extent) {
  if (extent.descriptor == 0) return {};
  if (extent.descriptor_sectors > kMaxDescriptorBytes / kSectorBytes ||
      !is_inside(file, extent.descriptor, extent.descriptor_sectors * kSectorBytes)) {
    throw Error(ErrorCode::Corrupt, "the descriptor is too large or not in the file");
  }
  std::string text(extent.descriptor_sectors * kSectorBytes, '\0');
  file.read(extent.descriptor * kSectorBytes, std::as_writable_bytes(std::span(text)));
  text.resize(std::min(text.find('\0'), text.size()));
  return text;
}

bool is_inside(const Blob& file, std::uint64_t sector, std::uint64_t bytes) {
  const std::uint64_t sectors = file.size() / kSectorBytes;
  return sector <= sectors && bytes <= file.size() - sector * kSectorBytes;
}

}  // namespace fstool::vmdk
