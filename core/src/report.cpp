#include "report.h"

#include <fmt/format.h>

#include "fstool/size.h"

namespace fstool {

namespace {

std::string content_text(const Report& report) {
  if (report.volume) {
    return fmt::format("{} file system, {}", report.volume->facts.type, format_size(report.virtual_size));
  }
  if (report.table.empty()) return fmt::format("disk, {}", format_size(report.virtual_size));
  return fmt::format("{} disk with {} partition{}, {}", report.table, report.partitions.size(),
                     report.partitions.size() == 1 ? "" : "s", format_size(report.virtual_size));
}

std::string container_text(const Report& report) {
  return report.codec.empty() ? report.container : fmt::format("{} ({})", report.container, report.codec);
}

std::string volume_text(const VolumeReport& volume) {
  const VolumeFacts& facts = volume.facts;
  std::string text = facts.type;
  if (!facts.label.empty()) text += fmt::format(" \"{}\"", facts.label);
  if (!facts.uuid.empty()) text += fmt::format(", {}", facts.uuid);
  text += fmt::format(", {} blocks of {}, {} free", facts.blocks, format_size(facts.block_size),
                      format_size(facts.free_blocks * facts.block_size));
  if (facts.inodes != 0) text += fmt::format(", {} inodes, {} free", facts.inodes, facts.free_inodes);
  text += volume.source.empty() ? ", empty" : fmt::format(", from {}", volume.source);
  return text;
}

}  // namespace

std::string summary_line(const Report& report) {
  if (!report.output) return fmt::format("{}; {}", container_text(report), content_text(report));
  return fmt::format("{}: {}, {}; {}; {:.1f} s", report.output->path.string(), container_text(report),
                     format_size(report.output->file_size), content_text(report), report.output->seconds);
}

std::string describe_plan(const Report& report) {
  std::string text = fmt::format("{}, in {}\n", content_text(report), container_text(report));
  if (report.volume) return text + fmt::format("  {}\n", volume_text(*report.volume));
  text += fmt::format("  disk id {}, sectors of {} bytes\n", report.disk_id, report.sector_size);
  for (const PartitionReport& entry : report.partitions) {
    const Partition& partition = entry.partition;
    text += fmt::format("  {}{}{}: {} at {}, type {}\n", partition.number, partition.name.empty() ? "" : " ",
                        partition.name, format_size(partition.size), format_size(partition.offset),
                        partition.type_name.empty() ? partition.type : partition.type_name);
    if (entry.volume) text += fmt::format("      {}\n", volume_text(*entry.volume));
  }
  return text;
}

}  // namespace fstool
