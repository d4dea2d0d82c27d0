#include "fstool/partition_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool {
namespace {

constexpr std::uint64_t kMiB = 1024ULL * 1024;

std::uint64_t round_down(std::uint64_t value, std::uint64_t multiple) { return value / multiple * multiple; }

std::string printable(std::string_view name) {
  std::string text(name);
  std::replace_if(
      text.begin(), text.end(), [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; }, '?');
  return text;
}

/// A part of the disk that is taken.
struct Piece {
  static constexpr std::size_t kTable = static_cast<std::size_t>(-1);

  DiskRange range;
  std::size_t owner = kTable;  ///< index of a partition
  std::string name = {};       ///< of what is the table's
};

/// Places partitions one by one; ranges_[i] belongs to request.partitions[i] and is empty until it is placed.
class Placer {
 public:
  Placer(const TableRequest& request, const PlacementRules& rules)
      : request_(request), rules_(rules), ranges_(request.partitions.size()) {}

  Placement place() {
    check_request();
    place_fixed();
    place_automatic();
    const std::uint64_t disk_size = request_.disk_size ? *request_.disk_size : rules_.space_offset + needed_size();
    check_fits(disk_size);
    if (remaining_) grow_remaining(disk_size);
    return {disk_size, std::move(ranges_)};
  }

 private:
  const PartitionRequest& partition(std::size_t index) const { return request_.partitions[index]; }
  std::string label(std::size_t index) const {
    if (!partition(index).in_table) return payload_label(index + 1, partition(index).name);
    if (!rules_.numbers.empty()) return partition_label(rules_.numbers[index], partition(index).name);
    std::size_t number = 1;
    for (std::size_t before = 0; before < index; ++before) number += partition(before).in_table ? 1 : 0;
    return partition_label(number, partition(index).name);
  }
  static bool placed(const DiskRange& range) { return range.size != 0; }

  std::uint64_t alignment(std::size_t index) const { return partition(index).alignment.value_or(rules_.alignment); }

  /// What the table has in front of a partition.
  std::uint64_t lead(std::size_t index) const {
    if (rules_.leads.empty()) return 0;
    return partition(index).offset ? std::min<std::uint64_t>(rules_.leads[index], request_.sector_size)
                                   : rules_.leads[index];
  }

  // --- What is asked for --------------------------------------------------------------------------------------------

