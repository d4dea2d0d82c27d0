#include "pipeline.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "deferred_text.h"
#include "disk_planner.h"
#include "formats.h"
#include "fstool/error.h"
#include "fstool/registry.h"
#include "raw_content.h"
#include "source_loader.h"
#include "spec_keys.h"
#include "table_check.h"
#include "tree_digest.h"

namespace fstool {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// The keys of a file system's table that its plugin does not see.
std::vector<std::string> filesystem_keys() {
  std::vector<std::string> keys = spec_key_names("filesystem");
  for (const OptionInfo& info : generic_filesystem_options()) keys.push_back(info.name);
  return keys;
}

/// A spec on its way to a plan: first every format is made, then the sources are loaded, then all is laid out.
class Planner {
 public:
  Planner(const Spec& spec, const std::filesystem::path& output, Context& context, SpecProblems problems)
      : spec_(spec),
        output_(output),
        context_(context),
        problems_(std::move(problems)),
        values_(std::make_shared<DeferredValues>()),
        sources_(context, output, *values_) {
    plan_.values = values_;
  }

  Plan plan() {
    create_formats();
    problems_.throw_if_any();
    load_trees();
    const Seed seed = spec_.seed ? Seed(*spec_.seed) : derive_seed();
    if (spec_.filesystem) {
      plan_volume(seed);
    } else {
      plan_partitions(seed);
    }
    plan_.report.virtual_size = plan_.disk->size();
    return std::move(plan_);
  }

 private:
  // --- Formats ------------------------------------------------------------------------------------------------------

  void create_formats() {
    create_container();
    if (spec_.filesystem) volume_ = create_volume(*spec_.filesystem);
    if (spec_.image) create_disk(*spec_.image);
    if (problems_.empty()) check_references();
  }

  /// Refuses names of values that no derivation gives. Without all derivations it is not known which there are.
  void check_references() {
    for (const PartitionChoice& partition : spec_.partitions) {
      problems_.collect(partition.uuid_location, [&] { partition.uuid.to_blob(*values_); });
      if (partition.filesystem) check_references(*partition.filesystem);
    }
    if (spec_.filesystem) check_references(*spec_.filesystem);
  }

  void check_references(const FilesystemChoice& choice) {
    for (const EntryChoice& entry : choice.entries) {
      problems_.collect(entry.location, [&] { entry.content.to_blob(*values_); });
    }
  }

  void create_container() {
    const Registry& registry = context_.registry();
    const OutputFormats ending = formats_for(registry, output_);
    const FormatChoice container =
        spec_.container.value_or(FormatChoice{.type = ending.container, .location = nullptr, .options = {}});
    static const std::vector<std::string> type_key = {"type"};
    plan_.container = create_format<Container>(registry, container, type_key, problems_);
    plan_.report.container = container.type;
    std::optional<FormatChoice> codec = spec_.codec;
    // A spec that names the container means it as it says.
    if (!codec && !spec_.container && !ending.codec.empty()) {
      codec = {.type = ending.codec, .location = nullptr, .options = {}};
    }
    if (!codec) return;
    plan_.codec = create_format<Codec>(registry, *codec, type_key, problems_);
    plan_.report.codec = codec->type;
  }

  void create_disk(const ImageChoice& image) {
    static const std::vector<std::string> image_keys = spec_key_names("image");
    disk_.table = create_format<PartitionTable>(context_.registry(), image.table, image_keys, problems_);
    if (image.boot_code) disk_.boot_code = open(*image.boot_code);
    for (const PartitionChoice& partition : spec_.partitions) disk_.partitions.push_back(create_partition(partition));
    if (disk_.table) check_table(spec_, disk_, *values_, context_, problems_);
  }

  PartitionJob create_partition(const PartitionChoice& partition) {
    PartitionJob job;
    if (partition.filesystem) job.volume = create_volume(*partition.filesystem);
    if (partition.content) job.content = open(*partition.content);
    if (partition.derivation) create_derivation(*partition.derivation, job);
    return job;
  }

