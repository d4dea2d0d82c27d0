#include "map_paint.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace fstool {

namespace {

/// By the number of the Paint.
constexpr std::array<PaintStyle, kPaintCount> kStyles = {{
    {"free", "free", '.', 238, "#e3e8ee", "#2c343d"},
    {"metadata", "metadata of the file system", 'M', 161, "#d1345b", "#f0607f"},
    {"nodes", "inodes", 'I', 214, "#f2a33a", "#f5b453"},
    {"node-metadata", "block maps and attributes", 'X', 94, "#9a5b13", "#c98a45"},
    {"journal", "journal", 'J', 97, "#8e5bb5", "#b98ae0"},
    {"directory", "directories", 'D', 37, "#00897b", "#3cc3b2"},
    {"content", "contents of files", '#', 33, "#2f76d2", "#5c9ff5"},
    {"reserved", "reserved", 'R', 245, "#97a1ac", "#66717d"},
    {"unaccounted", "in use, not known for what", '?', 255, "#4a4f57", "#c7ccd3"},
    {"table", "partition table", 'T', 21, "#1e2a5a", "#93a4f0"},
    {"unknown", "no file system known", '~', 65, "#6f9a72", "#85b789"},
    {"unused", "not in use by any of them", '-', 235, "#f6f1e4", "#1d1b16"},
}};

constexpr std::array<Paint, kPaintCount> kLegendOrder = {
    Paint::Content,  Paint::Directory,   Paint::Nodes, Paint::NodeMetadata, Paint::Metadata, Paint::Journal,
    Paint::Reserved, Paint::Unaccounted, Paint::Free,  Paint::Table,        Paint::Unknown,  Paint::Unused};

void append(std::vector<PaintedRange>& out, std::uint64_t begin, std::uint64_t end, Paint paint) {
  if (begin < end) out.push_back({{begin, end - begin}, paint});
}

void append_region(std::vector<PaintedRange>& out, const MapRegion& region) {
  if (region.kind == RegionKind::Structure || region.kind == RegionKind::Gap) {
    out.push_back({region.range, region.kind == RegionKind::Structure ? Paint::Table : Paint::Unused});
    return;
  }
  if (!region.volume) {
    out.push_back({region.range, Paint::Unknown});
    return;
  }
  std::uint64_t end = region.range.offset;
  for (const UsedRange& used : region.volume->ranges) {
    const std::uint64_t used_end = std::min(used.range.end(), region.range.end());
    append(out, std::max(used.range.offset, end), used_end, paint_of(used.use));
    end = std::max(end, used_end);
  }
  append(out, end, region.range.end(), Paint::Unused);
}

/// Adds cells, ending runs at multiples of `row`.
void append_cells(std::vector<CellRun>& runs, std::size_t first, std::size_t end, Paint paint, std::size_t row) {
  while (first < end) {
    const std::size_t row_end = std::min(end, (first / row + 1) * row);
    const bool joins = !runs.empty() && runs.back().paint == paint && first % row != 0 &&
                       runs.back().first + runs.back().count == first;
    if (joins) {
      runs.back().count += row_end - first;
    } else {
      runs.push_back({first, row_end - first, paint});
    }
    first = row_end;
  }
}

}  // namespace

const PaintStyle& style_of(Paint paint) { return kStyles.at(static_cast<std::size_t>(paint)); }

// The uses come first among the paints.
static_assert(static_cast<std::size_t>(Use::Unaccounted) == static_cast<std::size_t>(Paint::Unaccounted));
Paint paint_of(Use use) { return static_cast<Paint>(use); }

std::span<const Paint> legend_order() { return kLegendOrder; }

std::vector<PaintedRange> painted_region(const MapRegion& region) {
  std::vector<PaintedRange> painted;
  append_region(painted, region);
  return painted;
}

std::vector<PaintedRange> painted_disk(const DiskMap& map) {
  std::vector<PaintedRange> painted;
  for (const MapRegion& region : map.regions) append_region(painted, region);
  return painted;
}

PaintTotals totals_of(std::span<const PaintedRange> ranges) {
  PaintTotals totals{};
  for (const PaintedRange& painted : ranges) totals[static_cast<std::size_t>(painted.paint)] += painted.range.length;
  return totals;
}

CellGrid::CellGrid(const ByteRange& whole, std::size_t cells)
    : whole_(whole), cells_(static_cast<std::size_t>(std::min<std::uint64_t>(cells, whole.length))) {}

std::uint64_t CellGrid::boundary(std::size_t cell) const {
  // length * cell / cells_, without the product that may not fit.
  return whole_.offset + whole_.length / cells_ * cell + whole_.length % cells_ * cell / cells_;
}

ByteRange CellGrid::bytes(std::size_t first, std::size_t count) const {
  const std::uint64_t begin = boundary(first);
  return {begin, boundary(first + count) - begin};
}

std::pair<std::size_t, std::size_t> CellGrid::cells_of(const ByteRange& range) const {
  const auto cell_of = [&](std::uint64_t byte) {
    std::size_t low = 0;
    std::size_t high = cells_;
    while (high - low > 1) {
      const std::size_t middle = low + (high - low) / 2;
      (boundary(middle) <= byte ? low : high) = middle;
    }
    return low;
  };
  const std::uint64_t last = std::min(range.end(), whole_.end()) - 1;
  return {cell_of(std::max(range.offset, whole_.offset)), cell_of(last) + 1};
}

std::vector<CellRun> CellGrid::paint(std::span<const PaintedRange> painted, std::size_t row) const {
  std::vector<CellRun> runs;
  auto next = painted.begin();
  for (std::size_t cell = 0; cell < cells_; ++cell) {
    const ByteRange bytes = this->bytes(cell, 1);
    PaintTotals shares{};
    while (next != painted.end() && next->range.offset < bytes.end()) {
      const std::uint64_t begin = std::max(next->range.offset, bytes.offset);
      const std::uint64_t end = std::min(next->range.end(), bytes.end());
      if (begin < end) shares[static_cast<std::size_t>(next->paint)] += end - begin;
      if (next->range.end() > bytes.end()) break;
      ++next;
    }
    const auto most = std::ranges::max_element(shares);
    append_cells(runs, cell, cell + 1, static_cast<Paint>(most - shares.begin()), row);
  }
  return runs;
}

std::vector<CellRun> CellGrid::touched(std::span<const ByteRange> ranges, std::size_t row) const {
  std::vector<bool> is_touched(cells_, false);
  for (const ByteRange& range : ranges) {
    if (range.end() <= whole_.offset || range.offset >= whole_.end()) continue;
    const auto [first, end] = cells_of(range);
    std::fill(is_touched.begin() + static_cast<std::ptrdiff_t>(first),
              is_touched.begin() + static_cast<std::ptrdiff_t>(end), true);
  }
  std::vector<CellRun> runs;
  for (std::size_t cell = 0; cell < cells_; ++cell) {
    if (is_touched[cell]) append_cells(runs, cell, cell + 1, Paint::Content, row);
  }
  return runs;
}

std::string share_text(std::uint64_t part, std::uint64_t whole) {
  return fmt::format("{:.1f} %", whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole) * 100);
}

}  // namespace fstool
