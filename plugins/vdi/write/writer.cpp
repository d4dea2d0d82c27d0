#include "write/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "fstool/disk_blocks.h"
#include "fstool/entry_table.h"
#include "fstool/size.h"
#include "ondisk/header.h"

namespace fstool::vdi {
namespace {

constexpr std::string_view kText = "<<< fstool Virtual Disk Image >>>\n";

/// What the blocks are aligned to in the file, as with VirtualBox.
constexpr std::uint64_t kDataAlignment = 1 << 20U;

class Writer {
 public:
  Writer(const Blob& disk, OutputFile& output, const VdiOptions& options, Context& context)
      : disk_(disk),
        output_(output),
        options_(options),
        context_(context),
        disk_size_(round_up(disk.size(), kSectorSize)),
        blocks_(static_cast<std::uint32_t>(div_ceil(disk_size_, kBlockSize))),
        data_offset_(round_up(sizeof(Header) + blocks_ * sizeof(MapEntry), kDataAlignment)),
        map_(output, sizeof(Header), blocks_, MapEntry(kFreeEntry)),
        seed_(context.workers().slots(), disk_size_) {}

  void write() {
    context_.begin_step(fmt::format("writing {}", output_.target().string()), disk_.size(), "bytes");
    const bool is_static = options_.subformat == Subformat::Static;
    const std::uint32_t allocated = is_static ? write_static() : write_dynamic();
    map_.finish();
    const Header header = make_header(allocated);
    output_.write_at(0, std::as_bytes(std::span(&header, 1)));
    output_.set_size(place_of(allocated));
  }

 private:
  /// Returns the number of blocks that have a place.
  std::uint32_t write_static() {
    for (std::uint32_t block = 0; block < blocks_; ++block) map_.set(block, MapEntry(block));
    for_each_data_block(
        disk_, kBlockSize, context_,
        [&](const DataBlock& block, unsigned /*worker*/, unsigned slot) {
          seed_.take(block, slot);
          write_sparse(output_, place_of(block.index), block.bytes);
        },
        [&](const DataBlock& block, unsigned slot) { seed_.add(block, slot); });
    return blocks_;
  }

  std::uint32_t write_dynamic() {
    std::uint32_t allocated = 0;
    for_each_data_block(
        disk_, kBlockSize, context_,
        [&](const DataBlock& block, unsigned /*worker*/, unsigned slot) { seed_.take(block, slot); },
        [&](const DataBlock& block, unsigned slot) {
          seed_.add(block, slot);
          map_.set(block.index, MapEntry(allocated));
          write_sparse(output_, place_of(allocated), block.bytes);
          ++allocated;
        });
    return allocated;
  }

  std::uint64_t place_of(std::uint64_t entry) const { return data_offset_ + entry * kBlockSize; }

  Header make_header(std::uint32_t allocated) const {
    const bool is_static = options_.subformat == Subformat::Static;
    Header header{};
    std::ranges::copy(kText, header.text.begin());
    header.signature = kSignature;
    header.version = kVersion;
    header.header_size = kHeaderSize;
    header.image_type = static_cast<std::uint32_t>(is_static ? ImageType::Static : ImageType::Dynamic);
    header.blocks_offset = static_cast<std::uint32_t>(sizeof(Header));
    header.data_offset = static_cast<std::uint32_t>(data_offset_);
    header.legacy_geometry.sector_size = static_cast<std::uint32_t>(kSectorSize);
    header.disk_size = disk_size_;
    header.block_size = kBlockSize;
    header.blocks = blocks_;
    header.blocks_allocated = allocated;
    header.image_uuid = stored(options_.uuid.value_or(seed_.seed().uuid("vdi image")));
    header.last_modification_uuid = stored(seed_.seed().uuid("vdi last modification"));
    header.logical_geometry.sector_size = static_cast<std::uint32_t>(kSectorSize);
    return header;
  }

  const Blob& disk_;
  OutputFile& output_;
  const VdiOptions& options_;
  Context& context_;
  std::uint64_t disk_size_;    ///< bytes, with padding
  std::uint32_t blocks_;       ///< of the disk
  std::uint64_t data_offset_;  ///< bytes
  EntryTableWriter<MapEntry> map_;
  ContentSeed seed_;
};

}  // namespace

void write_image(const Blob& disk, OutputFile& output, const VdiOptions& options, Context& context) {
  Writer(disk, output, options, context).write();
}

}  // namespace fstool::vdi
