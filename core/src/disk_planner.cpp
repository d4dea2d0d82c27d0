// A file system that is made to measure has to be formatted before its partition's size is known, but it may record its
// offset on the disk (the hidden sectors of FAT), which depends on the partitions before it. So the table is planned up
// to the partition in question with a stand-in of one sector, which gives the offset. Where the final plan puts it
// elsewhere all the same, the file system is formatted once more.
//
// What is derived from another partition needs the bytes of that, but its own size follows from their number: so it has
// its place before it is computed. Identifiers that come out of it take no space, and are put into the table at the
// end.

#include "disk_planner.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "fstool/error.h"
#include "fstool/partition_layout.h"
#include "fstool/size.h"
#include "raw_content.h"

namespace fstool {

namespace {

/// Shares of the disk are rounded down to a multiple of it, if that leaves anything.
constexpr std::uint64_t kShareUnit = 1024ULL * 1024;

/// True for a size that follows from what is in partition i.
bool is_measured(const Spec& spec, const DiskJob& disk, std::size_t i) {
  const PartitionChoice& partition = spec.partitions[i];
  const PartitionJob& job = disk.partitions[i];
  if (!partition.filesystem && !job.content && !job.derivation) return false;
  if (partition.size.kind == SizeChoice::Kind::Auto) return true;
  return partition.size.kind == SizeChoice::Kind::Remaining && spec.image->size.kind == SizeChoice::Kind::Auto;
}

class DiskPlanner {
 public:
  DiskPlanner(const Spec& spec, const DiskJob& job, const Seed& seed, DeferredValues& values, Context& context)
      : spec_(spec),
        job_(job),
        table_(*job.table),
        seed_(seed),
        values_(values),
        context_(context),
        formatted_(job.partitions.size()),
        derived_(job.partitions.size()),
        offsets_(job.partitions.size()),
        request_{.partitions = {},
                 .disk_size = std::nullopt,
                 .seed = seed.derive("partition table"),
                 .sector_size = spec.image->sector_size,
                 .boot_code = job.boot_code} {}

  PlannedDisk plan() {
    for (std::size_t i = 0; i < spec_.partitions.size(); ++i) add_partition(i);
    set_disk_size();
    Layout layout = plan_table(request_);
    for (std::size_t i = 0; i < spec_.partitions.size(); ++i) settle(i, layout);
    if (resolve_identifiers()) layout = plan_table(request_);
    return finish(std::move(layout));
  }

  void plan_places() {
    for (std::size_t i = 0; i < spec_.partitions.size(); ++i) request_partition(i);
    set_disk_size();
    plan_table(request_);
  }

 private:
  void set_disk_size() {
    if (spec_.image->size.kind == SizeChoice::Kind::Fixed) request_.disk_size = spec_.image->size.bytes;
  }

  const PartitionChoice& choice(std::size_t i) const { return spec_.partitions[i]; }

  Layout plan_table(const TableRequest& request) {
    Layout layout = table_.plan(request, context_);
    if (layout.partitions.size() < request.partitions.size()) {
      throw Error(ErrorCode::Internal, fmt::format("the partition table \"{}\" planned {} partitions instead of {}",
                                                   layout.table, layout.partitions.size(), request.partitions.size()));
    }
    return layout;
  }

  bool is_measured(std::size_t i) const { return fstool::is_measured(spec_, job_, i); }

  std::string describe(std::size_t i) const {
    const std::string& name = choice(i).name;
    return fmt::format("building partition {}{}", i + 1, name.empty() ? "" : fmt::format(" ({})", name));
  }

  void request_partition(std::size_t i) {
    request_.partitions.push_back(partition_request(choice(i), values_));
    request_.partitions.back().size = requested_size(i);
  }

  // --- Before the places are known ----------------------------------------------------------------------------------

  void add_partition(std::size_t i) {
    request_partition(i);
    if (is_measured(i)) with_context([&] { return describe(i); }, [&] { measure(i); });
  }

  std::optional<std::uint64_t> requested_size(std::size_t i) const {
    if (is_measured(i)) return request_.sector_size;
    const SizeChoice& size = choice(i).size;
    switch (size.kind) {
      case SizeChoice::Kind::Auto:
        return 0;
      case SizeChoice::Kind::Fixed:
        return size.bytes;
      case SizeChoice::Kind::Percent:
        return share_of_disk(size.percent);
      case SizeChoice::Kind::Remaining:
        break;
    }
    return std::nullopt;
  }

