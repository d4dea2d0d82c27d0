#include "build.h"

#include <fmt/format.h>
#include <link.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "file_stamp.h"
#include "fstool/error.h"
#include "inputs/depfile.h"
#include "inputs/input_collector.h"
#include "inputs/input_record.h"
#include "report_json.h"
#include "reuse/piece_store.h"
#include "settings.h"
#include "signals.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

OutputFile::Sync sync_option(const ParsedOptions& options) {
  if (options.has("sync")) return OutputFile::Sync::Always;
  return options.has("no-sync") ? OutputFile::Sync::Never : OutputFile::Sync::Replacing;
}

using MakePlan = std::function<Plan(const std::filesystem::path& output, Context& context)>;

bool writes_standard_output(const ParsedOptions& options) {
  return options.text("output") == "-" && !options.has("plan");
}

/// What is recorded of the plugins is what they are.
void add_plugins(InputCollector& inputs, const Session& session) {
  for (const PluginRecord& plugin : session.plugins) {
    if (plugin.status == PluginStatus::Loaded) inputs.add(plugin.path, InputUse::Content);
  }
}

std::string stamp_text(const std::filesystem::path& file) {
  const FileStamp stamp = stamp_of(file);
  return fmt::format("{}:{}:{}", file.string(), stamp.size, stamp.modified_at);
}

/// Of the libraries that are loaded: what a codec makes depends on the version of its library.
std::string library_stamps() {
  std::vector<std::filesystem::path> files;
  ::dl_iterate_phdr(
      [](dl_phdr_info* library, std::size_t /*size*/, void* paths) {
        static_cast<std::vector<std::filesystem::path>*>(paths)->emplace_back(library->dlpi_name);
        return 0;
      },
      &files);
  std::string stamps;
  for (const std::filesystem::path& file : files) {
    std::error_code error;  // the program itself and the kernel's own have no name
    if (std::filesystem::is_regular_file(file, error)) stamps += " " + stamp_text(file);
  }
  return stamps;
}

/// A plugin in the making keeps its version.
std::string plugin_stamps(const Session& session) {
  std::string stamps;
  for (const PluginRecord& plugin : session.plugins) {
    if (plugin.status != PluginStatus::Loaded) continue;
    stamps += fmt::format(" {}", stamp_text(plugin.path));
  }
  return stamps + library_stamps();
}

std::vector<std::string> dependencies_of(const InputRecord& record, const BuildSubject& subject) {
  std::vector<std::string> paths;
  for (const std::filesystem::path& file : subject.files) paths.push_back(file.string());
  for (const RecordedInput& recorded : record.inputs) {
    for (const InputState& state : recorded.states) paths.push_back(state.path);
  }
  return paths;
}

/// True if the output is what it was made to be, of inputs that have not changed since.
bool is_up_to_date(const ParsedOptions& options, const BuildSubject& subject, const std::string& request,
                   Context& context) {
  const std::filesystem::path output = options.text("output");
  std::optional<InputRecord> record = load_record(output);
  if (!record) return false;
  const Freshness freshness = compare(*record, request, context);
  if (freshness == Freshness::Changed) return false;
  if (freshness == Freshness::Touched) {
    try {
      save_record(*record, output);
    } catch (const Error& error) {
      context.warn(fmt::format("the next run reads its sources again: {}", error.what()));
    }
  }
  if (options.has("depfile")) write_depfile(options.text("depfile"), output, dependencies_of(*record, subject));
  return true;
}

/// The output is good even if what it was made of changed meanwhile; then the next run makes it again.
void record_inputs(InputCollector& inputs, const std::string& request, const OutputReport& output, Context& context) {
  try {
    save_record(inputs.record(request, output.outcome, context), output.path);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::Cancelled) throw;
    context.warn(fmt::format("the next run builds again: {}", error.what()));
  }
}

/// The same for what the next run can take from the output.
void save_pieces(PieceStore& pieces, const OutputOutcome& outcome, Context& context) {
  try {
    pieces.save(outcome);
  } catch (const Error& error) {
    context.warn(fmt::format("the next run can take nothing from this one: {}", error.what()));
  }
}

/// Plans and writes; nothing if there was nothing to do. The progress line is gone when this returns.
std::optional<Report> run(const MakePlan& make_plan, const BuildSubject& subject, const ParsedOptions& options,
                          const Session& session) {
  InputCollector inputs(options.has("if-changed"));
  Context::Settings settings = context_settings(options);
  settings.cancelled = &handle_signals();
  const bool records = options.has("if-changed") || options.has("depfile");
  if (records) {
    settings.input_listener = [&](const std::filesystem::path& path, InputUse use) { inputs.add(path, use); };
  }
  const std::string request = request_of(options, subject, session);
  std::optional<PieceStore> pieces;
  if (options.has("incremental")) {
    pieces.emplace(options.text("output"), request + plugin_stamps(session));
    settings.earlier_output = &*pieces;
  }
  Context context(session.registry, std::move(settings));
  if (options.has("if-changed") && is_up_to_date(options, subject, request, context)) return std::nullopt;

  for (const std::filesystem::path& file : subject.files) inputs.add_dependency(file);
  if (records) add_plugins(inputs, session);
  const std::filesystem::path output = options.text("output");
  const Plan plan = make_plan(output, context);
  if (options.has("plan")) return plan.report;
  Report report = write_plan(plan, output, {.force = options.has("force"), .sync = sync_option(options)}, context);
  if (pieces) {
    report.output->pieces = pieces->counts();
    save_pieces(*pieces, report.output->outcome, context);
  }
  if (options.has("if-changed")) record_inputs(inputs, request, *report.output, context);
  if (options.has("depfile")) write_depfile(options.text("depfile"), output, inputs.dependencies());
  return report;
}

