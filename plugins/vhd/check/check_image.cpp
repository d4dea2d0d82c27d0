#include "check/check_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "fstool/entry_table.h"
#include "ondisk/dynamic_header.h"
#include "read/image.h"

namespace fstool::vhd {
namespace {

/// Entries between two looks at whether the user wants to stop.
constexpr std::uint64_t kEntriesBetweenLooks = 64 * 1024;

/// A block that has a place.
struct StoredBlock {
  std::uint32_t sector = 0;  ///< of the file, where its bitmap begins
  std::uint32_t index = 0;   ///< in the table
};

/// A structure that no block may overlap.
struct Structure {
  const char* name;
  std::uint64_t begin = 0;  ///< bytes into the file
  std::uint64_t end = 0;
};

class BlockCheck {
 public:
  BlockCheck(const BlobPtr& file, const Image& image, Context& context)
      : image_(image),
        blocks_(*image.blocks),
        context_(context),
        table_(file, blocks_.table_offset, blocks_.table_entries),
        stored_bytes_(bitmap_bytes(blocks_.block_size) + blocks_.block_size) {}

  void check() {
    check_structures();
    read_table();
    for (const StoredBlock& block : stored_) check_place(block);
    check_overlaps();
  }

 private:
  std::array<Structure, 3> structures() const {
    const std::uint64_t table_end = blocks_.table_offset + blocks_.table_entries * sizeof(TableEntry);
    return {Structure{"the copy of the footer", 0, sizeof(Footer)},
            Structure{"the dynamic disk header", blocks_.header_offset, blocks_.header_offset + sizeof(DynamicHeader)},
            Structure{"the block allocation table", blocks_.table_offset, table_end}};
  }

  void check_structures() {
    const auto all = structures();
    for (std::size_t i = 0; i < all.size(); ++i) {
      for (std::size_t j = i + 1; j < all.size(); ++j) {
        if (all[i].begin < all[j].end && all[j].begin < all[i].end) {
          context_.report_damage(fmt::format("{} overlaps {}", all[j].name, all[i].name));
        }
      }
      if (all[i].end > image_.footer_at) {
        context_.report_damage(fmt::format("{} overlaps the footer at the end of the file", all[i].name));
      }
    }
  }

  void read_table() {
    for (std::uint64_t i = 0; i < table_.size(); ++i) {
      if (i % kEntriesBetweenLooks == 0) context_.check_cancelled();
      const std::uint32_t sector = table_[i];
      if (sector != kUnusedEntry) stored_.push_back({sector, static_cast<std::uint32_t>(i)});
    }
  }

  void check_place(const StoredBlock& block) {
    const std::uint64_t begin = block.sector * kSectorSize;
    if (begin > image_.footer_at || stored_bytes_ > image_.footer_at - begin) {
      return context_.report_damage(
          fmt::format("block {}, at sector {} of the file, reaches beyond its end", block.index, block.sector));
    }
    for (const Structure& structure : structures()) {
      if (begin < structure.end && structure.begin < begin + stored_bytes_) {
        context_.report_damage(
            fmt::format("block {}, at sector {} of the file, overlaps {}", block.index, block.sector, structure.name));
      }
    }
  }

  void check_overlaps() {
    std::ranges::sort(stored_, [](const StoredBlock& a, const StoredBlock& b) {
      return std::pair(a.sector, a.index) < std::pair(b.sector, b.index);
    });
    for (std::size_t i = 1; i < stored_.size(); ++i) {
      const std::uint64_t apart = (stored_[i].sector - stored_[i - 1].sector) * kSectorSize;
      if (apart >= stored_bytes_) continue;
      context_.report_damage(fmt::format("block {}, at sector {} of the file, overlaps block {}", stored_[i].index,
                                         stored_[i].sector, stored_[i - 1].index));
    }
  }

  const Image& image_;
  const Blocks& blocks_;
  Context& context_;
  EntryTable<TableEntry> table_;
  std::uint64_t stored_bytes_;  ///< of a block with its bitmap
  std::vector<StoredBlock> stored_;
};

}  // namespace

void check_image(const BlobPtr& file, Context& context) {
  const Image image = read_image(*file, context);
  if (image.blocks) BlockCheck(file, image, context).check();
}

}  // namespace fstool::vhd
