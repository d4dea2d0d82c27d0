#include "spec_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace fstool {

namespace {

/// "0x83" for the integer 131: the table's plugin reads text.
std::string read_partition_type(const OptionValue& value) {
  const auto* number = std::get_if<std::int64_t>(&value.data);
  if (number == nullptr && !std::holds_alternative<std::string>(value.data)) {
    throw wrong_type(value, "type", "a string or an integer");
  }
  if (number == nullptr) return parse_text(value, "type");
  if (*number < 0 || *number > 0xff) {
    throw spec_error(value.location, fmt::format("type {} is not a byte: it must be from 0x00 to 0xff", *number));
  }
  return fmt::format("{:#04x}", *number);
}

/// { file = "u-boot.bin" }, { image = "disk.img:2" } or { fill = 0xff }.
void read_content_table(const OptionTable& table, ContentChoice& content, std::string_view key, const PathBase& base) {
  SpecProblems problems;
  TableReader reader(table, std::string(key), content.location, problems);
  int kinds = 0;
  const auto read_path = [&](std::string_view name, ContentChoice::Kind kind) {
    reader.read(name, [&](const OptionValue& path) {
      ++kinds;
      content.kind = kind;
      content.path = parse_path(path, key, base);
      content.written = parse_text(path, key);
    });
  };
  read_path("file", ContentChoice::Kind::File);
  read_path("image", ContentChoice::Kind::Image);
  if (const auto fill = reader.take_integer("fill", 0, std::numeric_limits<std::uint8_t>::max())) {
    ++kinds;
    content.kind = ContentChoice::Kind::Fill;
    content.fill = static_cast<std::uint8_t>(*fill);
    content.written = fmt::format("bytes 0x{:02x}", *fill);
  }
  reader.refuse_rest();
  if (kinds != 1 && problems.empty()) {
    problems.add(content.location, fmt::format("{} needs one of file, image and fill", key));
  }
  problems.throw_if_any();
}

/// "u-boot.bin", or a table.
ContentChoice read_content(const OptionValue& value, std::string_view key, const PathBase& base) {
  ContentChoice content;
  content.location = value.location;
  if (const auto* table = std::get_if<OptionTable>(&value.data)) {
    read_content_table(*table, content, key, base);
  } else if (std::holds_alternative<std::string>(value.data)) {
    content.path = parse_path(value, key, base);
    content.written = parse_text(value, key);
  } else {
    throw wrong_type(value, key, "a file, { image = \"IMAGE[:PARTITION]\" } or { fill = 0 }");
  }
  return content;
}

DiskRange read_hole(const OptionValue& value, SpecProblems& problems) {
  TableReader reader(as_table(value, "holes"), "a hole", value.location, problems);
  for (const char* const key : {"offset", "size"}) reader.require(key);
  const DiskRange hole{.offset = reader.take_bytes("offset").value_or(0),
                       .size = reader.take_bytes("size").value_or(0)};
  reader.refuse_rest();
  return hole;
}

std::vector<DiskRange> read_holes(const OptionValue& value, SpecProblems& problems) {
  const auto* array = std::get_if<OptionValue::Array>(&value.data);
  if (array == nullptr) throw wrong_type(value, "holes", "a list of tables { offset = …, size = … }");
  std::vector<DiskRange> holes;
  for (const OptionValue& element : *array) {
    problems.collect(element.location, [&] { holes.push_back(read_hole(element, problems)); });
  }
  return holes;
}

DerivationChoice read_derivation(const OptionTable& table, const LocationPtr& location, SpecProblems& problems) {
  TableReader reader(table, "[partitions.derive]", location, problems);
  DerivationChoice derivation;
  reader.read_required("type", [&](const OptionValue& type) {
    derivation.format.type = parse_text(type, "type");
    derivation.format.location = type.location;
  });
  reader.read_required("from", [&](const OptionValue& from) {
    derivation.from = parse_text(from, "from");
    derivation.from_location = from.location;
  });
  derivation.format.options = reader.rest();
  return derivation;
}

/// What is in a partition: one of three, or nothing.
void read_bytes(PartitionChoice& partition, TableReader& reader, const PathBase& base) {
  SpecProblems& problems = reader.problems();
  int kinds = 0;
  LocationPtr location;
  if (const OptionTable* filesystem = reader.take_table("filesystem", location)) {
    partition.filesystem = read_filesystem(*filesystem, "[partitions.filesystem]", location, base, problems);
    ++kinds;
  }
  reader.read("content", [&](const OptionValue& content) {
    ++kinds;
    partition.content = read_content(content, "content", base);
  });
  if (const OptionTable* derivation = reader.take_table("derive", location)) {
    partition.derivation = read_derivation(*derivation, location, problems);
    ++kinds;
  }
  if (kinds <= 1) return;
  problems.add(partition.location, "a partition has one of content, [partitions.filesystem] and [partitions.derive]");
}

/// What only partitions of the table have.
void read_table_keys(PartitionChoice& partition, TableReader& reader) {
  reader.read_required("type", [&](const OptionValue& type) {
    partition.type_location = type.location;
    partition.type = read_partition_type(type);
  });
  reader.read("label", [&](const OptionValue& label) {
    partition.label_location = label.location;
    partition.label = parse_text(label, "label");
  });
  reader.read("uuid", [&](const OptionValue& uuid) {
    partition.uuid_location = uuid.location;
    partition.uuid = DeferredText(uuid, "uuid");
  });
  reader.read("holes", [&](const OptionValue& holes) {
    throw spec_error(holes.location, "holes are for payloads: set in_table = false, or leave them out");
  });
}

/// What only bytes that are not in the table have.
void read_payload_keys(PartitionChoice& partition, TableReader& reader) {
  for (const char* const key : {"type", "label", "uuid"}) {
    reader.read(key, [&](const OptionValue& value) {
      throw spec_error(value.location, "what is not in the table has no type, label or uuid");
    });
  }
  reader.read("holes", [&](const OptionValue& holes) { partition.holes = read_holes(holes, reader.problems()); });
}

/// Refuses what nobody can find the size of. Of a partition without any bytes the table may know it.
void check_size(const PartitionChoice& partition, SpecProblems& problems) {
  if (partition.size.kind != SizeChoice::Kind::Auto) return;
  if (partition.content && partition.content->kind == ContentChoice::Kind::Fill) {
    problems.add(partition.content->location, "what is filled needs a size, or \"remaining\"");
    return;
  }
  if (partition.in_table || partition.filesystem || partition.content || partition.derivation) return;
  problems.add(partition.location, "a payload without content needs a size");
}

PartitionChoice read_partition(const OptionValue& value, const PathBase& base, SpecProblems& problems) {
  TableReader reader(as_table(value, "partitions"), "[[partitions]]", value.location, problems);
  const std::size_t before = problems.size();
  PartitionChoice partition;
  partition.location = value.location;
  reader.read("name", [&](const OptionValue& name) {
    partition.name_location = name.location;
    partition.name = parse_text(name, "name");
  });
  partition.in_table = reader.take_boolean("in_table").value_or(true);
  partition.in_table ? read_table_keys(partition, reader) : read_payload_keys(partition, reader);
  partition.offset = reader.take_bytes("offset");
  partition.align = reader.take_bytes("align");
  partition.gap = reader.take_bytes("gap").value_or(0);
  reader.read("size", [&](const OptionValue& size) {
    partition.size_location = size.location;
    partition.size = parse_partition_size(size, "size");
  });
  read_bytes(partition, reader, base);
  if (partition.offset && partition.gap != 0) {
    problems.add(partition.location, "a gap has no meaning for a partition with an offset");
  }
  partition.options = reader.rest();
  if (!partition.in_table) reader.refuse_rest();
  // A size or content that couldn't be read is none that is missing.
  if (problems.size() == before) check_size(partition, problems);
  return partition;
}

/// "remaining" and shares of the disk need a disk that has a size.
void check_disk_share(const PartitionChoice& partition, const ImageChoice& image, bool& remaining,
                      SpecProblems& problems) {
  const bool is_remaining = partition.size.kind == SizeChoice::Kind::Remaining;
  if (is_remaining && std::exchange(remaining, true)) {
    problems.add(partition.size_location, "only one partition can have the size \"remaining\"");
  }
  if (image.size.kind != SizeChoice::Kind::Auto) return;
  if (partition.size.kind == SizeChoice::Kind::Percent) {
    problems.add(partition.size_location, "a share of the disk means nothing here: the image's size is \"auto\"");
  }
  if (is_remaining && !partition.filesystem) {
    problems.add(partition.size_location,
                 "\"remaining\" means nothing here: the image's size is \"auto\" and the partition has no file "
                 "system to measure; set a size for one of them");
  }
}

/// What is derived has to come from a partition before it.
void check_origin(const PartitionChoice& partition, const std::vector<PartitionChoice>& before,
                  SpecProblems& problems) {
  if (!partition.derivation || !partition.derivation->from_location) return;
  const DerivationChoice& derivation = *partition.derivation;
  const auto matches = std::ranges::count(before, derivation.from, &PartitionChoice::name);
  if (matches == 1) return;
  std::vector<std::string> names;
  names.reserve(before.size());
  for (const PartitionChoice& other : before) names.push_back(other.name);
  problems.add(derivation.from_location,
               matches == 0 ? fmt::format("no partition before this one has the name \"{}\"{}", derivation.from,
                                          did_you_mean(derivation.from, names))
                            : fmt::format("{} partitions have the name \"{}\"", matches, derivation.from));
}

/// 512 or 4096.
std::uint32_t read_sector_size(const OptionValue& value) {
  OptionInfo info;
  info.name = "sector_size";
  const std::int64_t size = detail::parse_integer(value, info);
  if (size != 512 && size != 4096) throw spec_error(value.location, "sector_size must be 512 or 4096");
  return static_cast<std::uint32_t>(size);
}

}  // namespace

