#include "conversion.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <memory>
#include <system_error>
#include <utility>

#include "disk_image.h"
#include "formats.h"
#include "fstool/error.h"
#include "fstool/registry.h"
#include "fstool/size.h"
#include "image_opener.h"
#include "image_reference.h"
#include "same_file.h"
#include "standard_input.h"
#include "table_repair.h"

namespace fstool {

namespace fs = std::filesystem;

namespace {

/// The keys of the options that choose formats.
constexpr std::string_view kContainerKey = "container";
constexpr std::string_view kCodecKey = "codec";

/// Bytes of the largest disk: files of the host have no more.
constexpr std::uint64_t kMaxDiskSize = std::numeric_limits<std::int64_t>::max();

/// Takes the entry `key` out of `options`; empty if there is none.
std::string take_choice(OptionTable& options, std::string_view key) {
  const auto found = std::ranges::find(options, key, &OptionEntry::key);
  if (found == options.end()) return {};
  OptionInfo info;
  info.name = key;
  std::string name = detail::parse_string(found->value, info);
  options.erase(found);
  if (std::ranges::find(options, key, &OptionEntry::key) != options.end()) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("the option {} is given twice", key));
  }
  return name;
}

bool knows(const FormatInfo& info, const std::string& key) {
  return std::ranges::find(info.options, key, &OptionInfo::name) != info.options.end();
}

/// The formats of the output. The options are one list: each belongs to the format that knows it.
class OutputChoice {
 public:
  OutputChoice(const fs::path& output, OptionTable options, const Registry& registry) : registry_(registry) {
    const OutputFormats ending = formats_for(registry, output);
    container_.type = take_choice(options, kContainerKey);
    codec_.type = take_choice(options, kCodecKey);
    // Who names the container means it as it is.
    if (codec_.type.empty() && container_.type.empty()) codec_.type = ending.codec;
    if (container_.type.empty()) container_.type = ending.container;
    share_out(std::move(options));
  }

  void make(Plan& plan) const {
    static const std::vector<std::string> no_other_keys;
    plan.container = create_format<Container>(registry_, container_, no_other_keys);
    plan.report.container = container_.type;
    if (codec_.type.empty()) return;
    plan.codec = create_format<Codec>(registry_, codec_, no_other_keys);
    plan.report.codec = codec_.type;
  }

 private:
  void share_out(OptionTable options) {
    const FormatInfo& container = registry_.get<Container>(container_.type).info;
    const FormatInfo* const codec = codec_.type.empty() ? nullptr : &registry_.get<Codec>(codec_.type).info;
    for (OptionEntry& entry : options) {
      if (knows(container, entry.key)) {
        container_.options.push_back(std::move(entry));
      } else if (codec != nullptr && knows(*codec, entry.key)) {
        codec_.options.push_back(std::move(entry));
      } else {
        refuse(entry, container, codec);
      }
    }
  }

  [[noreturn]] static void refuse(const OptionEntry& entry, const FormatInfo& container, const FormatInfo* codec) {
    std::vector<OptionInfo> known = container.options;
    if (codec != nullptr) known.insert(known.end(), codec->options.begin(), codec->options.end());
    known.emplace_back().name = kContainerKey;
    known.emplace_back().name = kCodecKey;
    detail::throw_unknown_option(entry, known);
  }

  const Registry& registry_;
  FormatChoice container_;
  FormatChoice codec_;
};

void refuse_device_onto_itself(const fs::path& source, const fs::path& output) {
  std::error_code error;
  if (fs::status(output, error).type() != fs::file_type::block || !is_same_file(source, output)) return;
  throw Error(ErrorCode::InvalidArgument, fmt::format("{} can't be converted onto itself", output.string()));
}

std::uint64_t new_size_of(const BlobPtr& disk, const NewSize& wanted) {
  const std::uint64_t size = disk->size();
  if (wanted.more) {
    if (wanted.bytes > kMaxDiskSize - std::min(size, kMaxDiskSize)) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("no disk is larger than {}", format_size(kMaxDiskSize)));
    }
    return size + wanted.bytes;
  }
  if (wanted.bytes >= size) return wanted.bytes;
  throw Error(ErrorCode::InvalidArgument,
              fmt::format("the disk has {} and can't shrink to {}: what lies at its end would be lost",
                          format_size(size), format_size(wanted.bytes)));
}

void grow(DiskImage& image, const NewSize& wanted, Context& context) {
  const std::uint64_t size = new_size_of(image.disk, wanted);
  if (!image.layout) {
    image.disk = make_padded_blob(image.disk, size);
    return;
  }
  const auto table = context.registry().get<PartitionTable>(image.layout->table).create({});
  with_context(
      [&] { return fmt::format("growing the {} partition table to {}", image.layout->table, format_size(size)); },
      [&] {
        image.disk = table->grow(image.disk, size, context);
        image.layout = table->open(*image.disk, context);
      });
}

/// Mends the table of an image that was opened without looking at it.
void repair_table(DiskImage& image, const FormatOverrides& overrides, Context& context) {
  const TableRepair repair = find_repair(*image.disk, overrides, context);
  image.disk = mended_disk(image.disk, repair);
  image.layout = context.registry().get<PartitionTable>(repair.table).create({})->open(*image.disk, context);
}

/// What of an opened image is converted: the disk with its table, or one partition.
void take_source(DiskImage image, const std::optional<std::string>& partition, const Conversion& conversion,
                 Context& context, Plan& plan) {
  if (partition) {
    image.disk = image.parts[choose_part(image, partition, context)].bytes;
    image.layout.reset();
  }
  if (conversion.repair_table) repair_table(image, conversion.overrides, context);
  if (conversion.new_size) grow(image, *conversion.new_size, context);
  plan.disk = image.disk;
  plan.report.virtual_size = image.disk->size();
  if (!image.layout) return;
  plan.report.table = image.layout->table;
  plan.report.disk_id = image.layout->disk_id;
  plan.report.sector_size = image.layout->sector_size;
  for (Partition& entry : image.layout->partitions) {
    plan.report.partitions.emplace_back().partition = std::move(entry);
  }
}

}  // namespace

NewSize parse_new_size(const std::string& text) {
  const bool more = text.starts_with('+');
  const std::optional<Bytes> size = parse_size(more ? text.substr(1) : text);
  if (!size) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("\"{}\" is not a size: write it as in 20GiB, or +5GiB to add to what there is", text));
  }
  return {size->value, more};
}

Plan plan_conversion(const Conversion& conversion, Context& context) {
  const auto start = std::chrono::steady_clock::now();
  Plan plan;
  OutputChoice(conversion.output, conversion.options, context.registry()).make(plan);
  if (conversion.source == kStandardInput) {
    DiskImage image = open_disk_image(open_standard_input(context), "standard input", conversion.overrides, context);
    take_source(std::move(image), std::nullopt, conversion, context, plan);
  } else {
    const std::optional<ImageReference> reference = find_image_reference(conversion.source);
    if (!reference) throw Error(ErrorCode::NotFound, fmt::format("{} does not exist", conversion.source));
    refuse_device_onto_itself(reference->file, conversion.output);
    FormatOverrides overrides = conversion.overrides;
    if (conversion.repair_table) overrides.partition_table = kNoPartitionTable;
    DiskImage image = open_disk_image(reference->file, overrides, context, reference->snapshot.value_or(""));
    with_context([&] { return fmt::format("opening {}", conversion.source); },
                 [&] { take_source(std::move(image), reference->partition, conversion, context, plan); });
  }
  plan.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return plan;
}

}  // namespace fstool
