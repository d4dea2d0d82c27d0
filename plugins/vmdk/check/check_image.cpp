#include "check/check_image.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "check/grain_check.h"
#include "check/sector_uses.h"
#include "fstool/error.h"
#include "fstool/size.h"
#include "read/grain_map.h"
#include "read/grain_unpacker.h"
#include "read/open_image.h"
#include "read/read_caches.h"

namespace fstool::vmdk {
namespace {

class ExtentCheck {
 public:
  ExtentCheck(const std::string& name, const Blob& file, const SparseExtent& extent, Context& context)
      : name_(name.empty() ? "" : name + ": "),
        file_(file),
        extent_(extent),
        context_(context),
        tables_(file, caches_.tables, 0),
        redundant_tables_(file, caches_.tables, 0),
        grains_(name_, file, extent, context) {}

  void check() {
    if (extent_.unclean_shutdown) {
      context_.warn(fmt::format("{}it was not closed cleanly: what was written last may be missing", name_));
    }
    take(0, kSectorBytes, "the header");
    if (extent_.descriptor != 0) {
      take(extent_.descriptor, extent_.descriptor_sectors * kSectorBytes, "the descriptor");
    }
    take(extent_.directory, extent_.directory_bytes(), "the grain directory");
    if (extent_.has_redundant_tables) find_redundant_directory();
    for (std::uint64_t table = 0; table < extent_.directory_entries; ++table) {
      if (table % kTablesAtATime == 0) context_.check_cancelled();
      check_table(table);
    }
    grains_.finish();
  }

 private:
  static constexpr std::uint64_t kTablesAtATime = 1024;

  void find_redundant_directory() {
    if (!is_inside(file_, extent_.redundant_directory, extent_.directory_bytes())) {
      return damage("the redundant grain directory is not in the file");
    }
    if (take(extent_.redundant_directory, extent_.directory_bytes(), "the redundant grain directory")) {
      redundant_directory_ = extent_.redundant_directory;
    }
  }

  void check_table(std::uint64_t number) {
    const std::uint64_t sector = entry_of(tables_, extent_.directory, number);
    const std::uint64_t redundant =
        redundant_directory_ ? entry_of(redundant_tables_, *redundant_directory_, number) : 0;
    if (redundant_directory_ && (redundant == 0) != (sector == 0)) {
      damage(fmt::format("only one of the two grain directories has grain table {}", number));
    }
    const bool readable = sector != 0 && take_table(sector, fmt::format("grain table {}", number));
    const bool comparable =
        redundant != 0 && take_table(redundant, fmt::format("the redundant grain table {}", number));
    if (!readable) return;
    for_each_part(sector, [&](std::uint64_t first, std::span<const TableEntry> entries) {
      if (is_zero(std::as_bytes(entries))) return;
      for (std::uint64_t i = 0; i < entries.size(); ++i) {
        check_grain(number * extent_.entries_of_table + first + i, entries[i]);
      }
    });
    if (comparable && !equal_tables(sector, redundant)) {
      damage(fmt::format("the redundant grain table {} differs from the other", number));
    }
  }

  static std::uint64_t entry_of(TablePages& pages, std::uint64_t directory, std::uint64_t number) {
    return pages.entries_at(directory * kSectorBytes + number * sizeof(TableEntry), 1).front();
  }

  bool take_table(std::uint64_t sector, const std::string& what) {
    if (!is_inside(file_, sector, extent_.table_bytes())) {
      damage(fmt::format("{} is not in the file", what));
      return false;
    }
    return take(sector, extent_.table_bytes(), what);
  }

  /// Calls `work(first, entries)` for the parts of a table that lie in one page each.
  template <class Work>
  void for_each_part(std::uint64_t sector, Work&& work) {
    for (std::uint64_t first = 0; first < extent_.entries_of_table;) {
      const auto entries =
          tables_.entries_at(sector * kSectorBytes + first * sizeof(TableEntry), extent_.entries_of_table - first);
      work(first, entries);
      first += entries.size();
    }
  }

  bool equal_tables(std::uint64_t a, std::uint64_t b) {
    bool equal = true;
    for_each_part(a, [&](std::uint64_t first, std::span<const TableEntry> entries) {
      for (std::uint64_t done = 0; done < entries.size();) {
        const auto others =
            redundant_tables_.entries_at(b * kSectorBytes + (first + done) * sizeof(TableEntry), entries.size() - done);
        equal = equal && std::ranges::equal(entries.subspan(done, others.size()), others);
        done += others.size();
      }
    });
    return equal;
  }

  void check_grain(std::uint64_t grain, std::uint64_t sector) {
    if (sector <= (extent_.has_zeroed_grains ? kZeroedGrain : 0)) return;
    if (grain >= extent_.grains()) {
      return damage(fmt::format("grain {} lies behind the end of the disk", grain));
    }
    if (extent_.compressed) return check_compressed(grain, sector);
    const std::uint64_t needed = std::min(extent_.grain_bytes(), extent_.disk_bytes() - grain * extent_.grain_bytes());
    if (!is_inside(file_, sector, needed)) return damage(fmt::format("grain {} is not in the file", grain));
    take(sector, extent_.grain_bytes(), fmt::format("grain {}", grain));
  }

  void check_compressed(std::uint64_t grain, std::uint64_t sector) {
    const std::uint64_t offset = sector * kSectorBytes;
    GrainMarker marker;
    try {
      marker = read_grain_marker(file_, offset, extent_.grain_bytes());
    } catch (const Error& error) {
      if (error.code() != ErrorCode::Corrupt) throw;
      return damage(fmt::format("grain {}: {}", grain, error.what()));
    }
    if (marker.sector != grain * extent_.grain_sectors) {
      damage(fmt::format("grain {}: its marker says that it begins at sector {} in place of {}", grain,
                         marker.sector.value(), grain * extent_.grain_sectors));
    }
    if (take(sector, sizeof(marker) + marker.bytes, fmt::format("grain {}", grain))) grains_.add(grain, offset);
  }

  /// Takes the sectors of a piece, up to the end of the file. Reports damage if another piece has one of them, and
  /// returns false then.
  bool take(std::uint64_t sector, std::uint64_t bytes, std::string_view what) {
    const std::uint64_t sectors = div_ceil(file_.size(), kSectorBytes);
    const std::uint64_t count = std::min(div_ceil(bytes, kSectorBytes), sectors - std::min(sector, sectors));
    if (uses_.take(sector, count)) return true;
    damage(fmt::format("{} lies where something else is", what));
    return false;
  }

  void damage(const std::string& what) { context_.report_damage(name_ + what); }

  std::string name_;
  const Blob& file_;
  const SparseExtent& extent_;
  Context& context_;
  ReadCaches caches_;
  TablePages tables_;
  TablePages redundant_tables_;
  GrainCheck grains_;
  SectorUses uses_;
  std::optional<std::uint64_t> redundant_directory_;  ///< its sector, if it can be read
};

}  // namespace

void check_image(const ContainerFile& file, Context& context) {
  visit_sparse_extents(file, context, [&](const std::string& name, const Blob& bytes, const SparseExtent& extent) {
    ExtentCheck(name, bytes, extent, context).check();
  });
}

}  // namespace fstool::vmdk
