#include "read/disk.h"

#include <cstdint>
#include <optional>
#include <string>

#include "fstool/disk_blocks.h"
#include "fstool/entry_table.h"
#include "ondisk/dynamic_header.h"

namespace fstool::vhd {

BlobPtr open_disk(const ContainerFile& file, const Image& image) {
  if (!image.blocks) return make_slice_blob(file.bytes, 0, image.disk_size);
  const Blocks& blocks = *image.blocks;
  const EntryTable<TableEntry> table(file.bytes, blocks.table_offset, blocks.table_entries);
  return make_blocked_blob({
      .name = file.path.empty() ? "the image" : file.path.string(),
      .file = file.bytes,
      .size = image.disk_size,
      .block_size = blocks.block_size,
      .place = [table, bitmap = bitmap_bytes(blocks.block_size)](std::uint64_t block) -> std::optional<std::uint64_t> {
        const std::uint32_t entry = table[block];
        if (entry == kUnusedEntry) return std::nullopt;
        return entry * kSectorSize + bitmap;
      },
  });
}

}  // namespace fstool::vhd
