#include "check/check_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "fstool/entry_table.h"
#include "read/image.h"

namespace fstool::vdi {
namespace {

/// Entries between two looks at whether the user wants to stop.
constexpr std::uint32_t kEntriesBetweenLooks = 64 * 1024;

class MapCheck {
 public:
  MapCheck(const BlobPtr& file, const Image& image, Context& context)
      : image_(image),
        context_(context),
        file_size_(file->size()),
        map_(file, image.map_offset, image.blocks),
        taken_(image.blocks) {}

  void check() {
    std::uint32_t allocated = 0;
    for (std::uint32_t block = 0; block < image_.blocks; ++block) {
      if (block % kEntriesBetweenLooks == 0) context_.check_cancelled();
      const std::uint32_t entry = map_[block];
      if (!is_allocated(entry)) continue;
      ++allocated;
      check_entry(block, entry);
    }
    if (allocated != image_.blocks_allocated) {
      context_.report_damage(
          fmt::format("the header says that {} blocks are allocated, and {} are", image_.blocks_allocated, allocated));
    }
  }

 private:
  void check_entry(std::uint32_t block, std::uint32_t entry) {
    if (entry >= image_.blocks) {
      return context_.report_damage(
          fmt::format("block {} has place {}, and the image has {} places", block, entry, image_.blocks));
    }
    if (taken_[entry]) {
      return context_.report_damage(fmt::format("block {} has place {}, which another block has", block, entry));
    }
    taken_[entry] = true;
    const std::uint64_t begin = image_.data_offset + entry * image_.block_size;
    if (begin > file_size_ || needed_bytes(block) > file_size_ - begin) {
      context_.report_damage(fmt::format("block {}, at byte {} of the file, reaches beyond its end", block, begin));
    }
  }

  /// Bytes of the disk that a block holds.
  std::uint64_t needed_bytes(std::uint32_t block) const {
    const std::uint64_t begin = block * image_.block_size;
    return std::min(image_.block_size, image_.disk_size - std::min(begin, image_.disk_size));
  }

  const Image& image_;
  Context& context_;
  std::uint64_t file_size_;
  EntryTable<MapEntry> map_;
  std::vector<bool> taken_;  ///< by place
};

}  // namespace

void check_image(const BlobPtr& file, Context& context) {
  const Image image = read_image(*file, context);
  MapCheck(file, image, context).check();
}

}  // namespace fstool::vdi