ImageChoice read_image(const OptionTable& table, const LocationPtr& location, const PathBase& base,
                       SpecProblems& problems) {
  TableReader reader(table, "[image]", location, problems);
  ImageChoice image;
  reader.read_required("partition_table", [&](const OptionValue& type) {
    image.table.type = parse_text(type, "partition_table");
    image.table.location = type.location;
  });
  // A size that can't be read is some size: that it means nothing here is not to be said of others.
  bool has_bad_size = false;
  reader.read("size", [&](const OptionValue& size) {
    has_bad_size = true;
    image.size = parse_size_choice(size, "size");
    has_bad_size = false;
  });
  if (has_bad_size) image.size = {.kind = SizeChoice::Kind::Fixed, .bytes = 1};
  reader.read("sector_size", [&](const OptionValue& size) { image.sector_size = read_sector_size(size); });
  reader.read("boot_code", [&](const OptionValue& code) { image.boot_code = read_content(code, "boot_code", base); });
  image.table.options = reader.rest();
  return image;
}

std::vector<PartitionChoice> read_partitions(const OptionValue& value, const ImageChoice& image, const PathBase& base,
                                             SpecProblems& problems) {
  const auto* array = std::get_if<OptionValue::Array>(&value.data);
  if (array == nullptr) throw wrong_type(value, "partitions", "an array of tables ([[partitions]])");
  std::vector<PartitionChoice> partitions;
  bool remaining = false;
  for (const OptionValue& element : *array) {
    problems.collect(element.location, [&] {
      PartitionChoice partition = read_partition(element, base, problems);
      check_disk_share(partition, image, remaining, problems);
      check_origin(partition, partitions, problems);
      partitions.push_back(std::move(partition));
    });
  }
  return partitions;
}

}  // namespace fstool
