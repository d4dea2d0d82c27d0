#include "map_drawing.h"

#include <fmt/format.h>

#include <algorithm>

#include "fstool/size.h"
#include "map_words.h"
#include "xml_text.h"

namespace fstool {

namespace {

constexpr std::size_t kMaxCells = 4096;
constexpr std::size_t kMostColumns = 160;
constexpr std::size_t kMostRows = 8;
/// No cell is smaller than this, in bytes.
constexpr std::uint64_t kSmallestCell = 512;
constexpr std::size_t kStripCells = 480;
/// Of the names below the strip.
constexpr double kCharacterWidth = 6.8;

/// A number of units with two digits, without the zeros at its end.
std::string units(double value) {
  std::string text = fmt::format("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

CellGrid grid_of(const MapRegion& region, const DrawnMap& drawn) {
  const std::uint64_t most = std::max<std::uint64_t>(region.range.length / kSmallestCell, 1);
  return {region.range, static_cast<std::size_t>(std::min<std::uint64_t>(most, drawn.columns * drawn.rows))};
}

/// Where a run of cells is drawn.
struct Box {
  double x = 0;
  std::size_t row = 0;
  double width = 0;
};

Box box_of(const CellRun& run, const DrawnMap& drawn) {
  const double cell = static_cast<double>(kDrawingWidth) / static_cast<double>(drawn.columns);
  return {static_cast<double>(run.first % drawn.columns) * cell, run.first / drawn.columns,
          static_cast<double>(run.count) * cell};
}

double scaled(std::uint64_t bytes, const ByteRange& whole) {
  return whole.length == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(whole.length) * kDrawingWidth;
}

/// A partition's edges on the strip, and its name below it if there is room.
std::string draw_partition(const MapRegion& region, const ByteRange& shown) {
  const double x = scaled(region.range.offset - shown.offset, shown);
  const double width = std::max(scaled(region.range.length, shown), 1.0);
  std::string text = fmt::format(R"(<rect class="edge" x="{}" y="0" width="{}" height="{}"/>)"
                                 "\n",
                                 units(x), units(width), kStripHeight);
  const auto room = static_cast<std::size_t>(width / kCharacterWidth);
  const std::string number = fmt::format("{}", region.partition->number);
  // A number alone says more than the beginning of a name.
  const std::string name = number + ' ' + region.partition->name;
  const std::string& label = region.partition->name.empty() || name.size() > room ? number : name;
  if (label.size() > room) return text;
  return text + fmt::format("<text class=\"small\" x=\"{}\" y=\"{}\">{}</text>\n", units(x), kStripHeight + 15,
                            xml_text(label, room));
}

/// The declarations of one scheme of colours.
std::string colours(bool dark) {
  std::string text = dark ? "--page:#14181d;--text:#e6e9ed;--faint:#9aa5b1;--line:#3b454f;--mark:#ffe14d;"
                          : "--page:#ffffff;--text:#1c232b;--faint:#5a6673;--line:#c9d0d8;--mark:#000000;";
  for (const Paint paint : legend_order()) {
    text += fmt::format("--{}:{};", style_of(paint).name, dark ? style_of(paint).dark : style_of(paint).light);
  }
  return text;
}

}  // namespace

DrawnMap choose_drawn(const DiskMap& map) {
  DrawnMap drawn;
  for (const MapRegion& region : map.regions) {
    if (region.kind != RegionKind::Part) continue;
    if (drawn.parts.size() < kMaxDrawnParts) {
      drawn.parts.push_back(&region);
    } else {
      ++drawn.left_out;
    }
  }
  const std::size_t cells = kMaxCells / std::max<std::size_t>(drawn.parts.size(), 1);
  drawn.columns = std::min(cells, kMostColumns);
  drawn.rows = std::min(cells / drawn.columns, kMostRows);
  return drawn;
}

std::string drawing_style() {
  std::string text = fmt::format(
      ":root{{color-scheme:light dark;{}}}\n"
      "@media (prefers-color-scheme:dark){{:root{{{}}}}}\n",
      colours(false), colours(true));
  for (const Paint paint : legend_order()) {
    text += fmt::format(".{0}{{fill:var(--{0});background:var(--{0})}}\n", style_of(paint).name);
  }
  return text +
         "svg text{fill:var(--text);font:14px system-ui,sans-serif}\n"
         "svg .heading{font-size:17px;font-weight:600}\n"
         "svg .small{font-size:12.5px;fill:var(--faint)}\n"
         "svg .end{text-anchor:end}\n"
         ".edge{fill:none;stroke:var(--text);stroke-width:1}\n"
         ".box{stroke:var(--line);stroke-width:1}\n"
         ".cells rect:hover{stroke:var(--text);stroke-width:2}\n"
         ".where{fill:var(--mark);fill-opacity:.35;stroke:var(--mark);stroke-width:2;opacity:0;pointer-events:none}\n";
}

std::string draw_strip(const DiskMap& map) {
  std::string text = "<g class=\"cells\">\n";
  const CellGrid grid(map.shown, kStripCells);
  const double cell = static_cast<double>(kDrawingWidth) / static_cast<double>(std::max<std::size_t>(grid.cells(), 1));
  for (const CellRun& run : grid.paint(painted_disk(map), kStripCells)) {
    text += fmt::format(R"(<rect class="{}" x="{}" y="0" width="{}" height="{}"><title>{}: {}</title></rect>)"
                        "\n",
                        style_of(run.paint).name, units(static_cast<double>(run.first) * cell),
                        units(static_cast<double>(run.count) * cell), kStripHeight, style_of(run.paint).title,
                        place_text(grid.bytes(run.first, run.count)));
  }
  text += "</g>\n";
  text += fmt::format(R"(<rect class="edge" x="0" y="0" width="{}" height="{}"/>)"
                      "\n",
                      kDrawingWidth, kStripHeight);
  std::size_t named = 0;
  for (const MapRegion& region : map.regions) {
    if (region.partition && named++ < kMaxDrawnParts) text += draw_partition(region, map.shown);
  }
  return text;
}

std::string draw_cells(const MapRegion& region, const DrawnMap& drawn) {
  std::string text = "<g class=\"cells\">\n";
  const CellGrid grid = grid_of(region, drawn);
  for (const CellRun& run : grid.paint(painted_region(region), drawn.columns)) {
    const Box box = box_of(run, drawn);
    text += fmt::format(R"(<rect class="{}" x="{}" y="{}" width="{}" height="{}"><title>{}: {}</title></rect>)"
                        "\n",
                        style_of(run.paint).name, units(box.x), box.row * kRowHeight, units(box.width), kCellHeight,
                        style_of(run.paint).title, place_text(grid.bytes(run.first, run.count)));
  }
  return text + "</g>\n";
}

int cells_height(const MapRegion& region, const DrawnMap& drawn) {
  const std::size_t rows = div_ceil(grid_of(region, drawn).cells(), drawn.columns);
  return static_cast<int>(rows) * kRowHeight;
}

std::string draw_file(const MapRegion& region, const MappedFile& file, const DrawnMap& drawn,
                      const std::string& classes) {
  std::string path;
  for (const CellRun& run : grid_of(region, drawn).touched(file.ranges, drawn.columns)) {
    const Box box = box_of(run, drawn);
    path += fmt::format("M{} {}h{}v{}h-{}z", units(box.x), box.row * kRowHeight, units(box.width), kCellHeight,
                        units(box.width));
  }
  return fmt::format(R"(<path class="{}" d="{}"/>)"
                     "\n",
                     classes, path);
}

}  // namespace fstool
