#include "svg_map.h"

#include <fmt/format.h>

#include "fstool/size.h"
#include "map_drawing.h"
#include "map_words.h"
#include "xml_text.h"

namespace fstool {

namespace {

constexpr int kMargin = 24;
constexpr int kLineHeight = 22;
constexpr int kLegendColumns = 3;
/// Of the lines over the whole width.
constexpr std::size_t kLineCharacters = 125;
constexpr std::size_t kPathCharacters = 95;

class SvgMap {
 public:
  explicit SvgMap(const DiskMap& map) : map_(map), drawn_(choose_drawn(map)) {}

  std::string draw() {
    text("heading", map_title(map_), 8);
    y_ += 6;
    group(draw_strip(map_));
    y_ += kStripHeight + 30;
    draw_legend(totals_of(painted_disk(map_)));
    for (const MapRegion* const region : drawn_.parts) draw_part(*region);
    if (drawn_.left_out > 0) text("", fmt::format("and {} more partitions", drawn_.left_out), kLineHeight);
    const int height = y_ + kMargin;
    const int width = kDrawingWidth + 2 * kMargin;
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\">\n"
        "<title>{2}</title>\n<style>\n{3}.file:hover .where{{opacity:1}}\n.file:hover text{{text-decoration:underline}}"
        "\n.page{{fill:var(--page)}}\n.touch{{fill:var(--page)}}\n</style>\n"
        "<rect class=\"page\" width=\"{0}\" height=\"{1}\"/>\n{4}</svg>\n",
        width, height, xml_text(map_title(map_)), drawing_style(), out_);
  }

 private:
  /// A line of text below what is there.
  void text(std::string_view classes, const std::string& words, int space_before) {
    y_ += space_before + kLineHeight - 6;
    out_ += fmt::format("<text class=\"{}\" x=\"{}\" y=\"{}\">{}</text>\n", classes, kMargin, y_,
                        xml_text(words, kLineCharacters));
    y_ += 6;
  }

  void group(const std::string& shapes) {
    out_ += fmt::format("<g transform=\"translate({} {})\">\n{}</g>\n", kMargin, y_, shapes);
  }

  void draw_legend(const PaintTotals& totals) {
    int place = 0;
    for (const Paint paint : legend_order()) {
      const std::uint64_t bytes = totals[static_cast<std::size_t>(paint)];
      if (bytes == 0) continue;
      constexpr int kWidth = kDrawingWidth / kLegendColumns;
      const int x = kMargin + place % kLegendColumns * kWidth;
      const int y = y_ + place / kLegendColumns * kLineHeight;
      out_ += fmt::format(
          "<rect class=\"{} box\" x=\"{}\" y=\"{}\" width=\"14\" height=\"14\"/>"
          "<text x=\"{}\" y=\"{}\">{}</text><text class=\"small end\" x=\"{}\" y=\"{}\">{}</text>\n",
          style_of(paint).name, x, y, x + 22, y + 12, style_of(paint).title, x + kWidth - 28, y + 12,
          format_size(bytes));
      ++place;
    }
    y_ += (place + kLegendColumns - 1) / kLegendColumns * kLineHeight;
  }

  void draw_part(const MapRegion& region) {
    text("heading", fmt::format("{}: {}", region_title(region), place_text(region.range)), 22);
    text("", region_summary(region), 0);
    if (region.volume) {
      const std::string summary = files_summary(*region.volume);
      if (!summary.empty()) text("small", summary, 0);
    }
    y_ += 10;
    group(draw_cells(region, drawn_));
    const int cells_y = y_;
    y_ += cells_height(region, drawn_) + 6;
    draw_legend(totals_of(painted_region(region)));
    if (!region.volume) return;
    y_ += 8;
    std::size_t listed = 0;
    for (const MappedFile& file : region.volume->largest_files) {
      if (listed++ == kMaxDrawnFiles) break;
      draw_listed(region, file, cells_y);
    }
  }

  /// A line of the list, and the file's cells, which show while the pointer is on the line.
  void draw_listed(const MapRegion& region, const MappedFile& file, int cells_y) {
    out_ += fmt::format(
        "<g class=\"file\"><rect class=\"touch\" x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"{3}\"/>"
        "<text class=\"end\" x=\"{4}\" y=\"{5}\">{6}</text><text class=\"small end\" x=\"{7}\" y=\"{5}\">{8}</text>"
        "<text x=\"{9}\" y=\"{5}\">{10}</text>\n<g transform=\"translate({0} {11})\">{12}</g></g>\n",
        kMargin, y_, kDrawingWidth, kLineHeight, kMargin + 78, y_ + 16, format_size(file.allocated), kMargin + 170,
        pieces_text(file.fragments), kMargin + 186, xml_text(file.path, kPathCharacters), cells_y,
        draw_file(region, file, drawn_, "where"));
    y_ += kLineHeight;
  }

  const DiskMap& map_;
  DrawnMap drawn_;
  std::string out_;
  int y_ = kMargin - 12;
};

}  // namespace

std::string svg_map(const DiskMap& map) { return SvgMap(map).draw(); }

}  // namespace fstool
