/// \file
/// The parts of a drawn map that SVG images and HTML pages have in common.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "disk_map.h"
#include "map_paint.h"

namespace fstool {

/// What of a map is drawn, so that a picture has a bounded size whatever the disk: a few thousand cells, shared by the
/// parts, and the first kMaxDrawnParts of those.
struct DrawnMap {
  std::vector<const MapRegion*> parts;
  std::size_t left_out = 0;  ///< parts that are not drawn
  std::size_t columns = 0;   ///< cells in a row of a part
  std::size_t rows = 0;      ///< of a part at most
};
DrawnMap choose_drawn(const DiskMap& map);

inline constexpr std::size_t kMaxDrawnParts = 32;
/// Files of a part that are listed.
inline constexpr std::size_t kMaxDrawnFiles = 10;

/// Units of a drawing.
inline constexpr int kDrawingWidth = 960;
inline constexpr int kCellHeight = 13;
inline constexpr int kRowHeight = 16;
inline constexpr int kStripHeight = 46;

/// The style sheet of the drawings: the colours of light and dark pages, and what happens under the pointer.
std::string drawing_style();

/// The whole disk as one strip, to scale, with the names of its partitions below it; kStripHeight + 20 units high.
std::string draw_strip(const DiskMap& map);

/// The cells of a part, with what they are under the pointer.
std::string draw_cells(const MapRegion& region, const DrawnMap& drawn);
/// The height of its cells in units.
int cells_height(const MapRegion& region, const DrawnMap& drawn);

/// A path around the cells where a file lies. `classes` of the element.
std::string draw_file(const MapRegion& region, const MappedFile& file, const DrawnMap& drawn,
                      const std::string& classes);

}  // namespace fstool
