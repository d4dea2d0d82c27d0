#include "spec_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

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

/// "u-boot.bin", { image = "disk.img:2" } or { fill = 0xff }.
ContentChoice read_content(const OptionValue& value, std::string_view key, const std::filesystem::path& directory) {
  ContentChoice content;
  content.location = value.location;
  const auto set_path = [&](const OptionValue& path) {
    content.path = parse_path(path, key, directory);
    content.written = parse_text(path, key);
  };
  const auto* table = std::get_if<OptionTable>(&value.data);
  if (table == nullptr) {
    if (!std::holds_alternative<std::string>(value.data)) {
      throw wrong_type(value, key, "a file, { image = \"IMAGE[:PARTITION]\" } or { fill = 0 }");
    }
    set_path(value);
    return content;
  }
  TableReader reader(*table, std::string(key), value.location);
  const OptionValue* file = reader.take("file");
  const OptionValue* image = reader.take("image");
  const auto fill = reader.take_integer("fill", 0, std::numeric_limits<std::uint8_t>::max());
  reader.refuse_rest();
  if ((file != nullptr ? 1 : 0) + (image != nullptr ? 1 : 0) + (fill ? 1 : 0) != 1) {
    throw spec_error(value.location, fmt::format("{} needs one of file, image and fill", key));
  }
  if (fill) {
    content.kind = ContentChoice::Kind::Fill;
    content.fill = static_cast<std::uint8_t>(*fill);
    content.written = fmt::format("bytes 0x{:02x}", *fill);
  } else {
    content.kind = image != nullptr ? ContentChoice::Kind::Image : ContentChoice::Kind::File;
    set_path(image != nullptr ? *image : *file);
  }
  return content;
}

std::vector<DiskRange> read_holes(const OptionValue& value) {
  const auto* array = std::get_if<OptionValue::Array>(&value.data);
  if (array == nullptr) throw wrong_type(value, "holes", "a list of tables { offset = …, size = … }");
  std::vector<DiskRange> holes;
  for (const OptionValue& element : *array) {
    TableReader reader(as_table(element, "holes"), "a hole", element.location);
    reader.require("offset");
    reader.require("size");
    holes.push_back({reader.take_bytes("offset").value_or(0), reader.take_bytes("size").value_or(0)});
    reader.refuse_rest();
  }
  return holes;
}

DerivationChoice read_derivation(const OptionTable& table, const LocationPtr& location) {
  TableReader reader(table, "[partitions.derive]", location);
  DerivationChoice derivation;
  const OptionValue& type = reader.require("type");
  derivation.format.type = parse_text(type, "type");
  derivation.format.location = type.location;
  const OptionValue& from = reader.require("from");
  derivation.from = parse_text(from, "from");
  derivation.from_location = from.location;
  derivation.format.options = reader.rest();
  return derivation;
}

/// What is in a partition: one of three, or nothing.
void read_bytes(PartitionChoice& partition, TableReader& reader, const std::filesystem::path& directory) {
  int kinds = 0;
  LocationPtr location;
  if (const OptionTable* filesystem = reader.take_table("filesystem", location)) {
    partition.filesystem = read_filesystem(*filesystem, "[partitions.filesystem]", location, directory);
    ++kinds;
  }
  if (const OptionValue* content = reader.take("content")) {
    partition.content = read_content(*content, "content", directory);
    ++kinds;
  }
  if (const OptionTable* derivation = reader.take_table("derive", location)) {
    partition.derivation = read_derivation(*derivation, location);
    ++kinds;
  }
  if (kinds <= 1) return;
  throw spec_error(partition.location,
                   "a partition has one of content, [partitions.filesystem] and [partitions.derive]");
}

/// What only partitions of the table have, or only what is not in it.
void read_table_keys(PartitionChoice& partition, TableReader& reader) {
  partition.in_table = reader.take_boolean("in_table").value_or(true);
  const OptionValue* type = reader.take("type");
  const OptionValue* label = reader.take("label");
  const OptionValue* uuid = reader.take("uuid");
  const OptionValue* holes = reader.take("holes");
  if (partition.in_table) {
    if (holes != nullptr) {
      throw spec_error(holes->location, "holes are for payloads: set in_table = false, or leave them out");
    }
    partition.type = read_partition_type(reader.require("type"));
    if (label != nullptr) partition.label = parse_text(*label, "label");
    if (uuid != nullptr) partition.uuid = DeferredText(*uuid, "uuid");
    return;
  }
  for (const OptionValue* value : {type, label, uuid}) {
    if (value == nullptr) continue;
    throw spec_error(value->location, "what is not in the table has no type, label or uuid");
  }
  if (holes != nullptr) partition.holes = read_holes(*holes);
}

