// A file system that is made to measure has to be formatted before its partition's size is known, but it may record its
// offset on the disk (the hidden sectors of FAT), which depends on the partitions before it. So the table is planned up
// to the partition in question with a stand-in of one sector, which gives the offset. Where the final plan puts it
// elsewhere all the same, the file system is formatted once more.

#include "disk_planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "fstool/error.h"
#include "fstool/size.h"

namespace fstool {

namespace {

class DiskPlanner {
 public:
  DiskPlanner(const Spec& spec, PartitionTable& table, const std::vector<VolumeJob>& volumes, const Seed& seed,
              Context& context)
      : spec_(spec),
        table_(table),
        volumes_(volumes),
        seed_(seed),
        context_(context),
        formatted_(volumes.size()),
        offsets_(volumes.size()),
        request_{.partitions = {},
                 .disk_size = std::nullopt,
                 .seed = seed.derive("partition table"),
                 .sector_size = spec.image->sector_size} {}

  PlannedDisk plan() {
    for (std::size_t i = 0; i < spec_.partitions.size(); ++i) add_partition(i);
    if (spec_.image->size.kind == SizeChoice::Kind::Fixed) request_.disk_size = spec_.image->size.bytes;
    const Layout layout = table_.plan(request_, context_);
    if (layout.partitions.size() != spec_.partitions.size()) {
      throw Error(ErrorCode::Internal, fmt::format("the partition table \"{}\" planned {} partitions instead of {}",
                                                   layout.table, layout.partitions.size(), spec_.partitions.size()));
    }
    for (std::size_t i = 0; i < spec_.partitions.size(); ++i) settle(i, layout.partitions[i]);
    return finish(layout);
  }

 private:
  bool is_measured(std::size_t i) const {
    const PartitionChoice& partition = spec_.partitions[i];
    if (!partition.filesystem) return false;
    if (partition.size.kind == SizeChoice::Kind::Auto) return true;
    return partition.size.kind == SizeChoice::Kind::Remaining && spec_.image->size.kind == SizeChoice::Kind::Auto;
  }

  std::string describe(std::size_t i) const {
    const std::string& name = spec_.partitions[i].name;
    return fmt::format("building partition {}{}", i + 1, name.empty() ? "" : fmt::format(" ({})", name));
  }

  void add_partition(std::size_t i) {
    const PartitionChoice& choice = spec_.partitions[i];
    PartitionRequest partition{.name = choice.name, .type = choice.type, .size = std::nullopt, .offset = choice.offset};
    if (choice.size.kind == SizeChoice::Kind::Fixed) partition.size = choice.size.bytes;
    if (is_measured(i)) partition.size = request_.sector_size;
    request_.partitions.push_back(std::move(partition));
    if (is_measured(i)) with_context([&] { return describe(i); }, [&] { measure(i); });
  }

  /// Formats a file system whose partition is as large as it turns out to be.
  void measure(std::size_t i) {
    TableRequest prefix = request_;
    // What takes the remaining space needs a disk to have it from; for the place of the others any size will do.
    for (PartitionRequest& partition : prefix.partitions) {
      if (!partition.size) partition.size = prefix.sector_size;
    }
    offsets_[i] = table_.plan(prefix, context_).partitions.at(i).offset;
    format(i, measured_size(i));
    const std::uint64_t size = formatted_[i]->image->size();
    if (size > std::numeric_limits<std::int64_t>::max()) {
      throw Error(ErrorCode::NoSpace, fmt::format("{} bytes are more than any disk has", size));
    }
    request_.partitions[i].size = round_up(size, request_.sector_size);
  }

  SizeRequest measured_size(std::size_t i) const {
    const FilesystemChoice& choice = *volumes_[i].choice;
    const bool fixed = choice.size && choice.size->kind == SizeChoice::Kind::Fixed;
    return size_request(choice, fixed ? std::optional(choice.size->bytes) : std::nullopt);
  }

  void settle(std::size_t i, const Partition& place) {
    if (!volumes_[i].filesystem) return;
    if (formatted_[i] && offsets_[i] == place.offset) return;
    offsets_[i] = place.offset;
    const SizeRequest size = is_measured(i) ? measured_size(i) : size_request(*volumes_[i].choice, place.size);
    with_context([&] { return describe(i); }, [&] { format(i, size); });
  }

  void format(std::size_t i, const SizeRequest& size) {
    context_.check_cancelled();
    const FormatRequest request{.size = size,
                                .seed = seed_.derive(fmt::format("partition {}", i + 1)),
                                .partition_offset = offsets_[i],
                                .sector_size = request_.sector_size};
    formatted_[i] = volumes_[i].filesystem->format(volumes_[i].tree, request, context_);
    if (size.fixed) require_headroom(*volumes_[i].choice, formatted_[i]->facts);
  }

  PlannedDisk finish(const Layout& layout) {
    std::vector<BlobPtr> contents;
    PlannedDisk planned;
    for (const std::optional<FormattedVolume>& volume : formatted_) {
      contents.push_back(volume ? volume->image : nullptr);
      planned.facts.push_back(volume ? std::optional(volume->facts) : std::nullopt);
    }
    planned.disk = table_.compose(request_, layout, std::move(contents), context_);
    planned.layout = layout;
    return planned;
  }

  const Spec& spec_;
  PartitionTable& table_;
  const std::vector<VolumeJob>& volumes_;
  const Seed& seed_;
  Context& context_;
  std::vector<std::optional<FormattedVolume>> formatted_;
  std::vector<std::uint64_t> offsets_;  ///< that the formatted file systems were told
  TableRequest request_;
};

}  // namespace

SizeRequest size_request(const FilesystemChoice& choice, std::optional<std::uint64_t> fixed) {
  SizeRequest size;
  size.fixed = fixed;
  size.free_bytes = choice.free.bytes;
  size.free_percent = choice.free.percent;
  return size;
}

void require_headroom(const FilesystemChoice& choice, const VolumeFacts& facts) {
  const std::uint64_t free = facts.free_blocks * facts.block_size;
  // Of the whole size, in two steps so that it can't overflow.
  const std::uint64_t share = facts.size / 100 * choice.free.percent + facts.size % 100 * choice.free.percent / 100;
  const std::uint64_t needed = std::max(choice.free.bytes, share);
  if (free >= needed) return;
  throw Error(ErrorCode::NoSpace,
              fmt::format("{} would be free of the {} that \"free\" asks for: make it larger, or set size = \"auto\"",
                          format_size(free), format_size(needed)));
}

PlannedDisk plan_disk(const Spec& spec, PartitionTable& table, const std::vector<VolumeJob>& volumes, const Seed& seed,
                      Context& context) {
  return DiskPlanner(spec, table, volumes, seed, context).plan();
}

}  // namespace fstool
