#include "text_map.h"

#include <fmt/format.h>

#include <algorithm>

#include "fstool/size.h"
#include "map_paint.h"
#include "map_words.h"

namespace fstool {

namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kMaxRows = 8;
/// No more cells than there are of these, so that small file systems are not drawn byte by byte.
constexpr std::uint64_t kSmallestCell = 512;
/// A hostile table may have very many.
constexpr std::size_t kMaxRegions = 64;

class TextMap {
 public:
  TextMap(const DiskMap& map, const TextMapStyle& style)
      : map_(map), style_(style), columns_(std::max(style.columns, kMinMapColumns) - kIndent) {}

  std::string draw() {
    line(0, shown(map_title(map_)));
    if (map_.regions.size() > 1) draw_disk();
    std::size_t drawn = 0;
    for (const MapRegion& region : map_.regions) {
      if (region.kind != RegionKind::Part || ++drawn > kMaxRegions) continue;
      draw_part(region);
    }
    if (drawn > kMaxRegions) line(0, fmt::format("\nand {} more", drawn - kMaxRegions));
    return std::move(out_);
  }

 private:
  std::string shown(std::string_view text) const { return escape(text, style_.charset); }

  void line(std::size_t indent, std::string_view text) {
    out_.append(indent, ' ').append(text);
    out_ += '\n';
  }

  std::string coloured(Paint paint, std::size_t count) const {
    const PaintStyle& style = style_of(paint);
    if (!style_.colours) return std::string(count, style.letter);
    return fmt::format("\033[48;5;{}m{}\033[0m", style.terminal, std::string(count, ' '));
  }

  void draw_cells(const MapRegion& region) {
    const std::uint64_t most = std::max<std::uint64_t>(region.range.length / kSmallestCell, 1);
    const CellGrid grid(region.range, static_cast<std::size_t>(std::min<std::uint64_t>(most, columns_ * kMaxRows)));
    std::size_t column = 0;
    out_.append(kIndent, ' ');
    for (const CellRun& run : grid.paint(painted_region(region), columns_)) {
      if (column == columns_) {
        out_.append("\n").append(kIndent, ' ');
        column = 0;
      }
      out_ += coloured(run.paint, run.count);
      column += run.count;
    }
    out_ += '\n';
  }

  /// The whole disk in one line, to scale: partitions as the last digit of their number.
  void draw_disk() {
    std::vector<PaintedRange> kinds;
    for (const MapRegion& region : map_.regions) {
      kinds.push_back({region.range, region.kind == RegionKind::Part        ? Paint::Content
                                     : region.kind == RegionKind::Structure ? Paint::Table
                                                                            : Paint::Unused});
    }
    const CellGrid grid(map_.shown, columns_);
    out_ += '\n';
    out_.append(kIndent, ' ');
    auto region = map_.regions.begin();
    for (const CellRun& run : grid.paint(kinds, columns_)) {
      for (std::size_t cell = run.first; cell < run.first + run.count; ++cell) {
        const ByteRange bytes = grid.bytes(cell, 1);
        const std::uint64_t middle = bytes.offset + bytes.length / 2;
        while (region->range.end() <= middle) ++region;
        out_ += disk_cell(run.paint, *region);
      }
    }
    out_ += "\n\n";
    std::size_t listed = 0;
    for (const MapRegion& each : map_.regions) {
      if (++listed > kMaxRegions) break;
      line(kIndent, fmt::format("{:>12} {:>12}  {}", format_size(each.range.offset), format_size(each.range.length),
                                shown(region_title(each))));
    }
    if (map_.regions.size() > kMaxRegions) line(kIndent, fmt::format("and {} more", map_.regions.size() - kMaxRegions));
  }

  std::string disk_cell(Paint paint, const MapRegion& region) const {
    if (paint != Paint::Content || !region.partition) return coloured(paint, 1);
    const char digit = static_cast<char>('0' + region.partition->number % 10);
    if (!style_.colours) return {digit};
    // Neighbours in two shades.
    constexpr int kShades[] = {33, 26};
    return fmt::format("\033[97;48;5;{}m{}\033[0m", kShades[region.partition->number % 2], digit);
  }

  void draw_part(const MapRegion& region) {
    out_ += '\n';
    line(0, fmt::format("{}: {}", shown(region_title(region)), place_text(region.range)));
    line(kIndent, shown(region_summary(region)));
    draw_cells(region);
    draw_legend(region);
    if (region.volume) draw_files(*region.volume);
  }

  void draw_legend(const MapRegion& region) {
    const PaintTotals totals = totals_of(painted_region(region));
    for (const Paint paint : legend_order()) {
      const std::uint64_t bytes = totals[static_cast<std::size_t>(paint)];
      if (bytes == 0) continue;
      line(kIndent, fmt::format("{} {:<27} {:>10} {:>8}", coloured(paint, style_.colours ? 2 : 1),
                                style_of(paint).title, format_size(bytes), share_text(bytes, region.range.length)));
    }
  }

  void draw_files(const VolumeMap& volume) {
    if (const std::string summary = files_summary(volume); !summary.empty()) line(kIndent, summary);
    if (volume.largest_files.empty()) return;
    line(kIndent, "the largest:");
    for (const MappedFile& file : volume.largest_files) {
      line(kIndent, fmt::format("{:>10} {:>11}  {}", format_size(file.allocated), pieces_text(file.fragments),
                                shown(file.path)));
    }
  }

  const DiskMap& map_;
  TextMapStyle style_;
  std::size_t columns_;
  std::string out_;
};

}  // namespace

std::string text_map(const DiskMap& map, const TextMapStyle& style) { return TextMap(map, style).draw(); }

}  // namespace fstool