/// Refuses what nobody can find the size of. Of a partition without any bytes the table may know it.
void check_size(const PartitionChoice& partition) {
  if (partition.size.kind != SizeChoice::Kind::Auto) return;
  if (partition.content && partition.content->kind == ContentChoice::Kind::Fill) {
    throw spec_error(partition.content->location, "what is filled needs a size, or \"remaining\"");
  }
  if (partition.in_table || partition.filesystem || partition.content) return;
  throw spec_error(partition.location, "a payload without content needs a size");
}

PartitionChoice read_partition(const OptionValue& value, const std::filesystem::path& directory) {
  TableReader reader(as_table(value, "partitions"), "[[partitions]]", value.location);
  PartitionChoice partition;
  partition.location = value.location;
  partition.name = reader.take_text("name").value_or("");
  read_table_keys(partition, reader);
  partition.offset = reader.take_bytes("offset");
  partition.align = reader.take_bytes("align");
  partition.gap = reader.take_bytes("gap").value_or(0);
  if (const OptionValue* size = reader.take("size")) partition.size = parse_partition_size(*size, "size");
  read_bytes(partition, reader, directory);
  check_size(partition);
  if (partition.offset && partition.gap != 0) {
    throw spec_error(partition.location, "a gap has no meaning for a partition with an offset");
  }
  partition.options = reader.rest();
  if (!partition.in_table) reader.refuse_rest();
  return partition;
}

/// "remaining" and shares of the disk need a disk that has a size.
void check_disk_share(const PartitionChoice& partition, const ImageChoice& image, bool& remaining) {
  const bool is_remaining = partition.size.kind == SizeChoice::Kind::Remaining;
  if (is_remaining && std::exchange(remaining, true)) {
    throw spec_error(partition.location, "only one partition can have the size \"remaining\"");
  }
  if (image.size.kind != SizeChoice::Kind::Auto) return;
  if (partition.size.kind == SizeChoice::Kind::Percent) {
    throw spec_error(partition.location, "a share of the disk means nothing here: the image's size is \"auto\"");
  }
  if (is_remaining && !partition.filesystem) {
    throw spec_error(partition.location,
                     "\"remaining\" means nothing here: the image's size is \"auto\" and the partition has no file "
                     "system to measure; set a size for one of them");
  }
}

/// What is derived has to come from a partition before it.
void check_origin(const PartitionChoice& partition, const std::vector<PartitionChoice>& before) {
  if (!partition.derivation) return;
  const DerivationChoice& derivation = *partition.derivation;
  const auto matches = std::ranges::count(before, derivation.from, &PartitionChoice::name);
  if (matches == 1) return;
  std::vector<std::string> names;
  for (const PartitionChoice& other : before) names.push_back(other.name);
  throw spec_error(derivation.from_location,
                   matches == 0 ? fmt::format("no partition before this one has the name \"{}\"{}", derivation.from,
                                              did_you_mean(derivation.from, names))
                                : fmt::format("{} partitions have the name \"{}\"", matches, derivation.from));
}

}  // namespace

ImageChoice read_image(const OptionTable& table, const LocationPtr& location, const std::filesystem::path& directory) {
  TableReader reader(table, "[image]", location);
  const OptionValue& type = reader.require("partition_table");
  ImageChoice image;
  image.table.type = parse_text(type, "partition_table");
  image.table.location = type.location;
  if (const OptionValue* size = reader.take("size")) image.size = parse_size_choice(*size, "size");
  if (const OptionValue* sector_size = reader.take("sector_size")) {
    const auto* number = std::get_if<std::int64_t>(&sector_size->data);
    if (number == nullptr || (*number != 512 && *number != 4096)) {
      throw spec_error(sector_size->location, "sector_size must be 512 or 4096");
    }
    image.sector_size = static_cast<std::uint32_t>(*number);
  }
  if (const OptionValue* code = reader.take("boot_code")) image.boot_code = read_content(*code, "boot_code", directory);
  image.table.options = reader.rest();
  return image;
}

std::vector<PartitionChoice> read_partitions(const OptionValue& value, const ImageChoice& image,
                                             const std::filesystem::path& directory) {
  const auto* array = std::get_if<OptionValue::Array>(&value.data);
  if (array == nullptr) throw wrong_type(value, "partitions", "an array of tables ([[partitions]])");
  std::vector<PartitionChoice> partitions;
  bool remaining = false;
  for (const OptionValue& element : *array) {
    PartitionChoice partition = read_partition(element, directory);
    check_disk_share(partition, image, remaining);
    check_origin(partition, partitions);
    partitions.push_back(std::move(partition));
  }
  return partitions;
}

const std::vector<std::string>& partition_keys() {
  static const std::vector<std::string> keys = {"name",  "type",  "size", "offset",     "align",   "gap",   "in_table",
                                                "holes", "label", "uuid", "filesystem", "content", "derive"};
  return keys;
}

}  // namespace fstool