  std::uint64_t share_of_disk(std::uint32_t percent) const {
    const std::uint64_t disk = spec_.image->size.bytes;
    const std::uint64_t share = disk / 100 * percent + disk % 100 * percent / 100;
    const std::uint64_t unit = share < kShareUnit ? request_.sector_size : kShareUnit;
    return std::max<std::uint64_t>(share / unit * unit, request_.sector_size);
  }

  /// Finds the size of a partition that is as large as what is in it.
  void measure(std::size_t i) {
    const PartitionJob& job = job_.partitions[i];
    std::uint64_t size = 0;
    if (job.content) {
      size = job.content->size();
    } else if (job.derivation) {
      size = job.derivation->size(origin_size(i));
    } else {
      size = measure_volume(i);
    }
    if (size > std::numeric_limits<std::int64_t>::max()) {
      throw Error(ErrorCode::NoSpace, fmt::format("{} bytes are more than any disk has", size));
    }
    request_.partitions[i].size = std::max<std::uint64_t>(round_up(size, request_.sector_size), request_.sector_size);
  }

  /// Bytes of the partition that partition i is derived from: before the places are known, the most that it can have.
  std::uint64_t origin_size(std::size_t i) const {
    const std::size_t origin = job_.partitions[i].origin;
    if (const auto size = request_.partitions[origin].size) return round_up(*size, request_.sector_size);
    return spec_.image->size.bytes;
  }

  std::uint64_t measure_volume(std::size_t i) {
    TableRequest prefix = request_;
    // What takes the remaining space needs a disk to have it from; for the place of the others any size will do.
    for (PartitionRequest& partition : prefix.partitions) {
      if (!partition.size) partition.size = prefix.sector_size;
    }
    offsets_[i] = plan_table(prefix).partitions[i].offset;
    format(i, measured_size(i));
    return formatted_[i]->image->size();
  }

  SizeRequest measured_size(std::size_t i) const {
    const FilesystemChoice& filesystem = *choice(i).filesystem;
    const bool fixed = filesystem.size && filesystem.size->kind == SizeChoice::Kind::Fixed;
    return size_request(filesystem, fixed ? std::optional(filesystem.size->bytes) : std::nullopt);
  }

  // --- When they are ------------------------------------------------------------------------------------------------

  void settle(std::size_t i, const Layout& layout) {
    with_context([&] { return describe(i); },
                 [&] {
                   if (job_.partitions[i].volume.filesystem) settle_volume(i, layout.partitions[i]);
                   if (job_.partitions[i].derivation) derive(i, layout);
                 });
  }

  void settle_volume(std::size_t i, const Partition& place) {
    if (formatted_[i] && offsets_[i] == place.offset) return;
    offsets_[i] = place.offset;
    format(i, is_measured(i) ? measured_size(i) : size_request(*choice(i).filesystem, place.size));
  }

  void format(std::size_t i, const SizeRequest& size) {
    context_.check_cancelled();
    const VolumeJob& volume = job_.partitions[i].volume;
    const FormatRequest request{.size = size,
                                .seed = seed_.derive(fmt::format("partition {}", i + 1)),
                                .partition_offset = offsets_[i],
                                .sector_size = request_.sector_size};
    formatted_[i] = volume.filesystem->format(volume.tree, request, context_);
    if (size.fixed) require_headroom(*volume.choice, formatted_[i]->facts);
  }

  void derive(std::size_t i, const Layout& layout) {
    const PartitionJob& job = job_.partitions[i];
    const Partition& origin = layout.partitions[job.origin];
    const DerivationRequest request{.seed = seed_.derive(fmt::format("partition {}", i + 1)),
                                    .sector_size = request_.sector_size};
    BlobPtr data = bytes_of(job.origin, origin);
    data = data ? make_padded_blob(std::move(data), origin.size) : make_hole_blob(origin.size);
    derived_[i] = job.derivation->derive(std::move(data), request, context_);
    for (const DerivedValue& value : derived_[i]->values) {
      values_.set(deferred_name(*choice(i).derivation, value.name), value.text);
    }
  }