  void check_request() {
    const std::uint64_t sector = request_.sector_size;
    if (sector != 512 && sector != 4096) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("sector size {}: must be 512 or 4096 bytes", sector));
    }
    check_alignment(rules_.alignment, "");
    std::size_t in_table = 0;
    for (std::size_t index = 0; index < ranges_.size(); ++index) {
      if (partition(index).alignment) check_alignment(*partition(index).alignment, label(index) + ": ");
      if (partition(index).in_table) ++in_table;
      if (partition(index).gap > kMaxDiskSize) throw too_large(index);
    }
    if (in_table > rules_.max_partitions) {
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("{} partitions: {} holds at most {}", in_table, rules_.table, rules_.max_partitions));
    }
    find_remaining();
    check_disk_size();
  }

  void check_alignment(std::uint64_t alignment, std::string_view whose) const {
    if (alignment != 0 && alignment % request_.sector_size == 0 && alignment <= kMaxDiskSize) return;
    throw Error(ErrorCode::InvalidArgument, fmt::format("{}alignment of {}: must be a multiple of the {}-byte sector",
                                                        whose, exact_size(alignment), request_.sector_size));
  }

  void find_remaining() {
    for (std::size_t index = 0; index < ranges_.size(); ++index) {
      if (partition(index).size) continue;
      if (remaining_) {
        throw Error(ErrorCode::InvalidArgument,
                    fmt::format("{} and {} both take the remaining space: give one of them a size", label(*remaining_),
                                label(index)));
      }
      remaining_ = index;
    }
  }

  void check_disk_size() const {
    if (!request_.disk_size) {
      if (!remaining_) return;
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("{} takes the remaining space, but the disk is made just large enough: give the disk or "
                              "the partition a size",
                              label(*remaining_)));
    }
    const std::uint64_t size = *request_.disk_size;
    if (size > kMaxDiskSize) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("disk size {}: must be below 8 EiB", exact_size(size)));
    }
    if (size % request_.sector_size != 0) {
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("disk size {} is not a multiple of the {}-byte sector: set it to {}", exact_size(size),
                              request_.sector_size, round_up(size, request_.sector_size)));
    }
  }

  /// In bytes, whole sectors. What takes the remaining space begins as one sector.
  std::uint64_t requested_size(std::size_t index) const {
    const std::uint64_t size = partition(index).size.value_or(request_.sector_size);
    if (size == 0) {
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("{} has no size: give it one, or \"remaining\"", label(index)));
    }
    if (size > kMaxDiskSize) throw too_large(index);
    return round_up(size, request_.sector_size);
  }

  std::uint64_t address_limit(std::size_t index) const {
    return partition(index).in_table ? rules_.address_limit : kMaxDiskSize;
  }

  Error too_large(std::size_t index) const {
    return {ErrorCode::NoSpace,
            fmt::format("{} would end beyond {}, the most that {} can address: make it smaller or use another "
                        "partition table",
                        label(index), exact_size(address_limit(index)), rules_.table)};
  }

  // --- Places -------------------------------------------------------------------------------------------------------

  /// Records a place, after the check that nothing overflows.
  void put(std::size_t index, std::uint64_t offset, std::uint64_t size) {
    const std::uint64_t limit = address_limit(index);
    if (offset >= limit || size > limit - offset) throw too_large(index);
    ranges_[index] = {offset, size};
    add_pieces(index);
  }

  void add_pieces(std::size_t index) {
    const DiskRange& range = ranges_[index];
    const std::uint64_t front = std::min(lead(index), range.offset);
    if (front > 0) add_piece({{range.offset - front, front}, index});
    for (const DiskRange& part : without_holes(range.size, partition(index).holes)) {
      add_piece({{range.offset + part.offset, part.size}, index});
    }
  }

  /// Keeps the pieces in the order of their offsets.
  void add_piece(Piece piece) {
    const auto behind = std::upper_bound(pieces_.begin(), pieces_.end(), piece.range.offset,
                                         [](std::uint64_t offset, const Piece& b) { return offset < b.range.offset; });
    pieces_.insert(behind, std::move(piece));
  }

  void place_fixed() {
    for (const TableStructure& structure : rules_.structures) {
      add_piece({{structure.offset, structure.size}, Piece::kTable, structure.name});
    }
    for (std::size_t index = 0; index < ranges_.size(); ++index) {
      if (partition(index).offset) put(index, *partition(index).offset, requested_size(index));
    }
    for (std::size_t index = 0; index < ranges_.size(); ++index) {
      if (!partition(index).offset) continue;
      check_aligned(index);
      check_usable(index);
    }
    check_overlaps();
  }

  void check_aligned(std::size_t index) const {
    const std::uint64_t offset = ranges_[index].offset;
    const std::uint64_t own = partition(index).alignment.value_or(request_.sector_size);
    if (offset % request_.sector_size == 0 && offset % own == 0) return;
    const std::string unit = offset % request_.sector_size != 0
                                 ? fmt::format("the {}-byte sector", request_.sector_size)
                                 : fmt::format("its alignment of {}", exact_size(own));
    throw Error(ErrorCode::InvalidArgument, fmt::format("{}: offset {} is not a multiple of {}{}", label(index),
                                                        exact_size(offset), unit, draw_disk(pieces_, index, index)));
  }

  /// Refuses a partition that begins before the table says that partitions may.
  void check_usable(std::size_t index) const {
    const std::uint64_t offset = ranges_[index].offset;
    if (!partition(index).in_table || offset >= rules_.first_usable + lead(index)) return;
    if (offset < rules_.space_offset) {
      throw Error(ErrorCode::NoSpace,
                  fmt::format("{}: offset {} lies in front of the {}, which begins at {}", label(index),
                              exact_size(offset), rules_.space, exact_size(rules_.space_offset)));
    }
    throw Error(ErrorCode::NoSpace,
                fmt::format("{}: offset {} lies in the first {} of the {}, where {} keeps its table{}", label(index),
                            exact_size(offset), exact_size(in_space(rules_.first_usable + lead(index))), rules_.space,
                            rules_.table, draw_disk(pieces_, index, index)));
  }

  std::string name_of(const Piece& piece) const {
    return piece.owner == Piece::kTable ? piece.name : label(piece.owner);
  }

  /// The disk, a line for each piece in the order of their places, and a mark at the one or two that are in conflict.
  std::string draw_disk(const std::vector<Piece>& pieces, std::size_t conflict, std::size_t other_conflict) const {
    constexpr std::ptrdiff_t kNeighbours = 8;
    const auto in_conflict = [&](const Piece& piece) {
      return piece.owner != Piece::kTable && (piece.owner == conflict || piece.owner == other_conflict);
    };
    const auto first = std::find_if(pieces.begin(), pieces.end(), in_conflict);
    const auto last = std::find_if(pieces.rbegin(), pieces.rend(), in_conflict).base();
    const auto begin = first - std::min(kNeighbours, first - pieces.begin());
    const auto end = last + std::min(kNeighbours, pieces.end() - last);
    std::string drawing;
    if (begin != pieces.begin()) drawing += "\n     …";
    for (auto piece = begin; piece != end; ++piece) {
      drawing += fmt::format("\n  {} {:>24} to {:<24} {}", in_conflict(*piece) ? "->" : "  ",
                             exact_size(piece->range.offset), exact_size(piece->range.end()), name_of(*piece));
    }
    if (end != pieces.end()) drawing += "\n     …";
    return drawing;
  }

  void check_overlaps() const {
    for (std::size_t next = 1; next < pieces_.size(); ++next) {
      const Piece& low = pieces_[next - 1];
      const Piece& high = pieces_[next];
      if (low.range.end() > high.range.offset) throw overlap(low, high);
    }
  }

  Error overlap(const Piece& low, const Piece& high) const {
    const auto place = [&](const Piece& piece) {
      return fmt::format("{} ({} to {})", name_of(piece), exact_size(piece.range.offset),
                         exact_size(piece.range.end()));
    };
    const bool with_table = low.owner == Piece::kTable || high.owner == Piece::kTable;
    return {ErrorCode::NoSpace, fmt::format("{} and {} overlap: change the offset or size of {}{}", place(low),
                                            place(high), with_table ? "the one that is not the table's" : "one of them",
                                            draw_disk(pieces_, low.owner, high.owner))};
  }

  void place_automatic() {
    std::uint64_t behind = 0;
    for (std::size_t index = 0; index < ranges_.size(); ++index) {
      if (!placed(ranges_[index])) {
        const std::uint64_t size = requested_size(index);
        put(index, first_free(index, behind + partition(index).gap, size), size);
      }
      behind = ranges_[index].end();
    }
  }

  /// The first aligned offset from `from` on where a partition of `size` bytes fits with its lead.
  std::uint64_t first_free(std::size_t index, std::uint64_t from, std::uint64_t size) const {
    const std::uint64_t front = lead(index);
    // What lies behind every disk is refused when it is put there.
    const auto aligned = [&](std::uint64_t start) {
      return start > kMaxDiskSize - front ? kMaxDiskSize : round_up(start + front, alignment(index));
    };
    if (partition(index).in_table) from = std::max(from, rules_.first_usable);
    std::uint64_t offset = aligned(from);
    for (const Piece& taken : pieces_) {
      const std::uint64_t start = offset - front;
      if (taken.range.end() <= start) continue;
      if (taken.range.offset >= start && front + size <= taken.range.offset - start) break;
      offset = aligned(taken.range.end());
    }
    return offset;
  }

  // --- The end of the disk ------------------------------------------------------------------------------------------

  /// The end of the last partition, or of the table's own part of the disk if there is none.
  std::uint64_t used_end() const {
    std::uint64_t end = rules_.first_usable;
    for (const Piece& piece : pieces_) end = std::max(end, piece.range.end());
    return end;
  }

  /// A place on the disk, counted from the start of the space.
  std::uint64_t in_space(std::uint64_t offset) const { return offset - rules_.space_offset; }

  std::uint64_t needed_size() const { return round_up(in_space(used_end()) + rules_.tail_size, kMiB); }

  void check_fits(std::uint64_t disk_size) const {
    if (disk_size > kMaxDiskSize) {
      throw Error(ErrorCode::NoSpace, "the partitions need a disk of 8 EiB or more: make them smaller");
    }
    if (used_end() + rules_.tail_size <= disk_size) return;
    for (std::size_t index = 0; index < ranges_.size(); ++index) {
      if (ranges_[index].end() + rules_.tail_size <= disk_size) continue;
      throw Error(
          ErrorCode::NoSpace,
          fmt::format("{} does not fit on {} of {}: it would cover {} to {}{}; set the {}'s size to "
                      "{}at least \"{}\"{}",
                      label(index), a_space(), exact_size(in_space(disk_size)), exact_size(ranges_[index].offset),
                      exact_size(ranges_[index].end()), tail_note(), rules_.space, remaining_ ? "" : "\"auto\" or ",
                      exact_size(needed_size()), draw_disk(pieces_with_end(disk_size), index, index)));
    }
    throw Error(ErrorCode::NoSpace,
                fmt::format("{} of {} has no room for a {} table: it needs at least \"{}\"", a_space(),
                            exact_size(in_space(disk_size)), rules_.table, exact_size(needed_size())));
  }

  std::vector<Piece> pieces_with_end(std::uint64_t disk_size) const {
    std::vector<Piece> pieces = pieces_;
    if (rules_.tail_size > 0 && rules_.tail_size <= disk_size) {
      pieces.push_back({{disk_size - rules_.tail_size, rules_.tail_size}, Piece::kTable, rules_.tail_name});
    }
    pieces.push_back({{disk_size, 0}, Piece::kTable, "the end of the " + rules_.space});
    std::stable_sort(pieces.begin(), pieces.end(),
                     [](const Piece& a, const Piece& b) { return a.range.offset < b.range.offset; });
    return pieces;
  }

  std::string a_space() const {
    const bool vowel = std::string_view("aeiou").find(rules_.space.front()) != std::string_view::npos;
    return fmt::format("{} {}", vowel ? "an" : "a", rules_.space);
  }

  std::string tail_note() const {
    if (rules_.tail_size == 0) return {};
    return fmt::format(", and {} needs {} behind it", rules_.table, exact_size(rules_.tail_size));
  }

  /// Gives the partition that takes what remains all the space up to the next one that can't move, and moves those
  /// that are listed behind it and lie in that space to its end.
  void grow_remaining(std::uint64_t disk_size) {
    DiskRange& remaining = ranges_[*remaining_];
    const std::uint64_t barrier = next_fixed_offset(remaining, disk_size);

    std::vector<DiskRange*> followers;
    std::uint64_t first = barrier;
    std::uint64_t last_end = remaining.end();
    std::uint64_t coarsest = request_.sector_size;
    for (std::size_t index = *remaining_ + 1; index < ranges_.size(); ++index) {
      DiskRange& range = ranges_[index];
      if (partition(index).offset || range.offset < remaining.offset || range.offset >= barrier) continue;
      followers.push_back(&range);
      first = std::min(first, range.offset - lead(index) - partition(index).gap);
      last_end = std::max(last_end, range.end());
      coarsest = std::max(coarsest, alignment(index));
    }
    if (!followers.empty()) {
      const std::uint64_t shift = round_down(barrier - last_end, coarsest);
      for (DiskRange* range : followers) range->offset += shift;
      first += shift;
    }
    remaining.size = round_down(first - remaining.offset, request_.sector_size);  // a gap need not be whole sectors
    if (remaining.end() > address_limit(*remaining_)) throw too_large(*remaining_);
  }

  /// Where the space behind `remaining` ends: at what is the table's, at a partition with an offset, at one that is
  /// listed before it, or at the end of the disk, which counts as aligned if that leaves anything.
  std::uint64_t next_fixed_offset(const DiskRange& remaining, std::uint64_t disk_size) const {
    const std::uint64_t usable_end = disk_size - rules_.tail_size;
    const std::uint64_t aligned_end = round_down(usable_end, rules_.alignment);
    std::uint64_t barrier = aligned_end >= used_end() ? aligned_end : usable_end;
    for (const Piece& piece : pieces_) {
      if (piece.owner != Piece::kTable && piece.owner >= *remaining_ && !partition(piece.owner).offset) continue;
      if (piece.range.offset > remaining.offset) barrier = std::min(barrier, piece.range.offset);
    }
    return barrier;
  }

  const TableRequest& request_;
  const PlacementRules& rules_;
  std::vector<DiskRange> ranges_;
  std::vector<Piece> pieces_;             ///< of everything that is placed, and of the table
  std::optional<std::size_t> remaining_;  ///< index of the partition that takes what remains
};

}  // namespace

