#include "disk_image.h"

#include <fmt/format.h>

#include <utility>

#include "foreign_formats.h"
#include "format_probe.h"
#include "fstool/error.h"
#include "fstool/partition_layout.h"
#include "fstool/registry.h"
#include "fstool/size.h"

namespace fstool {

namespace {

/// Finds the compressed stream around the container, if there is one.
void open_stream(DiskImage& image, const std::filesystem::path& name, const FormatOverrides& overrides,
                 Context& context) {
  if (std::optional<ImageStream> stream = open_image_stream(image.uncompressed, name, overrides, context)) {
    image.stream = std::move(stream->facts);
    image.uncompressed = std::move(stream->bytes);
  }
  image.disk = image.uncompressed;
}

/// Finds the container around the disk, if there is one.
void open_container(DiskImage& image, const std::string& name, std::string_view snapshot, Context& context) {
  auto container = choose_format<Container>(context.registry(), name, *image.disk);
  if (!container) {
    refuse_foreign_format(*image.disk);
    if (snapshot.empty()) return;
    throw Error(ErrorCode::NotFound,
                fmt::format("there is no snapshot \"{}\": the file is no container that a plugin knows (they know: {})",
                            snapshot, format_names<Container>(context.registry())));
  }
  image.container = std::move(container->name);
  with_context([&] { return fmt::format("as a {} image", image.container); },
               [&] {
                 image.disk = container->format->open({image.disk, image.file}, snapshot, context);
               });
}

void read_layout(DiskImage& image, const std::string& name, Context& context) {
  if (name == kNoPartitionTable) return;
  const auto table = choose_format<PartitionTable>(context.registry(), name, *image.disk);
  if (!table) return;
  with_context([&] { return fmt::format("reading its {} partition table", table->name); },
               [&] { image.layout = table->format->open(*image.disk, context); });
}

/// All from the bytes of the file on; `name` is for messages.
void open_layers(DiskImage& image, const std::filesystem::path& name, const FormatOverrides& overrides,
                 std::string_view snapshot, Context& context) {
  with_context([&] { return fmt::format("opening {}", name.string()); },
               [&] {
                 open_stream(image, name, overrides, context);
                 open_container(image, overrides.container, snapshot, context);
                 read_layout(image, overrides.partition_table, context);
                 find_parts(image, overrides, context.registry());
               });
}

DiskPart make_part(const DiskImage& image, const Partition& partition) {
  const std::uint64_t disk_size = image.disk->size();
  if (partition.offset > disk_size || partition.size > disk_size - partition.offset) {
    throw Error(ErrorCode::Corrupt, fmt::format("{} reaches beyond the end of the disk: the image may be cut off",
                                                partition_label(partition.number, partition.name)));
  }
  return {
      .partition = partition, .bytes = make_slice_blob(image.disk, partition.offset, partition.size), .filesystem = {}};
}

/// What there is in place of a file system.
Error no_filesystem(const DiskPart& part, const Registry& registry) {
  const std::string known = format_names<Filesystem>(registry);
  if (holds_partitions(part)) return Error(ErrorCode::Unsupported, "it holds other partitions and no file system");
  if (part.partition) {
    return Error(ErrorCode::Unsupported, fmt::format("no file system that a plugin knows (they know: {})", known));
  }
  if (part.bytes->size() == 0) return Error(ErrorCode::Unsupported, "it is empty");
  return Error(ErrorCode::Unsupported,
               fmt::format("neither a file system nor a partition table that a plugin knows (they know: {}; {})", known,
                           format_names<PartitionTable>(registry)));
}

/// Calls `work` with the file system's format; errors say which part and which format they come from.
template <class Work>
auto with_filesystem(const DiskPart& part, Context& context, Work&& work) {
  const auto name_part = [&] { return partition_label(part.partition->number, part.partition->name); };
  const auto name_format = [&] { return part.filesystem; };
  const auto open = [&] {
    const Registry& registry = context.registry();
    if (part.filesystem.empty()) throw no_filesystem(part, registry);
    return with_context(name_format, [&] { return work(*registry.get<Filesystem>(part.filesystem).create({})); });
  };
  return part.partition ? with_context(name_part, open) : open();
}

}  // namespace

DiskImage open_disk_image(const std::filesystem::path& file, const FormatOverrides& overrides, Context& context,
                          std::string_view snapshot) {
  DiskImage image;
  image.file = file;
  context.note_input(file);
  image.uncompressed = open_file_blob(file);
  open_layers(image, file, overrides, snapshot, context);
  return image;
}

DiskImage open_disk_image(BlobPtr bytes, const std::string& name, const FormatOverrides& overrides, Context& context) {
  DiskImage image;
  image.uncompressed = std::move(bytes);
  open_layers(image, name, overrides, {}, context);
  return image;
}

bool holds_partitions(const DiskPart& part) { return part.partition && part.partition->holds_partitions; }

void find_parts(DiskImage& image, const FormatOverrides& overrides, const Registry& registry) {
  if (image.layout) {
    for (const Partition& partition : image.layout->partitions) image.parts.push_back(make_part(image, partition));
  } else {
    image.parts.push_back({.partition = std::nullopt, .bytes = image.disk, .filesystem = overrides.filesystem});
  }
  for (DiskPart& part : image.parts) {
    if (!part.filesystem.empty() || holds_partitions(part)) continue;
    if (auto filesystem = recognize<Filesystem>(registry, *part.bytes)) part.filesystem = std::move(filesystem->name);
  }
}

Volume open_volume(const DiskPart& part, const OpenScope& scope, Context& context) {
  return with_filesystem(part, context,
                         [&](Filesystem& filesystem) { return filesystem.open(part.bytes, scope, context); });
}

VolumeFacts inspect_volume(const DiskPart& part, Context& context) {
  return with_filesystem(part, context,
                         [&](Filesystem& filesystem) { return filesystem.inspect(part.bytes, context); });
}

std::optional<VolumeUsage> volume_usage(const DiskPart& part, std::size_t largest_files, Context& context) {
  return with_filesystem(part, context,
                         [&](Filesystem& filesystem) { return filesystem.usage(part.bytes, largest_files, context); });
}

std::string describe_parts(const DiskImage& image) {
  std::string text;
  for (const DiskPart& part : image.parts) {
    if (!part.partition) continue;
    const Partition& partition = *part.partition;
    text +=
        fmt::format("\n  {}: {}, {}", partition_label(partition.number, partition.name),
                    partition.type_name.empty() ? partition.type : partition.type_name, format_size(partition.size));
    if (holds_partitions(part)) continue;
    text += part.filesystem.empty() ? ", no file system that a plugin knows" : ", " + part.filesystem;
  }
  return text;
}

}  // namespace fstool
