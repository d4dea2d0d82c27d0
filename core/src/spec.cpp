#include "spec.h"

#include <fmt/format.h>

#include <algorithm>

#include "spec_disk.h"
#include "spec_entries.h"
#include "spec_keys.h"

namespace fstool {

namespace {

/// The options of every file system that OptionSet can bind; `size` and `free` have more than one type.
struct GenericOptions {
  RootDevices rootdevs = RootDevices::None;
  HardLinks hard_links = HardLinks::Keep;
};

const OptionSet<GenericOptions>& generic_options() {
  static const auto set =
      OptionSet<GenericOptions>()
          .add("rootdevs", &GenericOptions::rootdevs, "Device nodes to add to /dev; names that exist are kept.",
               choices<RootDevices>({{"none", RootDevices::None},
                                     {"minimal", RootDevices::Minimal},
                                     {"standard", RootDevices::Standard}}))
          .add("hardlinks", &GenericOptions::hard_links,
               "What becomes of files with several names: they keep them, or each gets a copy; \"dedup\": equal files "
               "become one.",
               choices<HardLinks>({{"keep", HardLinks::Keep}, {"copy", HardLinks::Copy}, {"dedup", HardLinks::Dedup}}));
  return set;
}

OptionInfo option_info(std::string name, std::string type, std::string summary, std::string default_text) {
  OptionInfo info;
  info.name = std::move(name);
  info.type = std::move(type);
  info.summary = std::move(summary);
  info.default_text = std::move(default_text);
  return info;
}

bool is_generic_option(std::string_view key) {
  return std::ranges::any_of(generic_filesystem_options(), [&](const OptionInfo& info) { return info.name == key; });
}

/// The flat keys of a file system's table and those of its `options`, which mean the same.
OptionTable merge_options(OptionTable flat, const OptionTable& nested, SpecProblems& problems) {
  for (const OptionEntry& entry : nested) {
    const auto same_key = [&](const OptionEntry& other) { return other.key == entry.key; };
    if (std::ranges::none_of(flat, same_key)) {
      flat.push_back(entry);
    } else {
      problems.collect(entry.location, [&] { detail::throw_repeated_option(entry); });
    }
  }
  return flat;
}

/// An option that means the same for every format.
void read_generic_option(const OptionEntry& entry, FilesystemChoice& filesystem) {
  if (entry.key == "size") {
    filesystem.size = parse_size_choice(entry.value, "size");
  } else if (entry.key == "free") {
    filesystem.free = parse_headroom(entry.value, "free");
  } else if (entry.key == "mtime") {
    filesystem.mtime = parse_timestamp(entry.value, "mtime");
  } else {
    const GenericOptions generic = generic_options().parse({entry});
    if (entry.key == "rootdevs") filesystem.rootdevs = generic.rootdevs;
    if (entry.key == "hardlinks") filesystem.hard_links = generic.hard_links;
  }
}

void read_disk(Spec& spec, TableReader& reader, const PathBase& base) {
  SpecProblems& problems = reader.problems();
  LocationPtr location;
  const OptionTable* image = reader.take_table("image", location);
  if (image != nullptr) spec.image = read_image(*image, location, base, problems);
  const std::size_t before = problems.size();
  LocationPtr first;
  reader.read("partitions", [&](const OptionValue& partitions) {
    first = partitions.location;
    spec.partitions = read_partitions(partitions, spec.image.value_or(ImageChoice{}), base, problems);
  });
  if (image == nullptr && first) {
    problems.add(first, "[[partitions]] needs an [image] with a partition_table");
  } else if (image != nullptr && spec.partitions.empty() && problems.size() == before) {
    problems.add(location, "[image] needs at least one [[partitions]]");
  }
}

/// Refuses a spec that is of both kinds, or of none.
void check_kind(const Spec& spec, const LocationPtr& whole, const LocationPtr& filesystem, SpecProblems& problems) {
  if (spec.filesystem && spec.image) {
    problems.add(filesystem,
                 "[filesystem] makes a bare file system and can't be combined with [image] and "
                 "[[partitions]]: put it into a partition as [partitions.filesystem]");
  }
  if (!spec.filesystem && !spec.image && problems.empty()) {
    problems.add(whole, "nothing to build: add a [filesystem], or an [image] with [[partitions]]");
  }
}

}  // namespace

const std::vector<OptionInfo>& generic_filesystem_options() {
  static const std::vector<OptionInfo> infos = [] {
    std::vector<OptionInfo> all = generic_options().infos();
    all.push_back(option_info("mtime", std::string(kTime), "Modification time of every node.", ""));
    all.push_back(
        option_info("free", "size or percentage", "Free space to leave in a file system whose size is \"auto\".", "0"));
    all.push_back(option_info("size", std::string(kSizeOrAuto),
                              "Size of the file system; \"auto\": as small as possible.", "auto"));
    return all;
  }();
  return infos;
}

FilesystemChoice read_filesystem(const OptionTable& table, const std::string& name, const LocationPtr& location,
                                 const PathBase& base, SpecProblems& problems) {
  TableReader reader(table, name, location, problems);
  FilesystemChoice filesystem;
  reader.read_required("type", [&](const OptionValue& type) {
    filesystem.format.type = parse_text(type, "type");
    filesystem.format.location = type.location;
  });
  reader.read("source", [&](const OptionValue& source) { filesystem.sources = read_sources(source, base, problems); });
  reader.read("rules", [&](const OptionValue& rules) {
    filesystem.rules = read_pattern_rules(rules, problems);
    filesystem.written_rules = {{.key = "rules", .value = rules, .location = rules.location}};
  });
  reader.read("selinux_contexts", [&](const OptionValue& contexts) {
    filesystem.selinux_contexts =
        RuleFile{.path = parse_path(contexts, "selinux_contexts", base), .location = contexts.location};
  });
  reader.read("entries",
              [&](const OptionValue& entries) { filesystem.entries = read_entries(entries, base, problems); });
  LocationPtr nested_location;
  const OptionTable* nested = reader.take_table("options", nested_location);
  const OptionTable options = merge_options(reader.rest(), nested == nullptr ? OptionTable() : *nested, problems);
  for (const OptionEntry& entry : options) {
    if (is_generic_option(entry.key)) {
      problems.collect(entry.value.location, [&] { read_generic_option(entry, filesystem); });
    } else {
      filesystem.format.options.push_back(entry);
    }
  }
  return filesystem;
}

FilesystemChoice read_filesystem(const OptionTable& table, const std::string& name, const LocationPtr& location,
                                 const PathBase& base) {
  SpecProblems problems;
  FilesystemChoice filesystem = read_filesystem(table, name, location, base, problems);
  problems.throw_if_any();
  return filesystem;
}

Spec read_spec(const OptionTable& table, const PathBase& base, SpecProblems& problems) {
  SpecLocation start;
  start.file = base.file;
  const auto whole = std::make_shared<const SpecLocation>(std::move(start));
  TableReader reader(table, "the spec", whole, problems);
  Spec spec;
  spec.seed = reader.take_text("seed");
  LocationPtr location;
  if (const OptionTable* container = reader.take_table("container", location)) {
    spec.container = read_format_choice(*container, "[container]", location, problems);
  }
  if (const OptionTable* codec = reader.take_table("codec", location)) {
    spec.codec = read_format_choice(*codec, "[codec]", location, problems);
  }
  if (const OptionTable* filesystem = reader.take_table("filesystem", location)) {
    spec.filesystem = read_filesystem(*filesystem, "[filesystem]", location, base, problems);
  }
  read_disk(spec, reader, base);
  reader.refuse_rest();
  check_kind(spec, whole, location, problems);
  return spec;
}

Spec read_spec(const OptionTable& table, const PathBase& base) {
  SpecProblems problems;
  Spec spec = read_spec(table, base, problems);
  problems.throw_if_any();
  return spec;
}

}  // namespace fstool
