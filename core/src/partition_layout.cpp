#include "fstool/partition_layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool {
namespace {

constexpr std::uint64_t kMiB = 1024ULL * 1024;

std::uint64_t round_down(std::uint64_t value, std::uint64_t multiple) { return value / multiple * multiple; }

/// Places partitions one by one; ranges_[i] belongs to request.partitions[i] and is empty until it is placed.
class Placer {
 public:
  Placer(const TableRequest& request, const PlacementRules& rules)
      : request_(request), rules_(rules), ranges_(request.partitions.size()) {}

  Placement place() {
    check_request();
    place_fixed();
    place_automatic();
    const std::uint64_t disk_size = request_.disk_size ? *request_.disk_size : needed_disk_size();
    check_fits(disk_size);
    if (remaining_) grow_remaining(disk_size);
    return {disk_size, std::move(ranges_)};
  }

 private:
  const PartitionRequest& partition(std::size_t index) const { return request_.partitions[index]; }
  std::string label(std::size_t index) const { return partition_label(index + 1, partition(index).name); }
  static bool placed(const DiskRange& range) { return range.size != 0; }

  void check_request() {
    const std::uint64_t sector = request_.sector_size;
    if (sector != 512 && sector != 4096) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("sector size {}: must be 512 or 4096 bytes", sector));
    }
    if (rules_.alignment == 0 || rules_.alignment % sector != 0 || rules_.alignment > kMaxDiskSize) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("alignment of {}: must be a multiple of the {}-byte sector",
                                                          exact_size(rules_.alignment), sector));
    }
    if (request_.partitions.size() > rules_.max_partitions) {
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("{} partitions: {} holds at most {}", request_.partitions.size(), rules_.table,
                              rules_.max_partitions));
    }
    for (std::size_t index = 0; index < request_.partitions.size(); ++index) {
      if (partition(index).size) continue;
      if (remaining_) {
        throw Error(ErrorCode::InvalidArgument,
                    fmt::format("{} and {} both take the remaining space: give one of them a size", label(*remaining_),
                                label(index)));
      }
      remaining_ = index;
    }
    check_disk_size();
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
      throw Error(ErrorCode::InvalidArgument, fmt::format("{} is empty: give it a size", label(index)));
    }
    if (size > kMaxDiskSize) throw too_large(index);
    return round_up(size, request_.sector_size);
  }

  Error too_large(std::size_t index) const {
    return {ErrorCode::NoSpace,
            fmt::format("{} would end beyond {}, the most that {} can address: make it smaller or use another "
                        "partition table",
                        label(index), exact_size(rules_.address_limit), rules_.table)};
  }

  /// Records a place, after the check that nothing overflows.
  void put(std::size_t index, std::uint64_t offset, std::uint64_t size) {
    if (offset >= rules_.address_limit || size > rules_.address_limit - offset) throw too_large(index);
    ranges_[index] = {offset, size};
  }

  void place_fixed() {
    for (std::size_t index = 0; index < ranges_.size(); ++index) {
      if (!partition(index).offset) continue;
      const std::uint64_t offset = *partition(index).offset;
      if (offset % request_.sector_size != 0) {
        throw Error(ErrorCode::InvalidArgument, fmt::format("{}: offset {} is not a multiple of the {}-byte sector",
                                                            label(index), exact_size(offset), request_.sector_size));
      }
      if (offset < rules_.head_size) {
        throw Error(ErrorCode::NoSpace,
                    fmt::format("{}: offset {} lies in the first {} of the disk, where {} keeps its table",
                                label(index), exact_size(offset), exact_size(rules_.head_size), rules_.table));
      }
      put(index, offset, requested_size(index));
    }
    check_overlaps();
  }

  void check_overlaps() const {
    const std::vector<std::size_t> order = disk_order();
    for (std::size_t next = 1; next < order.size(); ++next) {
      const DiskRange& low = ranges_[order[next - 1]];
      const DiskRange& high = ranges_[order[next]];
      if (low.end() <= high.offset) continue;
      throw Error(ErrorCode::NoSpace,
                  fmt::format("{} ({} to {}) and {} ({} to {}) overlap: change the offset or size of one of them",
                              label(order[next - 1]), exact_size(low.offset), exact_size(low.end()), label(order[next]),
                              exact_size(high.offset), exact_size(high.end())));
    }
  }

  /// The indices of what is placed, by offset.
  std::vector<std::size_t> disk_order() const {
    std::vector<std::size_t> order;
    for (std::size_t index = 0; index < ranges_.size(); ++index) {
      if (placed(ranges_[index])) order.push_back(index);
    }
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return ranges_[a].offset < ranges_[b].offset; });
    return order;
  }

  void place_automatic() {
    std::uint64_t behind = rules_.head_size;
    for (std::size_t index = 0; index < ranges_.size(); ++index) {
      if (!placed(ranges_[index])) {
        const std::uint64_t size = requested_size(index);
        put(index, first_free(behind, size), size);
      }
      behind = ranges_[index].end();
    }
  }

  /// The first aligned offset from `from` on where `size` bytes are free.
  std::uint64_t first_free(std::uint64_t from, std::uint64_t size) const {
    std::uint64_t offset = round_up(from, rules_.alignment);
    for (const std::size_t index : disk_order()) {
      const DiskRange& taken = ranges_[index];
      if (taken.end() <= offset) continue;
      if (taken.offset >= offset && size <= taken.offset - offset) break;
      offset = round_up(taken.end(), rules_.alignment);
    }
    return offset;
  }

  /// The end of the last partition, or of the table's own part of the disk if there is none.
  std::uint64_t used_end() const {
    std::uint64_t end = rules_.head_size;
    for (const DiskRange& range : ranges_) end = std::max(end, range.end());
    return end;
  }

  std::uint64_t needed_disk_size() const { return round_up(used_end() + rules_.tail_size, kMiB); }

  void check_fits(std::uint64_t disk_size) const {
    if (disk_size > kMaxDiskSize) {
      throw Error(ErrorCode::NoSpace, "the partitions need a disk of 8 EiB or more: make them smaller");
    }
    if (used_end() + rules_.tail_size <= disk_size) return;
    for (std::size_t index = 0; index < ranges_.size(); ++index) {
      if (ranges_[index].end() + rules_.tail_size <= disk_size) continue;
      throw Error(ErrorCode::NoSpace,
                  fmt::format("{} does not fit on a disk of {}: it would cover {} to {}{}; set the disk's size to "
                              "{}at least \"{}\"",
                              label(index), exact_size(disk_size), exact_size(ranges_[index].offset),
                              exact_size(ranges_[index].end()), tail_note(), remaining_ ? "" : "\"auto\" or ",
                              exact_size(needed_disk_size())));
    }
    throw Error(ErrorCode::NoSpace, fmt::format("a disk of {} has no room for a {} table: it needs at least \"{}\"",
                                                exact_size(disk_size), rules_.table, exact_size(needed_disk_size())));
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
    for (std::size_t index = *remaining_ + 1; index < ranges_.size(); ++index) {
      DiskRange& range = ranges_[index];
      if (partition(index).offset || range.offset < remaining.offset || range.offset >= barrier) continue;
      followers.push_back(&range);
      first = std::min(first, range.offset);
      last_end = std::max(last_end, range.end());
    }
    if (!followers.empty()) {
      const std::uint64_t shift = round_down(barrier - last_end, rules_.alignment);
      for (DiskRange* range : followers) range->offset += shift;
      first += shift;
    }
    remaining.size = first - remaining.offset;
    if (remaining.end() > rules_.address_limit) throw too_large(*remaining_);
  }

  /// Where the space behind `remaining` ends: at a partition with an offset, at one that is listed before it, or at
  /// the end of the disk, which counts as aligned if that leaves anything.
  std::uint64_t next_fixed_offset(const DiskRange& remaining, std::uint64_t disk_size) const {
    const std::uint64_t usable_end = disk_size - rules_.tail_size;
    const std::uint64_t aligned_end = round_down(usable_end, rules_.alignment);
    std::uint64_t barrier = aligned_end >= used_end() ? aligned_end : usable_end;
    for (std::size_t index = 0; index < ranges_.size(); ++index) {
      if (index > *remaining_ && !partition(index).offset) continue;
      if (ranges_[index].offset > remaining.offset) barrier = std::min(barrier, ranges_[index].offset);
    }
    return barrier;
  }

  const TableRequest& request_;
  const PlacementRules& rules_;
  std::vector<DiskRange> ranges_;
  std::optional<std::size_t> remaining_;  ///< index of the partition that takes what remains
};

}  // namespace

Placement place_partitions(const TableRequest& request, const PlacementRules& rules) {
  return Placer(request, rules).place();
}

void add_partition_contents(BlobBuilder& disk, const Layout& layout, std::vector<BlobPtr> contents) {
  if (contents.size() != layout.partitions.size()) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("{} contents for {} partitions", contents.size(), layout.partitions.size()));
  }
  for (std::size_t index = 0; index < contents.size(); ++index) {
    const Partition& partition = layout.partitions[index];
    BlobPtr& content = contents[index];
    if (!content) continue;
    if (content->size() > partition.size) {
      throw Error(ErrorCode::NoSpace,
                  fmt::format("{} of {} is too small for its content of {}: give it at least that size",
                              partition_label(partition.number, partition.name), exact_size(partition.size),
                              exact_size(content->size())));
    }
    disk.add(partition.offset, std::move(content));
  }
}

std::string partition_label(std::size_t number, std::string_view name) {
  if (name.empty()) return fmt::format("partition {}", number);
  std::string printable(name);
  std::replace_if(
      printable.begin(), printable.end(), [](unsigned char byte) { return byte < 0x20 || byte == 0x7f; }, '?');
  return fmt::format("partition {} (\"{}\")", number, printable);
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
