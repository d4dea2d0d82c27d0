#include "spec.h"

#include <fmt/format.h>

#include <algorithm>

#include "fstool/blob.h"
#include "spec_disk.h"
#include "spec_entries.h"
#include "spec_toml.h"
#include "tree_digest.h"

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

void read_disk(Spec& spec, TableReader& reader, const std::filesystem::path& directory) {
  LocationPtr location;
  const OptionTable* image = reader.take_table("image", location);
  const OptionValue* partitions = reader.take("partitions");
  if (image != nullptr) spec.image = read_image(*image, location, directory);
  if (partitions == nullptr && image == nullptr) return;
  if (image == nullptr) {
    throw spec_error(partitions->location, "[[partitions]] needs an [image] with a partition_table");
  }
  if (partitions != nullptr) spec.partitions = read_partitions(*partitions, *spec.image, directory);
  if (spec.partitions.empty()) throw spec_error(location, "[image] needs at least one [[partitions]]");
}

/// Equal for specs that mean the same: it leaves out comments and the order of keys.
std::string identity_of(const OptionTable& table, const std::filesystem::path& directory) {
  Digest digest;
  digest.add(table);
  digest.add(std::string_view(std::filesystem::absolute(directory).lexically_normal().native()));
  return digest.finish().uuid("spec").to_string();
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
  if (const OptionValue* entries = reader.take("entries")) filesystem.entries = read_entries(*entries, directory);
  const OptionValue* nested = reader.take("options");

  OptionTable bound;
  for (OptionEntry& entry : merge_options(reader.rest(), nested)) {
    if (entry.key == "size") {
      filesystem.size = parse_size_choice(entry.value, "size");
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
  if (const OptionTable* container = reader.take_table("container", location)) {
    spec.container = read_format_choice(*container, "[container]", location);
  }
  if (const OptionTable* codec = reader.take_table("codec", location)) {
    spec.codec = read_format_choice(*codec, "[codec]", location);
  }
  if (const OptionTable* filesystem = reader.take_table("filesystem", location)) {
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
  Spec spec = read_spec(table, file.string(), file.parent_path());
  spec.identity = identity_of(table, file.parent_path());
  spec.files = {file};
  return spec;
}

}  // namespace fstool
