#include "image_inspection.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>

#include "fstool/error.h"
#include "fstool/registry.h"
#include "fstool/size.h"
#include "image_opener.h"
#include "time_text.h"

namespace fstool {

namespace {

/// Alignment leaves gaps up to this size everywhere.
constexpr std::uint64_t kSmallGap = std::uint64_t{1} << 20;

std::optional<std::uint64_t> allocated_size(const std::filesystem::path& file) {
  constexpr std::uint64_t kSectorBytes = 512;
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) throw system_error("reading " + file.string(), errno);
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_blocks) * kSectorBytes;
}

/// The disk, and what is on it; where that can't be read, the disk alone.
DiskImage open_as_far_as_possible(const ImageReference& reference, const FormatOverrides& overrides, Context& context,
                                  std::string& problem) {
  const std::string snapshot = reference.snapshot.value_or("");
  try {
    return open_disk_image(reference.file, overrides, context, snapshot);
  } catch (const Error& error) {
    if (!is_of_image(error) || overrides.partition_table == kNoPartitionTable) throw;
    problem = error.what();
  }
  FormatOverrides disk_alone = overrides;
  disk_alone.partition_table = kNoPartitionTable;
  DiskImage image = open_disk_image(reference.file, disk_alone, context, snapshot);
  image.parts.clear();
  return image;
}

std::optional<ContainerFacts> container_facts(const std::string& container, const ContainerFile& file,
                                              Context& context) {
  if (container.empty()) return std::nullopt;
  return context.registry().get<Container>(container).create({})->inspect(file, context);
}

std::vector<DiskRange> find_gaps(const Layout& layout, std::uint64_t disk_size) {
  std::vector<DiskRange> used;
  for (const Partition& partition : layout.partitions) {
    if (!partition.holds_partitions) used.push_back({partition.offset, partition.size});
  }
  std::ranges::sort(used, {}, &DiskRange::offset);
  used.push_back({disk_size, 0});
  std::vector<DiskRange> gaps;
  std::uint64_t end = 0;
  for (const DiskRange& range : used) {
    if (range.offset > end && range.offset - end > kSmallGap) gaps.push_back({end, range.offset - end});
    end = std::max(end, range.end());
  }
  return gaps;
}

InspectedPart inspect_part(const DiskPart& part, Context& context) {
  InspectedPart inspected{part.partition, part.filesystem, std::nullopt, {}};
  if (part.filesystem.empty()) return inspected;
  try {
    inspected.facts = inspect_volume(part, context);
  } catch (const Error& error) {
    if (!is_of_image(error)) throw;
    inspected.problem = error.what();
  }
  return inspected;
}

/// "[######------------------] 25 % of 1 GiB used, 768 MiB free"
std::string usage_text(const VolumeFacts& facts) {
  constexpr std::size_t kCells = 24;
  const std::uint64_t used = facts.blocks - std::min(facts.free_blocks, facts.blocks);
  const double share = facts.blocks == 0 ? 0 : static_cast<double>(used) / static_cast<double>(facts.blocks);
  const auto full = static_cast<std::size_t>(std::lround(share * kCells));
  return fmt::format("[{:#<{}}{:-<{}}] {:.0f} % of {} used, {} free", "", full, "", kCells - full, share * 100,
                     format_size(facts.blocks * facts.block_size), format_size(facts.free_blocks * facts.block_size));
}

using Show = std::function<std::string(std::string_view)>;

std::string quoted_name(const std::string& text, const Show& show) {
  return text.empty() ? "" : fmt::format(" \"{}\"", show(text));
}

std::string volume_text(const InspectedPart& part, const std::string& indent, const Show& show) {
  if (!part.problem.empty())
    return fmt::format("{}{}, which can't be read: {}\n", indent, part.filesystem, show(part.problem));
  if (part.partition && part.partition->holds_partitions) return {};
  if (!part.facts) return fmt::format("{}no file system that a plugin knows\n", indent);
  const VolumeFacts& facts = *part.facts;
  std::string text = indent + facts.type + quoted_name(facts.label, show);
  if (!facts.uuid.empty()) text += fmt::format(", UUID {}", facts.uuid);
  if (facts.block_size > 0) text += fmt::format(", blocks of {}", format_size(facts.block_size));
  if (facts.inodes > 0) text += fmt::format(", {} of {} inodes free", facts.free_inodes, facts.inodes);
  if (!facts.state.empty()) text += fmt::format(", {}", facts.state);
  text += fmt::format("\n{}{}\n", indent, usage_text(facts));
  if (facts.features.empty()) return text;
  text += indent + "features:";
  for (const std::string& feature : facts.features) text += " " + feature;
  return text + "\n";
}

