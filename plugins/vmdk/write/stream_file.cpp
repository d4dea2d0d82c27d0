// The extent of a streamOptimized disk.

#include <algorithm>
#include <vector>

#include "fstool/size.h"
#include "ondisk/marker.h"
#include "write/extent_file.h"

namespace fstool::vmdk {
namespace {

/// Where VMware's programs let the grains begin.
constexpr std::uint64_t kDataBegin = 128;

/// What the entries of a directory are written with at a time, so that one with few entries takes little memory.
constexpr std::uint64_t kZeroSectorsAtATime = 128;

MetadataMarker marker_of(MarkerType type, std::uint64_t sectors) {
  MetadataMarker marker{};
  marker.sectors = sectors;
  marker.type = static_cast<std::uint32_t>(type);
  return marker;
}

/// Tables behind their grains.
class StreamFile final : public ExtentFile {
 public:
  StreamFile(OutputFile& output, const ExtentSize& size)
      : ExtentFile(output, size, round_up(kDataBegin, size.grain_sectors)) {}

  void write_table(std::uint64_t number, const GrainTable& table) override {
    append_marker(MarkerType::Table, kTableSectors);
    directory_.resize(number + 1);
    directory_[number] = append(std::as_bytes(std::span(table)));
  }

  void finish(const std::string& descriptor) override {
    const std::uint64_t directory = append_directory();

    SparseExtentHeader header = common_header();
    header.version = 3;
    header.flags = kNewlineTestFlag | kCompressedFlag | kMarkersFlag;
    header.compression = kDeflate;

    StreamEnd end{};
    end.footer_marker = marker_of(MarkerType::Footer, 1);
    end.footer = header;
    end.footer.directory_offset = directory;
    append(std::as_bytes(std::span(&end, 1)));
    output_.set_size(end_ * kSectorBytes);

    header.directory_offset = kDirectoryAtEnd;
    write_header_and_descriptor(header, descriptor);
  }

 private:
  void append_marker(MarkerType type, std::uint64_t sectors) {
    const MetadataMarker marker = marker_of(type, sectors);
    append(std::as_bytes(std::span(&marker, 1)));
  }

  /// Returns its first sector.
  std::uint64_t append_directory() {
    constexpr std::uint64_t kEntriesOfSector = kSectorBytes / sizeof(TableEntry);
    const std::uint64_t sectors = div_ceil(size_.tables(), kEntriesOfSector);
    append_marker(MarkerType::Directory, sectors);
    const std::uint64_t begin = end_;
    directory_.resize(round_up(directory_.size(), kEntriesOfSector));
    append(std::as_bytes(std::span(directory_)));
    const std::vector<std::byte> zeros(kZeroSectorsAtATime * kSectorBytes);
    for (std::uint64_t left = sectors - directory_.size() / kEntriesOfSector; left > 0;) {
      const std::uint64_t part = std::min(left, kZeroSectorsAtATime);
      append(std::span(zeros).first(part * kSectorBytes));
      left -= part;
    }
    return begin;
  }

  std::vector<TableEntry> directory_;  ///< up to the last table
};

}  // namespace

std::unique_ptr<ExtentFile> make_stream_file(OutputFile& output, const ExtentSize& size) {
  return std::make_unique<StreamFile>(output, size);
}

}  // namespace fstool::vmdk
