#include "write/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "fstool/disk_blocks.h"
#include "fstool/entry_table.h"
#include "fstool/error.h"
#include "ondisk/checksum.h"
#include "ondisk/dynamic_header.h"
#include "ondisk/footer.h"

namespace fstool::vhd {
namespace {

/// Bytes of a fixed disk that a worker reads and writes at a time.
constexpr std::uint64_t kFixedBlockBytes = 2 << 20U;

constexpr std::string_view kCreatorApplication = "qem2";
constexpr std::uint32_t kCreatorVersion = 0x00010000;
constexpr std::string_view kCreatorHostOs = "Wi2k";

/// What the data of blocks is aligned to in the file.
constexpr std::uint64_t kDataAlignment = 4096;

constexpr std::uint64_t kHeaderOffset = sizeof(Footer);
constexpr std::uint64_t kTableOffset = kHeaderOffset + sizeof(DynamicHeader);

template <std::size_t size>
void assign(std::array<char, size>& field, std::string_view text) {
  std::ranges::copy(text, field.begin());
}

/// The seconds that the format has, as near as it can tell.
std::uint32_t time_stamp(Timestamp time) {
  constexpr std::int64_t kLast = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::clamp(time.seconds, kTimeStampBase, kTimeStampBase + kLast) - kTimeStampBase);
}

Footer make_footer(DiskType type, std::uint64_t disk_size, const Uuid& id, Context& context) {
  Footer footer{};
  assign(footer.cookie, kFooterCookie);
  footer.features = kReservedFeature;
  footer.file_format_version = kVersion1;
  footer.data_offset = type == DiskType::Fixed ? kNoOffset : kHeaderOffset;
  footer.time_stamp = time_stamp(context.clock(Tree()));
  assign(footer.creator_application, kCreatorApplication);
  footer.creator_version = kCreatorVersion;
  assign(footer.creator_host_os, kCreatorHostOs);
  footer.original_size = disk_size;
  footer.current_size = disk_size;
  footer.geometry = geometry_of(disk_size / kSectorSize);
  footer.disk_type = static_cast<std::uint32_t>(type);
  footer.unique_id = id.bytes;
  footer.checksum = checksum_of(footer);
  return footer;
}

DynamicHeader make_dynamic_header(std::uint32_t block_size, std::uint32_t blocks) {
  DynamicHeader header{};
  assign(header.cookie, kDynamicCookie);
  header.data_offset = kNoOffset;
  header.table_offset = kTableOffset;
  header.header_version = kVersion1;
  header.max_table_entries = blocks;
  header.block_size = block_size;
  header.checksum = checksum_of(header);
  return header;
}

class Writer {
 public:
  Writer(const Blob& disk, OutputFile& output, const VhdOptions& options, Context& context)
      : disk_(disk),
        output_(output),
        options_(options),
        context_(context),
        disk_size_(round_up(disk.size(), options.size_multiple.value)),
        seed_(context.workers().slots(), disk_size_) {}

  void write() {
    context_.begin_step(fmt::format("writing {}", output_.target().string()), disk_.size(), "bytes");
    if (options_.subformat == Subformat::Fixed) {
      write_fixed();
    } else {
      write_dynamic();
    }
  }

 private:
  void write_fixed() {
    for_each_data_block(
        disk_, kFixedBlockBytes, context_,
        [&](const DataBlock& block, unsigned /*worker*/, unsigned slot) {
          seed_.take(block, slot);
          const std::uint64_t begin = block.index * kFixedBlockBytes;
          write_sparse(output_, begin, block.bytes.first(std::min(kFixedBlockBytes, disk_.size() - begin)));
        },
        [&](const DataBlock& block, unsigned slot) { seed_.add(block, slot); });
    put_structure(disk_size_, footer(DiskType::Fixed));
    output_.set_size(disk_size_ + sizeof(Footer));
  }

  void write_dynamic() {
    const std::uint64_t block_size = options_.block_size.value;
    const std::uint64_t blocks = div_ceil(disk_size_, block_size);
    // The table ends with a sector.
    const std::uint64_t table_entries = round_up(blocks, kSectorSize / sizeof(TableEntry));
    EntryTableWriter<TableEntry> table(output_, kTableOffset, table_entries, TableEntry(kUnusedEntry));
    const std::vector<std::byte> bitmap(bitmap_bytes(block_size), std::byte{0xff});
    std::uint64_t position = kTableOffset + table_entries * sizeof(TableEntry);
    for_each_data_block(
        disk_, block_size, context_,
        [&](const DataBlock& block, unsigned /*worker*/, unsigned slot) { seed_.take(block, slot); },
        [&](const DataBlock& block, unsigned slot) {
          seed_.add(block, slot);
          const std::uint64_t data = round_up(position + bitmap.size(), kDataAlignment);
          table.set(block.index, entry_of(data - bitmap.size()));
          output_.write_at(data - bitmap.size(), bitmap);
          write_sparse(output_, data, block.bytes);
          position = data + block_size;
        });
    table.finish();
    put_structure(kHeaderOffset,
                  make_dynamic_header(static_cast<std::uint32_t>(block_size), static_cast<std::uint32_t>(blocks)));
    const Footer last = footer(DiskType::Dynamic);
    put_structure(0, last);
    put_structure(position, last);
    output_.set_size(position + sizeof(Footer));
  }

  static TableEntry entry_of(std::uint64_t bitmap_offset) {
    const std::uint64_t sector = bitmap_offset / kSectorSize;
    if (sector >= kUnusedEntry) {
      throw Error(ErrorCode::Unsupported,
                  "the disk has too much data for a dynamic vhd of this block_size: set block_size = \"2MiB\"");
    }
    return TableEntry(static_cast<std::uint32_t>(sector));
  }

  Footer footer(DiskType type) const {
    return make_footer(type, disk_size_, options_.uuid.value_or(seed_.seed().uuid("vhd unique id")), context_);
  }

  template <class Structure>
  void put_structure(std::uint64_t offset, const Structure& structure) {
    output_.write_at(offset, std::as_bytes(std::span(&structure, 1)));
  }

  const Blob& disk_;
  OutputFile& output_;
  const VhdOptions& options_;
  Context& context_;
  std::uint64_t disk_size_;  ///< bytes, with padding
  ContentSeed seed_;
};

}  // namespace

void write_image(const Blob& disk, OutputFile& output, const VhdOptions& options, Context& context) {
  Writer(disk, output, options, context).write();
}

}  // namespace fstool::vhd
