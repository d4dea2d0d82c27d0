#include "html_map.h"

#include <fmt/format.h>

#include "fstool/size.h"
#include "map_drawing.h"
#include "map_words.h"
#include "xml_text.h"

namespace fstool {

namespace {

constexpr std::size_t kMaxListedRegions = 100;

constexpr std::string_view kPageStyle =
    "body{background:var(--page);color:var(--text);font:15px/1.45 system-ui,sans-serif;max-width:1040px;"
    "margin:24px auto;padding:0 24px}\n"
    "h1{font-size:22px;margin:0 0 14px}\nh2{font-size:18px;margin:0 0 2px}\np{margin:2px 0}\n"
    ".faint{color:var(--faint)}\n"
    "svg{display:block;width:100%;height:auto;margin:10px 0;overflow:visible}\n"
    "section{margin-top:34px}\n"
    ".tables{display:flex;flex-wrap:wrap;gap:8px 44px;align-items:flex-start}\n"
    "table{border-collapse:collapse}\n"
    "td,th{padding:2px 14px 2px 0;text-align:left;vertical-align:top}\n"
    "th{font-weight:600;color:var(--faint)}\n"
    "td.n,th.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}\n"
    "td.path{overflow-wrap:anywhere;max-width:430px}\n"
    ".swatch{display:inline-block;width:13px;height:13px;margin-right:9px;vertical-align:-2px;"
    "border:1px solid var(--line)}\n"
    "tr.file{cursor:default}\ntr.file:hover,tr.file:focus{background:var(--free);outline:none}\n";

class HtmlMap {
 public:
  explicit HtmlMap(const DiskMap& map) : map_(map), drawn_(choose_drawn(map)) {}

  std::string draw() {
    const std::string title = xml_text(map_title(map_));
    out_ += fmt::format(
        "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n<meta "
        "charset=\"utf-8\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width\"/>\n<title>{0}</title>\n<style>\n{1}{2}{3}</style>\n"
        "</head>\n<body>\n<h1>{0}</h1>\n",
        title, drawing_style(), kPageStyle, highlight_style());
    drawing(draw_strip(map_), kStripHeight + 20);
    out_ += "<div class=\"tables\">\n";
    list_totals(totals_of(painted_disk(map_)), map_.shown.length);
    list_regions();
    out_ += "</div>\n";
    for (const MapRegion* const region : drawn_.parts) draw_part(*region);
    if (drawn_.left_out > 0) out_ += fmt::format("<p>and {} more partitions</p>\n", drawn_.left_out);
    return std::move(out_) + "</body>\n</html>\n";
  }

 private:
  /// Row number i of a list lights path number i of the same section up.
  static std::string highlight_style() {
    std::string style;
    for (std::size_t i = 0; i < kMaxDrawnFiles; ++i) {
      style += fmt::format(
          "section:has(tr.f{0}:hover) .where.f{0},section:has(tr.f{0}:focus) .where.f{0}{{opacity:1}}\n", i);
    }
    return style;
  }

  void drawing(const std::string& shapes, int height) {
    out_ += fmt::format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\">\n{}</svg>\n", kDrawingWidth,
                        height, shapes);
  }

  /// The legend, with sizes.
  void list_totals(const PaintTotals& totals, std::uint64_t whole) {
    out_ += "<table class=\"totals\">\n";
    for (const Paint paint : legend_order()) {
      const std::uint64_t bytes = totals[static_cast<std::size_t>(paint)];
      if (bytes == 0) continue;
      out_ += fmt::format(
          "<tr><td><span class=\"swatch {}\"></span>{}</td><td class=\"n\" title=\"{} bytes\">{}</td>"
          "<td class=\"n\">{}</td></tr>\n",
          style_of(paint).name, style_of(paint).title, bytes, format_size(bytes), share_text(bytes, whole));
    }
    out_ += "</table>\n";
  }

  void list_regions() {
    out_ += "<table class=\"regions\">\n<tr><th class=\"n\">offset</th><th class=\"n\">size</th><th>what</th></tr>\n";
    std::size_t listed = 0;
    for (const MapRegion& region : map_.regions) {
      if (listed++ == kMaxListedRegions) break;
      out_ += fmt::format(
          "<tr><td class=\"n\" title=\"{} bytes\">{}</td><td class=\"n\" title=\"{} bytes\">{}</td><td>{}</td></tr>\n",
          region.range.offset, format_size(region.range.offset), region.range.length, format_size(region.range.length),
          xml_text(region_title(region)));
    }
    out_ += "</table>\n";
    if (map_.regions.size() > kMaxListedRegions) {
      out_ += fmt::format("<p>and {} more</p>\n", map_.regions.size() - kMaxListedRegions);
    }
  }

  void draw_part(const MapRegion& region) {
    out_ += fmt::format("<section>\n<h2>{}: {}</h2>\n<p>{}</p>\n", xml_text(region_title(region)),
                        place_text(region.range), xml_text(region_summary(region)));
    if (region.volume && region.volume->located) {
      out_ += fmt::format("<p class=\"faint\">{}</p>\n", files_summary(*region.volume));
    }
    std::string shapes = draw_cells(region, drawn_);
    if (region.volume) shapes += draw_files(region, region.volume->largest_files);
    drawing(shapes, cells_height(region, drawn_));
    out_ += "<div class=\"tables\">\n";
    list_totals(totals_of(painted_region(region)), region.range.length);
    if (region.volume) list_files(region.volume->largest_files);
    out_ += "</div>\n</section>\n";
  }

  std::string draw_files(const MapRegion& region, const std::vector<MappedFile>& files) const {
    std::string paths;
    for (std::size_t i = 0; i < std::min(files.size(), kMaxDrawnFiles); ++i) {
      paths += draw_file(region, files[i], drawn_, fmt::format("where f{}", i));
    }
    return paths;
  }

  void list_files(const std::vector<MappedFile>& files) {
    if (files.empty()) return;
    out_ +=
        "<table class=\"files\">\n<tr><th class=\"n\">size</th><th class=\"n\">lies in</th><th>largest "
        "files</th></tr>\n";
    for (std::size_t i = 0; i < std::min(files.size(), kMaxDrawnFiles); ++i) {
      out_ += fmt::format(
          "<tr class=\"file f{}\" tabindex=\"0\"><td class=\"n\" title=\"{} bytes\">{}</td><td class=\"n\">{}</td>"
          "<td class=\"path\">{}</td></tr>\n",
          i, files[i].allocated, format_size(files[i].allocated), pieces_text(files[i].fragments),
          xml_text(files[i].path));
    }
    out_ += "</table>\n";
  }

  const DiskMap& map_;
  DrawnMap drawn_;
  std::string out_;
};

}  // namespace

std::string html_map(const DiskMap& map) { return HtmlMap(map).draw(); }

}  // namespace fstool