  BlobPtr open(const ContentChoice& choice) {
    BlobPtr content;
    problems_.collect(choice.location, [&] { content = open_content(choice, output_, context_); });
    return content;
  }

  VolumeJob create_volume(const FilesystemChoice& choice) {
    static const std::vector<std::string> keys = filesystem_keys();
    VolumeJob job;
    job.choice = &choice;
    job.filesystem = create_format<Filesystem>(context_.registry(), choice.format, keys, problems_);
    sources_.check(choice, problems_);
    return job;
  }

  void create_derivation(const DerivationChoice& choice, PartitionJob& job) {
    static const std::vector<std::string> keys = spec_key_names("partitions.derive");
    job.derivation = create_format<Derivation>(context_.registry(), choice.format, keys, problems_);
    if (!job.derivation) return;
    const auto origin = std::ranges::find(spec_.partitions, choice.from, &PartitionChoice::name);
    job.origin = static_cast<std::size_t>(origin - spec_.partitions.begin());
    for (const ValueShape& shape : job.derivation->value_shapes()) {
      problems_.collect(choice.from_location, [&] {
        values_->declare(deferred_name(choice, shape.name), shape.length, choice.from_location);
      });
    }
  }

  void load_trees() {
    load_tree(volume_);
    for (PartitionJob& job : disk_.partitions) load_tree(job.volume);
  }

  void load_tree(VolumeJob& job) {
    if (job.choice != nullptr) {
      LoadedTree loaded = sources_.load(*job.choice);
      job.tree = std::move(loaded.tree);
      job.descriptions = std::move(loaded.descriptions);
    }
    context_.check_cancelled();
  }

  // --- The seed of a spec that gives none ---------------------------------------------------------------------------

  /// Equal trees built the same way get equal identifiers, on any host.
  Seed derive_seed() const {
    Digest digest;
    if (spec_.image) {
      digest.add(std::string_view(spec_.image->table.type));
      digest.add(spec_.image->table.options);
      digest.add(spec_.image->size.bytes);
      digest.add(std::uint64_t{spec_.image->sector_size});
    }
    for (const PartitionChoice& partition : spec_.partitions) add(digest, partition);
    add(digest, volume_);
    for (const PartitionJob& job : disk_.partitions) {
      add(digest, job.volume);
      if (job.content) digest.add(job.content->size());
    }
    return digest.finish();
  }

  static void add(Digest& digest, const PartitionChoice& partition) {
    digest.add(std::string_view(partition.name));
    digest.add(std::string_view(partition.type));
    digest.add(static_cast<std::uint64_t>(partition.size.kind));
    digest.add(partition.size.bytes);
    digest.add(partition.offset.value_or(0));
    digest.add(partition.options);
    if (!partition.derivation) return;
    digest.add(std::string_view(partition.derivation->format.type));
    digest.add(std::string_view(partition.derivation->from));
    digest.add(partition.derivation->format.options);
  }

  static void add(Digest& digest, const VolumeJob& job) {
    if (job.choice == nullptr) return;
    digest.add(std::string_view(job.choice->format.type));
    digest.add(job.choice->format.options);
    digest.add(job.choice->size ? job.choice->size->bytes : std::uint64_t{0});
    digest.add(job.choice->free.bytes);
    digest.add(std::uint64_t{job.choice->free.percent});
    for (const EntryChoice& entry : job.choice->entries) digest.add(std::string_view(entry.content.written()));
    digest.add(*job.tree);
  }

  // --- The layout ---------------------------------------------------------------------------------------------------

  static VolumeReport volume_report(const VolumeJob& job, VolumeFacts facts) {
    VolumeReport report{.source = written_text(job.choice->sources), .sources = {}, .facts = std::move(facts)};
    for (std::size_t i = 0; i < job.choice->sources.size(); ++i) {
      report.sources.push_back({job.choice->sources[i].written, job.descriptions[i]});
    }
    return report;
  }