std::vector<DiskRange> without_holes(std::uint64_t size, std::vector<DiskRange> holes) {
  std::sort(holes.begin(), holes.end(), [](const DiskRange& a, const DiskRange& b) { return a.offset < b.offset; });
  std::vector<DiskRange> parts;
  std::uint64_t begin = 0;
  for (const DiskRange& hole : holes) {
    if (hole.offset >= size) break;
    if (hole.size == 0) continue;
    if (hole.offset > begin) parts.push_back({begin, hole.offset - begin});
    begin = std::max(begin, hole.offset + std::min(hole.size, size - hole.offset));
  }
  if (begin < size) parts.push_back({begin, size - begin});
  return parts;
}

Placement place_partitions(const TableRequest& request, const PlacementRules& rules) {
  return Placer(request, rules).place();
}

void require_room(std::string_view label, std::uint64_t room, std::uint64_t content) {
  if (content <= room) return;
  throw Error(ErrorCode::NoSpace, fmt::format("{} of {} is too small for its content of {}: give it at least that size",
                                              label, exact_size(room), exact_size(content)));
}

void add_partition_contents(BlobBuilder& disk, const Layout& layout, std::vector<BlobPtr> contents) {
  if (contents.size() > layout.partitions.size()) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("{} contents for {} partitions", contents.size(), layout.partitions.size()));
  }
  for (std::size_t index = 0; index < contents.size(); ++index) {
    const Partition& partition = layout.partitions[index];
    BlobPtr& content = contents[index];
    if (!content || partition.number == 0) continue;
    require_room(partition_label(partition.number, partition.name), partition.size, content->size());
    disk.add(partition.offset, std::move(content));
  }
}

