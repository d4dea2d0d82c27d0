#include "pipeline.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>

#include "disk_planner.h"
#include "formats.h"
#include "fstool/error.h"
#include "fstool/registry.h"
#include "source_loader.h"
#include "tree_digest.h"

namespace fstool {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// The keys of a file system's table that its plugin does not see.
std::vector<std::string> filesystem_keys() {
  std::vector<std::string> keys = {"type", "source", "options"};
  for (const OptionInfo& info : generic_filesystem_options()) keys.push_back(info.name);
  return keys;
}

/// A spec on its way to a plan: first every format is made, then the sources are loaded, then all is laid out.
class Planner {
 public:
  Planner(const Spec& spec, const std::filesystem::path& output, Context& context)
      : spec_(spec), output_(output), context_(context), sources_(context, output) {}

  Plan plan() {
    create_formats();
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
  void create_formats() {
    const Registry& registry = context_.registry();
    const OutputFormats ending = formats_for(registry, output_);
    const FormatChoice container =
        spec_.container.value_or(FormatChoice{.type = ending.container, .location = nullptr, .options = {}});
    static const std::vector<std::string> type_key = {"type"};
    plan_.container = create_format<Container>(registry, container, type_key);
    plan_.report.container = container.type;
    std::optional<FormatChoice> codec = spec_.codec;
    // A spec that names the container means it as it says.
    if (!codec && !spec_.container && !ending.codec.empty()) {
      codec = {.type = ending.codec, .location = nullptr, .options = {}};
    }
    if (codec) {
      plan_.codec = create_format<Codec>(registry, *codec, type_key);
      plan_.report.codec = codec->type;
    }
    if (spec_.image) {
      static const std::vector<std::string> image_keys = {"partition_table", "size", "sector_size"};
      table_ = create_format<PartitionTable>(registry, spec_.image->table, image_keys);
    }
    if (spec_.filesystem) add_volume(&*spec_.filesystem);
    for (const PartitionChoice& partition : spec_.partitions) {
      add_volume(partition.filesystem ? &*partition.filesystem : nullptr);
    }
  }

  void add_volume(const FilesystemChoice* choice) {
    VolumeJob& job = volumes_.emplace_back();
    if (choice == nullptr) return;
    static const std::vector<std::string> keys = filesystem_keys();
    job.choice = choice;
    job.filesystem = create_format<Filesystem>(context_.registry(), choice->format, keys);
    sources_.check(*choice);
  }

  void load_trees() {
    for (VolumeJob& job : volumes_) {
      if (job.choice != nullptr) job.tree = sources_.load(*job.choice);
      context_.check_cancelled();
    }
  }

  /// The seed of a spec that gives none: equal trees built the same way get equal identifiers, on any host.
  Seed derive_seed() const {
    Digest digest;
    if (spec_.image) {
      digest.add(std::string_view(spec_.image->table.type));
      digest.add(spec_.image->table.options);
      digest.add(spec_.image->size.bytes);
      digest.add(std::uint64_t{spec_.image->sector_size});
    }
    for (const PartitionChoice& partition : spec_.partitions) {
      digest.add(std::string_view(partition.name));
      digest.add(std::string_view(partition.type));
      digest.add(static_cast<std::uint64_t>(partition.size.kind));
      digest.add(partition.size.bytes);
      digest.add(partition.offset.value_or(0));
    }
    for (const VolumeJob& job : volumes_) {
      if (job.choice == nullptr) continue;
      digest.add(std::string_view(job.choice->format.type));
      digest.add(job.choice->format.options);
      digest.add(job.choice->size ? job.choice->size->bytes : std::uint64_t{0});
      digest.add(job.choice->free.bytes);
      digest.add(std::uint64_t{job.choice->free.percent});
      digest.add(*job.tree);
    }
    return digest.finish();
  }

  VolumeReport volume_report(const VolumeJob& job, VolumeFacts facts) const {
    return {.source = job.choice->source ? job.choice->source->written : "", .facts = std::move(facts)};
  }

  void plan_volume(const Seed& seed) {
    const VolumeJob& job = volumes_.front();
    const bool fixed = job.choice->size && job.choice->size->kind == SizeChoice::Kind::Fixed;
    const FormatRequest request{
        .size = size_request(*job.choice, fixed ? std::optional(job.choice->size->bytes) : std::nullopt),
        .seed = seed.derive("file system")};
    const auto describe = [&] { return fmt::format("building the {} file system", job.choice->format.type); };
    FormattedVolume volume =
        with_context(describe, [&] { return job.filesystem->format(job.tree, request, context_); });
    if (fixed) with_context(describe, [&] { require_headroom(*job.choice, volume.facts); });
    plan_.disk = std::move(volume.image);
    plan_.report.volume = volume_report(job, std::move(volume.facts));
  }

  void plan_partitions(const Seed& seed) {
    PlannedDisk planned = plan_disk(spec_, *table_, volumes_, seed, context_);
    plan_.disk = std::move(planned.disk);
    plan_.report.table = planned.layout.table;
    plan_.report.disk_id = planned.layout.disk_id;
    plan_.report.sector_size = planned.layout.sector_size;
    for (std::size_t i = 0; i < planned.layout.partitions.size(); ++i) {
      PartitionReport& entry = plan_.report.partitions.emplace_back();
      entry.partition = planned.layout.partitions[i];
      if (planned.facts[i]) entry.volume = volume_report(volumes_[i], *std::move(planned.facts[i]));
    }
  }

  const Spec& spec_;
  const std::filesystem::path& output_;
  Context& context_;
  SourceLoader sources_;
  std::unique_ptr<PartitionTable> table_;
  std::vector<VolumeJob> volumes_;  ///< one for a bare file system, else one for each partition
  Plan plan_;
};

}  // namespace

Plan make_plan(const Spec& spec, const std::filesystem::path& output, Context& context) {
  const Clock::time_point start = Clock::now();
  Plan plan = Planner(spec, output, context).plan();
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