  void plan_volume(const Seed& seed) {
    const FilesystemChoice& choice = *volume_.choice;
    const bool fixed = choice.size && choice.size->kind == SizeChoice::Kind::Fixed;
    const FormatRequest request{.size = size_request(choice, fixed ? std::optional(choice.size->bytes) : std::nullopt),
                                .seed = seed.derive("file system")};
    const auto describe = [&] { return fmt::format("building the {} file system", choice.format.type); };
    FormattedVolume volume =
        with_context(describe, [&] { return volume_.filesystem->format(volume_.tree, request, context_); });
    if (fixed) with_context(describe, [&] { require_headroom(choice, volume.facts); });
    plan_.disk = std::move(volume.image);
    plan_.report.volume = volume_report(volume_, std::move(volume.facts));
  }

  void plan_partitions(const Seed& seed) {
    PlannedDisk planned = plan_disk(spec_, disk_, seed, *values_, context_);
    plan_.disk = std::move(planned.disk);
    plan_.report.table = planned.layout.table;
    plan_.report.disk_id = planned.layout.disk_id;
    plan_.report.sector_size = planned.layout.sector_size;
    for (std::size_t i = 0; i < planned.layout.partitions.size(); ++i) {
      PartitionReport& entry = plan_.report.partitions.emplace_back();
      entry.partition = planned.layout.partitions[i];
      if (i >= spec_.partitions.size()) continue;
      const PartitionChoice& choice = spec_.partitions[i];
      if (planned.facts[i]) entry.volume = volume_report(disk_.partitions[i].volume, *std::move(planned.facts[i]));
      if (choice.content) entry.content = choice.content->written;
      if (!choice.derivation) continue;
      entry.derivation = {.type = choice.derivation->format.type,
                          .from = choice.derivation->from,
                          .values = std::move(planned.values[i])};
    }
  }

  const Spec& spec_;
  const std::filesystem::path& output_;
  Context& context_;
  SpecProblems problems_;
  std::shared_ptr<DeferredValues> values_;
  SourceLoader sources_;
  VolumeJob volume_;  ///< of a bare file system
  DiskJob disk_;      ///< of a disk
  Plan plan_;
};

}  // namespace

Plan make_plan(const Spec& spec, const std::filesystem::path& output, Context& context, SpecProblems problems) {
  const Clock::time_point start = Clock::now();
  Plan plan = Planner(spec, output, context, std::move(problems)).plan();
  plan.seconds = seconds_since(start);
  return plan;
}

Report write_plan(const Plan& plan, const std::filesystem::path& output, OutputFile::Options options,
                  Context& context) {
  const Clock::time_point start = Clock::now();
  OutputFile file(output, options);
  if (file.is_stream() && !plan.container->writes_streams()) {
    throw Error(ErrorCode::InvalidArgument,
                fmt::format("a {} image can't be written to standard output, since what is at its start is known last; "
                            "write it to a file",
                            plan.report.container));
  }
  with_context([&] { return fmt::format("writing {}", file.target().string()); },
               [&] {
                 plan.container->write(*plan.disk, file, plan.codec.get(), context);
                 context.check_cancelled();
                 file.commit();
               });

  Report report = plan.report;
  OutputReport& written = report.output.emplace();
  written.path = output;
  written.companions = file.companion_targets();
  written.outcome = OutputOutcome::of(file);
  written.seconds = plan.seconds + seconds_since(start);
  written.file_size = file.bytes_written();
  if (file.is_stream()) return report;
  struct stat status {};
  if (::stat(output.c_str(), &status) != 0) throw system_error(output.string(), errno);
  if (!S_ISREG(status.st_mode)) return report;
  constexpr std::uint64_t kStatBlockBytes = 512;
  written.file_size = static_cast<std::uint64_t>(status.st_size);
  written.allocated_size = static_cast<std::uint64_t>(status.st_blocks) * kStatBlockBytes;
  return report;
}

}  // namespace fstool