std::string partition_text(const Partition& partition, const Show& show) {
  std::string text = fmt::format("  {}{}: {}, {} at {}", partition.number, quoted_name(partition.name, show),
                                 partition.type_name.empty() ? partition.type : partition.type_name,
                                 format_size(partition.size), format_size(partition.offset));
  if (!partition.uuid.empty()) text += fmt::format(", UUID {}", partition.uuid);
  return text + "\n";
}

std::string container_text(const ContainerFacts& facts, const Show& show) {
  std::string text;
  if (facts.unit_size > 0) text += fmt::format("  in units of {}\n", format_size(facts.unit_size));
  if (!facts.features.empty()) text += fmt::format("  features: {}\n", fmt::join(facts.features, " "));
  if (!facts.backing_file.empty()) text += fmt::format("  backing file: {}\n", show(facts.backing_file));
  if (!facts.data_file.empty()) text += fmt::format("  data file: {}\n", show(facts.data_file));
  for (const ContainerSnapshot& snapshot : facts.snapshots) {
    text += fmt::format("  snapshot {}{}: {}, {}\n", show(snapshot.id), quoted_name(snapshot.name, show),
                        format_time(snapshot.taken, kFullIso), format_size(snapshot.disk_size));
  }
  return text;
}

std::string file_text(const InspectedImage& image, const Show& show) {
  std::string text = fmt::format("{}: {}, a disk of {}", show(image.name),
                                 image.container.empty() ? "raw" : image.container, format_size(image.disk_size));
  if (image.file_size != image.disk_size) text += fmt::format(" in a file of {}", format_size(image.file_size));
  if (image.allocated_size) text += fmt::format(", {} allocated", format_size(*image.allocated_size));
  text += "\n";
  if (image.stream) text += fmt::format("  {}\n", describe_stream(*image.stream));
  if (image.container_facts) text += container_text(*image.container_facts, show);
  return text;
}

}  // namespace

InspectedImage inspect_image(const ImageReference& reference, const FormatOverrides& overrides, Context& context) {
  InspectedImage inspected;
  inspected.name = reference.text();
  DiskImage image = open_as_far_as_possible(reference, overrides, context, inspected.problem);
  inspected.stream = image.stream;
  inspected.container = image.container;
  inspected.container_facts = container_facts(image.container, {image.uncompressed, reference.file}, context);
  inspected.file_size = image.stream ? image.stream->stored : image.uncompressed->size();
  inspected.allocated_size = allocated_size(reference.file);
  inspected.disk_size = image.disk->size();
  inspected.layout = image.layout;
  if (reference.partition) {
    const std::size_t chosen =
        with_context([&] { return fmt::format("opening {}", reference.text()); },
                     [&] { return choose_filesystem(image, reference.partition, overrides, context); });
    inspected.parts.push_back(inspect_part(image.parts[chosen], context));
    return inspected;
  }
  for (const DiskPart& part : image.parts) inspected.parts.push_back(inspect_part(part, context));
  if (image.layout) inspected.gaps = find_gaps(*image.layout, inspected.disk_size);
  return inspected;
}

std::string describe_image(const InspectedImage& image, const Show& show) {
  std::string text = file_text(image, show);
  if (image.layout) {
    text += fmt::format("{} partition table, disk id {}, sectors of {} bytes\n", image.layout->table,
                        image.layout->disk_id, image.layout->sector_size);
  }
  if (!image.problem.empty()) text += fmt::format("what is on it can't be read: {}\n", show(image.problem));
  auto gap = image.gaps.begin();
  const auto add_gaps_before = [&](std::uint64_t offset) {
    for (; gap != image.gaps.end() && gap->offset < offset; ++gap) {
      text += fmt::format("  unpartitioned: {} at {}\n", format_size(gap->size), format_size(gap->offset));
    }
  };
  for (const InspectedPart& part : image.parts) {
    if (part.partition) {
      add_gaps_before(part.partition->offset);
      text += partition_text(*part.partition, show);
    }
    text += volume_text(part, part.partition ? "      " : "  ", show);
  }
  add_gaps_before(UINT64_MAX);
  return text;
}

}  // namespace fstool
