#include "report.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "fstool/size.h"

namespace fstool {

namespace {

std::string content_text(const Report& report) {
  if (report.volume) {
    return fmt::format("{} file system, {}", report.volume->facts.type, format_size(report.virtual_size));
  }
  if (report.table.empty()) return fmt::format("disk, {}", format_size(report.virtual_size));
  const auto in_table = std::ranges::count_if(report.partitions,
                                              [](const PartitionReport& entry) { return entry.partition.number != 0; });
  return fmt::format("{} disk with {} partition{}, {}", report.table, in_table, in_table == 1 ? "" : "s",
                     format_size(report.virtual_size));
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

std::string type_text(const Partition& partition) {
  if (partition.number == 0) return ", not in the table";
  return fmt::format(", type {}", partition.type_name.empty() ? partition.type : partition.type_name);
}

std::string derivation_text(const DerivationReport& derivation) {
  std::string text = fmt::format("      {} of {}\n", derivation.type, derivation.from);
  for (const DerivedValue& value : derivation.values) text += fmt::format("        {} {}\n", value.name, value.text);
  return text;
}

}  // namespace

std::string summary_line(const Report& report) {
  if (!report.output) return fmt::format("{}; {}", container_text(report), content_text(report));
  const auto& pieces = report.output->pieces;
  return fmt::format("{}: {}, {}; {}; {:.1f} s{}", report.output->path.string(), container_text(report),
                     format_size(report.output->file_size), content_text(report), report.output->seconds,
                     pieces ? fmt::format("; {} of {} pieces as before", pieces->taken, pieces->all) : "");
}

std::string describe_values(const Report& report) {
  std::string text;
  for (const PartitionReport& entry : report.partitions) {
    if (!entry.derivation) continue;
    for (const DerivedValue& value : entry.derivation->values) {
      text += fmt::format("{} of {}: {} {}\n", entry.derivation->type, entry.derivation->from, value.name, value.text);
    }
  }
  return text;
}

std::string describe_plan(const Report& report) {
  std::string text = fmt::format("{}, in {}\n", content_text(report), container_text(report));
  if (report.volume) return text + fmt::format("  {}\n", volume_text(*report.volume));
  text += fmt::format("  disk id {}, sectors of {} bytes\n", report.disk_id, report.sector_size);
  for (const PartitionReport& entry : report.partitions) {
    const Partition& partition = entry.partition;
    text += fmt::format("  {}{}{}: {} at {}{}\n", partition.number == 0 ? "-" : std::to_string(partition.number),
                        partition.name.empty() ? "" : " ", partition.name, format_size(partition.size),
                        format_size(partition.offset), type_text(partition));
    if (!entry.content.empty()) text += fmt::format("      {}\n", entry.content);
    if (entry.derivation) text += derivation_text(*entry.derivation);
    if (entry.volume) text += fmt::format("      {}\n", volume_text(*entry.volume));
  }
  return text;
}

}  // namespace fstool
