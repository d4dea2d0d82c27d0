/// \file
/// How maps are painted: the colours and words of all renderers, and the cells that they draw.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "disk_map.h"

namespace fstool {

/// What a stretch of a disk is shown as: a Use, or what lies outside of file systems.
enum class Paint : std::uint8_t {
  Free,
  Metadata,
  Nodes,
  NodeMetadata,
  Journal,
  Directory,
  Content,
  Reserved,
  Unaccounted,
  Table,    ///< of the partition table
  Unknown,  ///< a part without a file system that can be read
  Unused,   ///< of no partition, or behind the end of a file system
};
inline constexpr std::size_t kPaintCount = static_cast<std::size_t>(Paint::Unused) + 1;

struct PaintStyle {
  std::string_view name;      ///< of the colour in a style sheet
  std::string_view title;     ///< for people
  char letter = ' ';          ///< where there are no colours
  std::uint8_t terminal = 0;  ///< colour of the 256 that terminals have
  std::string_view light;     ///< colour on a light page
  std::string_view dark;      ///< colour on a dark page
};

const PaintStyle& style_of(Paint paint);
Paint paint_of(Use use);
/// All of them, in the order in which legends list them.
std::span<const Paint> legend_order();

struct PaintedRange {
  ByteRange range;  ///< of the disk
  Paint paint = Paint::Unused;
};

/// A region, from its begin to its end without gaps.
std::vector<PaintedRange> painted_region(const MapRegion& region);
/// All regions.
std::vector<PaintedRange> painted_disk(const DiskMap& map);

/// Bytes of each paint, by its number.
using PaintTotals = std::array<std::uint64_t, kPaintCount>;
PaintTotals totals_of(std::span<const PaintedRange> ranges);

/// Cells that lie side by side and look alike.
struct CellRun {
  std::size_t first = 0;
  std::size_t count = 0;
  Paint paint = Paint::Unused;
};

/// A stretch of the disk in cells of equal size: as many as asked for, or one for each byte if there are fewer.
class CellGrid {
 public:
  CellGrid(const ByteRange& whole, std::size_t cells);

  std::size_t cells() const noexcept { return cells_; }
  /// The bytes of `count` cells from `first` on.
  ByteRange bytes(std::size_t first, std::size_t count) const;
  /// The cells that have some of `range`, which touches the whole.
  std::pair<std::size_t, std::size_t> cells_of(const ByteRange& range) const;

  /// Each cell is what most of its bytes are; of equal shares, what is listed first in Paint. `painted` covers the
  /// whole without gaps. Runs end where the paint changes, and at multiples of `row` cells.
  std::vector<CellRun> paint(std::span<const PaintedRange> painted, std::size_t row) const;

  /// The cells that have something of a file, as runs that end at multiples of `row` cells; their paint says nothing.
  std::vector<CellRun> touched(std::span<const ByteRange> ranges, std::size_t row) const;

 private:
  std::uint64_t boundary(std::size_t cell) const;

  ByteRange whole_;
  std::size_t cells_;
};

/// A share of a whole: "3.4 %".
std::string share_text(std::uint64_t part, std::uint64_t whole);

}  // namespace fstool