std::vector<std::byte> read_boot_code(const BlobPtr& boot_code, std::uint64_t space) {
  constexpr std::uint64_t kBootSector = 512;
  if (!boot_code) return {};
  const std::uint64_t size = boot_code->size();
  if (size > kBootSector) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("the boot code is of {}: it must be a boot sector of {} bytes, whose first {} are used, or "
                            "shorter",
                            exact_size(size), kBootSector, space));
  }
  return read_all(*make_slice_blob(boot_code, 0, std::min(size, space)), space);
}

std::string partition_label(std::size_t number, std::string_view name) {
  if (name.empty()) return fmt::format("partition {}", number);
  return fmt::format("partition {} (\"{}\")", number, printable(name));
}

std::string payload_label(std::size_t position, std::string_view name) {
  if (name.empty()) return fmt::format("the payload at position {}", position);
  return fmt::format("the payload \"{}\"", printable(name));
}

std::string exact_size(std::uint64_t bytes) {
  std::string rounded = format_size(bytes);
  const std::optional<Bytes> parsed = parse_size(rounded);
  if (bytes < 1024 || (parsed && parsed->value == bytes)) return rounded;

  constexpr std::array<std::pair<std::uint64_t, const char*>, 4> kUnits{
      {{kMiB * kMiB, "TiB"}, {kMiB * 1024, "GiB"}, {kMiB, "MiB"}, {1024, "KiB"}}};
  for (const auto& [unit, name] : kUnits) {
    if (bytes % unit == 0) return fmt::format("{} {}", bytes / unit, name);
  }
  return fmt::format("{} bytes ({})", bytes, rounded);
}

}  // namespace fstool
