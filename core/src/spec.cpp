#include "spec.h"

#include <fmt/format.h>

#include <algorithm>

#include "fstool/blob.h"
#include "spec_toml.h"

namespace fstool {

namespace {

/// Twice what a disk of 128 partitions needs, and small enough that hostile text can't keep the parser busy: it takes
/// quadratic time where a table has many entries.
constexpr std::uint64_t kMaxSpecBytes = 64 * 1024;

/// The options of every file system that OptionSet can bind; `size` and `free` have more than one type.
struct GenericOptions {
  std::optional<std::int64_t> mtime;
  RootDevices rootdevs = RootDevices::None;
};

const OptionSet<GenericOptions>& generic_options() {
  static const auto set =
      OptionSet<GenericOptions>()
          .add("mtime", &GenericOptions::mtime, "Modification time of every node, in seconds since 1970.")
          .add("rootdevs", &GenericOptions::rootdevs, "Device nodes to add to /dev; names that exist are kept.",
               choices<RootDevices>({{"none", RootDevices::None},
                                     {"minimal", RootDevices::Minimal},
                                     {"standard", RootDevices::Standard}}));
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
OptionTable merge_options(OptionTable flat, const OptionValue* nested) {
  if (nested == nullptr) return flat;
  for (const OptionEntry& entry : as_table(*nested, "options")) {
    const auto same_key = [&](const OptionEntry& other) { return other.key == entry.key; };
    if (std::ranges::any_of(flat, same_key)) detail::throw_repeated_option(entry);
    flat.push_back(entry);
  }
  return flat;
}

/// The value at `key`, which has to be a table, or null.
const OptionTable* take_table(TableReader& reader, std::string_view key, LocationPtr& location) {
  const OptionValue* value = reader.take(key);
  if (value == nullptr) return nullptr;
  location = value->location;
  return &as_table(*value, key);
}

ImageChoice read_image(const OptionTable& table, const LocationPtr& location) {
  TableReader reader(table, "[image]", location);
  const OptionValue& type = reader.require("partition_table");
  ImageChoice image;
  image.table.type = parse_text(type, "partition_table");
  image.table.location = type.location;
  if (const OptionValue* size = reader.take("size")) image.size = parse_size_choice(*size, "size", false);
  if (const OptionValue* sector_size = reader.take("sector_size")) {
    const auto* number = std::get_if<std::int64_t>(&sector_size->data);
    if (number == nullptr || (*number != 512 && *number != 4096)) {
      throw spec_error(sector_size->location, "sector_size must be 512 or 4096");
    }
    image.sector_size = static_cast<std::uint32_t>(*number);
  }
  image.table.options = reader.rest();
  return image;
}

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

PartitionChoice read_partition(const OptionValue& value, const std::filesystem::path& directory) {
  TableReader reader(as_table(value, "partitions"), "[[partitions]]", value.location);
  PartitionChoice partition;
  partition.location = value.location;
  partition.name = reader.take_text("name").value_or("");
  partition.type = read_partition_type(reader.require("type"));
  partition.offset = reader.take_bytes("offset");
  const OptionValue* size = reader.take("size");
  LocationPtr location;
  if (const OptionTable* filesystem = take_table(reader, "filesystem", location)) {
    partition.filesystem = read_filesystem(*filesystem, "[partitions.filesystem]", location, directory);
  }
  reader.refuse_rest();

  if (size != nullptr) partition.size = parse_size_choice(*size, "size", true);
  if (partition.size.kind == SizeChoice::Kind::Auto && !partition.filesystem) {
    throw spec_error(size != nullptr ? size->location : value.location,
                     "a partition without a file system needs a size, or \"remaining\"");
  }
  return partition;
}

std::vector<PartitionChoice> read_partitions(const OptionValue& value, const ImageChoice& image,
                                             const std::filesystem::path& directory) {
  const auto* array = std::get_if<OptionValue::Array>(&value.data);
  if (array == nullptr) throw wrong_type(value, "partitions", "an array of tables ([[partitions]])");
  std::vector<PartitionChoice> partitions;
  bool remaining = false;
  for (const OptionValue& element : *array) {
    PartitionChoice partition = read_partition(element, directory);
    if (partition.size.kind == SizeChoice::Kind::Remaining) {
      if (remaining) throw spec_error(partition.location, "only one partition can have the size \"remaining\"");
      remaining = true;
      if (image.size.kind == SizeChoice::Kind::Auto && !partition.filesystem) {
        throw spec_error(partition.location,
                         "\"remaining\" means nothing here: the image's size is \"auto\" and the partition has no file "
                         "system to measure; set a size for one of them");
      }
    }
    partitions.push_back(std::move(partition));
  }
  return partitions;
}

void read_disk(Spec& spec, TableReader& reader, const std::filesystem::path& directory) {
  LocationPtr location;
  const OptionTable* image = take_table(reader, "image", location);
  const OptionValue* partitions = reader.take("partitions");
  if (image != nullptr) spec.image = read_image(*image, location);
  if (partitions == nullptr && image == nullptr) return;
  if (image == nullptr) {
    throw spec_error(partitions->location, "[[partitions]] needs an [image] with a partition_table");
  }
  if (partitions != nullptr) spec.partitions = read_partitions(*partitions, *spec.image, directory);
  if (spec.partitions.empty()) throw spec_error(location, "[image] needs at least one [[partitions]]");
}

}  // namespace

const std::vector<OptionInfo>& generic_filesystem_options() {
  static const std::vector<OptionInfo> infos = [] {
    std::vector<OptionInfo> all = generic_options().infos();
    all.push_back(
        option_info("free", "size or percentage", "Free space to leave in a file system whose size is \"auto\".", "0"));
    all.push_back(option_info("size", "size", "Size of the file system, or \"auto\": as small as possible.", "auto"));
    return all;
  }();
  return infos;
}

FilesystemChoice read_filesystem(const OptionTable& table, const std::string& name, const LocationPtr& location,
                                 const std::filesystem::path& directory) {
  TableReader reader(table, name, location);
  FilesystemChoice filesystem;
  const OptionValue& type = reader.require("type");
  filesystem.format.type = parse_text(type, "type");
  filesystem.format.location = type.location;
  if (const OptionValue* source = reader.take("source")) {
    filesystem.source = parse_source_choice(*source, directory);
  }
  const OptionValue* nested = reader.take("options");

  OptionTable bound;
  for (OptionEntry& entry : merge_options(reader.rest(), nested)) {
    if (entry.key == "size") {
      filesystem.size = parse_size_choice(entry.value, "size", false);
    } else if (entry.key == "free") {
      filesystem.free = parse_headroom(entry.value, "free");
    } else {
      (is_generic_option(entry.key) ? bound : filesystem.format.options).push_back(std::move(entry));
    }
  }
  const GenericOptions generic = generic_options().parse(bound);
  filesystem.mtime = generic.mtime;
  filesystem.rootdevs = generic.rootdevs;
  return filesystem;
}

Spec read_spec(const OptionTable& table, const std::string& file, const std::filesystem::path& directory) {
  SpecLocation start;
  start.file = file;
  const auto whole = std::make_shared<const SpecLocation>(std::move(start));
  TableReader reader(table, "the spec", whole);
  Spec spec;
  spec.seed = reader.take_text("seed");
  LocationPtr location;
  if (const OptionTable* container = take_table(reader, "container", location)) {
    spec.container = read_format_choice(*container, "[container]", location);
  }
  if (const OptionTable* codec = take_table(reader, "codec", location)) {
    spec.codec = read_format_choice(*codec, "[codec]", location);
  }
  if (const OptionTable* filesystem = take_table(reader, "filesystem", location)) {
    spec.filesystem = read_filesystem(*filesystem, "[filesystem]", location, directory);
  }
  read_disk(spec, reader, directory);
  reader.refuse_rest();

  if (spec.filesystem && spec.image) {
    throw spec_error(location,
                     "[filesystem] makes a bare file system and can't be combined with [image] and "
                     "[[partitions]]: put it into a partition as [partitions.filesystem]");
  }
  if (!spec.filesystem && !spec.image) {
    throw spec_error(whole, "nothing to build: add a [filesystem], or an [image] with [[partitions]]");
  }
  return spec;
}

Spec load_spec(const std::filesystem::path& file, const Variables& variables) {
  const BlobPtr blob = open_file_blob(file);
  const std::vector<std::byte> bytes =
      with_context([&] { return file.string() + " as a spec"; }, [&] { return read_all(*blob, kMaxSpecBytes); });
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  OptionTable table = parse_toml(text, file.string());
  variables.expand(table);
  return read_spec(table, file.string(), file.parent_path());
}

}  // namespace fstool
