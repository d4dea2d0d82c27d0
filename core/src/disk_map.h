/// \file
/// DiskMap: what lies where on a disk: partitions, gaps, the tables' own structures, and the file systems' uses of
/// their space. All renderers of maps show this.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "disk_image.h"
#include "fstool/context.h"
#include "fstool/usage.h"

namespace fstool {

/// One of the largest files of a file system.
struct MappedFile {
  std::string path;             ///< from the root, with a leading '/'; of several names the first
  std::uint64_t size = 0;       ///< bytes of the content
  std::uint64_t allocated = 0;  ///< bytes of the disk that hold it
  std::uint64_t fragments = 0;
  std::vector<ByteRange> ranges;  ///< of the disk, in the order of the content
};

/// The file system of a part.
struct VolumeMap {
  VolumeFacts facts;
  /// False if the format doesn't say where things are: the ranges are made up of the facts then, what is in use (as
  /// Unaccounted) before what is free, and there is nothing about files.
  bool located = true;
  /// Bytes of the disk, from the start of the part, without gaps. The part may end before or behind them.
  std::vector<UsedRange> ranges;
  std::array<std::uint64_t, kUseCount> totals{};  ///< bytes of each use
  std::uint64_t files = 0;                        ///< with content in places of its own
  std::uint64_t fragmented_files = 0;             ///< of them: in more than one piece
  ByteRange largest_free{};                       ///< of the disk; length 0: nothing is free
  std::vector<MappedFile> largest_files;          ///< the largest first

  std::uint64_t total(Use use) const { return totals[static_cast<std::size_t>(use)]; }
};

enum class RegionKind : std::uint8_t {
  Structure,  ///< of the partition table
  Gap,        ///< belongs to nobody
  Part,       ///< a partition, or the whole disk if it has no table
};

/// A stretch of the disk.
struct MapRegion {
  RegionKind kind = RegionKind::Gap;
  ByteRange range;                          ///< of the disk
  std::string structure = {};               ///< the table's name for it, of a Structure
  std::optional<Partition> partition = {};  ///< of a Part, if there is a table
  std::string filesystem = {};              ///< of a Part: the format; empty: none that a plugin knows
  std::optional<VolumeMap> volume = {};     ///< of a Part: its file system, if it could be read
  std::string problem = {};                 ///< why there is no volume though there is a file system
};

struct DiskMap {
  std::string name;       ///< of the file, without its directory
  std::string stream;     ///< the codec of the stream that the file is; empty: none
  std::string container;  ///< empty: the bytes of the file, or of its stream, are the disk
  std::string table;      ///< empty: none
  std::uint64_t disk_size = 0;
  ByteRange shown;                 ///< what of the disk the regions cover: all, or one partition
  std::vector<MapRegion> regions;  ///< by place, without gaps
};

/// Reads what is where on a disk, or, if `part` is one of image.parts, in that alone, with the places of the
/// `largest_files` largest files of each file system. A file system that can't be read is reported to
/// context.report_damage() and shown as such. Throws Error(Io/Cancelled), and as report_damage().
DiskMap map_disk(const DiskImage& image, const DiskPart* part, std::size_t largest_files, Context& context);

}  // namespace fstool
