#include "read/disk.h"

#include <cstdint>
#include <optional>
#include <string>

#include "fstool/disk_blocks.h"
#include "fstool/entry_table.h"

namespace fstool::vdi {

BlobPtr open_disk(const ContainerFile& file, const Image& image) {
  const EntryTable<MapEntry> map(file.bytes, image.map_offset, image.blocks);
  return make_blocked_blob({
      .name = file.path.empty() ? "the image" : file.path.string(),
      .file = file.bytes,
      .size = image.disk_size,
      .block_size = image.block_size,
      .place = [map, data = image.data_offset,
                block_size = image.block_size](std::uint64_t block) -> std::optional<std::uint64_t> {
        const std::uint32_t entry = map[block];
        if (!is_allocated(entry)) return std::nullopt;
        return data + entry * block_size;
      },
  });
}

}  // namespace fstool::vdi