void print_unchanged(const ParsedOptions& options) {
  const std::string output = options.text("output");
  if (options.has("json")) {
    print(unchanged_json(output));
  } else if (!options.has("quiet")) {
    print_lines(fmt::format("{}: nothing has changed since it was made\n", output));
  }
}

/// Only a file has a place for a record beside it, and a state to be compared.
void check_record_options(const ParsedOptions& options) {
  for (const char* name : {"depfile", "if-changed", "incremental"}) {
    if (!options.has(name)) continue;
    if (options.has("plan"))
      throw UsageError(options.command(), fmt::format("--{} and --plan exclude each other", name));
    if (options.text("output") == "-") {
      throw UsageError(options.command(),
                       fmt::format("--{} and an output to standard output exclude each other", name));
    }
  }
  std::error_code error;
  for (const char* name : {"if-changed", "incremental"}) {
    if (options.has(name) && std::filesystem::is_block_file(options.text("output"), error)) {
      throw UsageError(options.command(), fmt::format("--{} needs an output that is a file", name));
    }
  }
}

}  // namespace

void add_build_options(po::options_description& options) {
  options.add_options()(
      "output,o", po::value<std::string>()->value_name("FILE"),
      "Write the image to FILE, or \"-\" for standard output; its\nending chooses the container if nothing else does")(
      "plan", "Show what would be built, and write nothing")("json", "Report in JSON")("quiet,q", "Print only errors");
  add_progress_options(options);
  add_verbose_option(options);
  add_threads_option(options);
  options.add_options()("strict", "Fail on damage of an image that could be read around,\ninstead of warning")(
      "force,f", "Allow a block device as the output")(
      "sync", "Wait until the image is on stable storage even if it\nreplaces no other one")(
      "no-sync", "Never wait until the image is on stable storage");
}

void add_record_options(po::options_description& options) {
  options.add_options()(
      "if-changed", "Do nothing if FILE is what it was made to be and nothing\nthat it was made of has changed since")(
      "incremental",
      "Take what is the same from the FILE that is replaced, and\nkeep a record beside it for the next time")(
      "depfile", po::value<std::string>()->value_name("FILE"),
      "Write a rule for Make and Ninja to FILE that names all that\nwas read");
}

void check_build_options(const ParsedOptions& options) {
  thread_count(options);
  check_record_options(options);
  if (options.has("sync") && options.has("no-sync"))
    throw UsageError(options.command(), "--sync and --no-sync exclude each other");
  if (!options.has("plan")) options.required("output", "the output (-o FILE)");
  if (options.has("json") && writes_standard_output(options)) {
    throw UsageError(options.command(), "--json and an output to standard output exclude each other");
  }
}

Session open_build_session(const ParsedOptions& options) {
  Session session = open_session(options);
  tell_about_plugins(session, log_level(options));
  return session;
}

void build(const MakePlan& make_plan, const BuildSubject& subject, const ParsedOptions& options,
           const Session& session) {
  const std::optional<Report> report = run(make_plan, subject, options, session);
  if (!report) return print_unchanged(options);
  if (options.has("json")) {
    print(report_json(*report));
  } else if (options.has("plan")) {
    print_lines(describe_plan(*report));
  } else if (!options.has("quiet") && !writes_standard_output(options)) {
    print_lines(summary_line(*report) + "\n" + describe_values(*report));
  }
}

namespace {

bool reads_standard_input(const FilesystemChoice& filesystem) {
  return std::ranges::any_of(filesystem.sources, &SourceChoice::is_standard_input);
}

bool reads_standard_input(const Spec& spec) {
  if (spec.filesystem && reads_standard_input(*spec.filesystem)) return true;
  return std::ranges::any_of(spec.partitions, [](const PartitionChoice& partition) {
    return partition.filesystem && reads_standard_input(*partition.filesystem);
  });
}

}  // namespace

void check_sources(const Spec& spec, const ParsedOptions& options) {
  if (!options.has("if-changed") || !reads_standard_input(spec)) return;
  throw UsageError(options.command(), "--if-changed and standard input exclude each other");
}

void build(const Spec& spec, const ParsedOptions& options, const Session& session) {
  check_sources(spec, options);
  build([&](const std::filesystem::path& output, Context& context) { return make_plan(spec, output, context); },
        {.identity = spec.identity, .files = spec.files}, options, session);
}

}  // namespace fstool
