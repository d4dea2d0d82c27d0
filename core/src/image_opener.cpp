#include "image_opener.h"

#include <fmt/format.h>

#include <charconv>
#include <functional>
#include <utility>
#include <vector>

#include "format_probe.h"
#include "fstool/error.h"

namespace fstool {

namespace {

using Indices = std::vector<std::size_t>;

/// The parts for which `matches` is true.
Indices parts_where(const DiskImage& image, const std::function<bool(const DiskPart&)>& matches) {
  Indices indices;
  for (std::size_t i = 0; i < image.parts.size(); ++i) {
    if (matches(image.parts[i])) indices.push_back(i);
  }
  return indices;
}

std::optional<std::uint32_t> parse_number(const std::string& text) {
  std::uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

/// The label of a part's file system; empty if it has none or can't be read: then it is not the one that is looked for.
std::string label_of(const DiskPart& part, Context& context) {
  if (part.filesystem.empty()) return {};
  try {
    return inspect_volume(part, context).label;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::Corrupt && error.code() != ErrorCode::Unsupported) throw;
    return {};
  }
}

std::size_t choose_named(const DiskImage& image, const std::string& name, Context& context) {
  Indices found;
  if (const std::optional<std::uint32_t> number = parse_number(name)) {
    found = parts_where(image, [&](const DiskPart& part) { return part.partition->number == *number; });
  }
  if (found.empty()) found = parts_where(image, [&](const DiskPart& part) { return part.partition->name == name; });
  if (found.empty()) found = parts_where(image, [&](const DiskPart& part) { return label_of(part, context) == name; });
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    throw Error(ErrorCode::NotFound,
                fmt::format("there is no partition \"{}\"; there are:{}", name, describe_parts(image)));
  }
  throw Error(
      ErrorCode::InvalidArgument,
      fmt::format("{} partitions are called \"{}\": choose one by its number, as in {}:{}{}", found.size(), name,
                  image.file.string(), image.parts[found.front()].partition->number, describe_parts(image)));
}

std::size_t choose_only(const DiskImage& image, const Registry& registry) {
  if (image.parts.size() == 1) return 0;
  const Indices found = parts_where(image, [](const DiskPart& part) { return !part.filesystem.empty(); });
  if (found.size() == 1) return found.front();
  if (found.empty()) {
    throw Error(ErrorCode::NotFound, fmt::format("no partition has a file system that a plugin knows (they know: {}){}",
                                                 format_names<Filesystem>(registry), describe_parts(image)));
  }
  throw Error(ErrorCode::InvalidArgument,
              fmt::format("{} partitions have file systems: choose one, as in {}:{}{}", found.size(),
                          image.file.string(), image.parts[found.front()].partition->number, describe_parts(image)));
}

OpenedImage open_part(DiskImage image, const std::string& name, const std::optional<std::string>& partition,
                      Context& context) {
  OpenedImage opened;
  opened.image = std::move(image);
  with_context([&] { return fmt::format("opening {}", name); },
               [&] {
                 opened.part = choose_part(opened.image, partition, context);
                 opened.volume = open_volume(opened.image.parts[opened.part], {}, context);
               });
  return opened;
}

}  // namespace

std::size_t choose_part(const DiskImage& image, const std::optional<std::string>& partition, Context& context) {
  if (!image.layout) {
    if (!partition) return 0;
    throw Error(ErrorCode::NotFound, fmt::format("there is no partition \"{}\": the disk has no partition table (the "
                                                 "plugins know: {})",
                                                 *partition, format_names<PartitionTable>(context.registry())));
  }
  if (image.parts.empty()) {
    throw Error(ErrorCode::NotFound, fmt::format("the {} partition table has no partitions", image.layout->table));
  }
  return partition ? choose_named(image, *partition, context) : choose_only(image, context.registry());
}

std::size_t choose_filesystem(DiskImage& image, const std::optional<std::string>& partition,
                              const FormatOverrides& overrides, Context& context) {
  const std::size_t part = choose_part(image, partition, context);
  if (!overrides.filesystem.empty()) image.parts[part].filesystem = overrides.filesystem;
  return part;
}

OpenedImage open_image(const ImageReference& reference, Context& context) {
  return open_part(open_disk_image(reference.file, {}, context, reference.snapshot.value_or("")), reference.text(),
                   reference.partition, context);
}

OpenedImage open_image(BlobPtr bytes, const std::string& name, Context& context) {
  return open_part(open_disk_image(std::move(bytes), name, {}, context), name, std::nullopt, context);
}

bool is_of_image(const Error& error) {
  return error.code() == ErrorCode::Corrupt || error.code() == ErrorCode::Unsupported;
}

}  // namespace fstool