  /// What is at a place; null: a hole.
  BlobPtr bytes_of(std::size_t i, const Partition& place) const {
    if (formatted_[i]) return formatted_[i]->image;
    if (derived_[i]) return derived_[i]->bytes;
    if (const auto& content = choice(i).content; content && content->kind == ContentChoice::Kind::Fill) {
      return make_fill(content->fill, place.size);
    }
    return job_.partitions[i].content;
  }

  /// Puts values that came out into the identifiers of partitions. False if there are none.
  bool resolve_identifiers() {
    bool any = false;
    for (std::size_t i = 0; i < spec_.partitions.size(); ++i) {
      if (!choice(i).uuid.is_deferred()) continue;
      request_.partitions[i].uuid = choice(i).uuid.resolve(values_);
      any = true;
    }
    return any;
  }

  PlannedDisk finish(Layout layout) {
    std::vector<BlobPtr> contents;
    PlannedDisk planned;
    for (std::size_t i = 0; i < spec_.partitions.size(); ++i) {
      contents.push_back(bytes_of(i, layout.partitions[i]));
      planned.facts.push_back(formatted_[i] ? std::optional(formatted_[i]->facts) : std::nullopt);
      planned.values.push_back(derived_[i] ? derived_[i]->values : std::vector<DerivedValue>());
    }
    planned.facts.resize(layout.partitions.size());
    planned.values.resize(layout.partitions.size());
    planned.disk = with_payloads(table_.compose(request_, layout, contents, context_), layout, contents);
    planned.layout = std::move(layout);
    return planned;
  }

  /// A disk with what is not in its table laid over it.
  BlobPtr with_payloads(BlobPtr disk, const Layout& layout, const std::vector<BlobPtr>& contents) const {
    std::vector<BlobPiece> pieces;
    for (std::size_t i = 0; i < contents.size(); ++i) {
      if (!choice(i).in_table && contents[i]) add_pieces(i, layout.partitions[i], contents[i], pieces);
    }
    return make_overlaid_blob(std::move(disk), std::move(pieces));
  }

  /// The parts of a payload between its holes.
  void add_pieces(std::size_t i, const Partition& place, const BlobPtr& content, std::vector<BlobPiece>& pieces) const {
    require_room(payload_label(i + 1, choice(i).name), place.size, content->size());
    for (const DiskRange& part : without_holes(content->size(), choice(i).holes)) {
      pieces.push_back({place.offset + part.offset, content, part.offset, part.size});
    }
  }

  const Spec& spec_;
  const DiskJob& job_;
  PartitionTable& table_;
  const Seed& seed_;
  DeferredValues& values_;
  Context& context_;
  std::vector<std::optional<FormattedVolume>> formatted_;
  std::vector<std::optional<Derived>> derived_;
  std::vector<std::uint64_t> offsets_;  ///< that the formatted file systems were told
  TableRequest request_;
};

}  // namespace

std::string deferred_name(const DerivationChoice& choice, const std::string& value) {
  return fmt::format("{}.{}.{}", choice.format.type, choice.from, value);
}

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

PartitionRequest partition_request(const PartitionChoice& choice, const DeferredValues& values) {
  PartitionRequest request;
  request.name = choice.name;
  request.type = choice.type;
  request.offset = choice.offset;
  request.alignment = choice.align;
  request.gap = choice.gap;
  request.in_table = choice.in_table;
  request.holes = choice.holes;
  request.label = choice.label;
  request.options = choice.options;
  if (!choice.uuid.empty() && !choice.uuid.is_deferred()) request.uuid = choice.uuid.resolve(values);
  return request;
}

bool has_measured_partition(const Spec& spec, const DiskJob& job) {
  for (std::size_t i = 0; i < spec.partitions.size(); ++i) {
    if (is_measured(spec, job, i)) return true;
  }
  return false;
}

void plan_places(const Spec& spec, const DiskJob& job, DeferredValues& values, Context& context) {
  DiskPlanner(spec, job, Seed(""), values, context).plan_places();
}

PlannedDisk plan_disk(const Spec& spec, const DiskJob& job, const Seed& seed, DeferredValues& values,
                      Context& context) {
  return DiskPlanner(spec, job, seed, values, context).plan();
}

}  // namespace fstool
