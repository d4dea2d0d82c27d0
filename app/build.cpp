#include "build.h"

#include "report_json.h"
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

/// Plans and writes. The progress line is gone when this returns.
Report run(const MakePlan& make_plan, const ParsedOptions& options, const Session& session) {
  Context::Settings settings = context_settings(options);
  settings.cancelled = &handle_signals();
  Context context(session.registry, std::move(settings));
  const std::filesystem::path output = options.text("output");
  const Plan plan = make_plan(output, context);
  if (options.has("plan")) return plan.report;
  return write_plan(plan, output, {.force = options.has("force"), .sync = sync_option(options)}, context);
}

}  // namespace

void add_build_options(po::options_description& options) {
  options.add_options()(
      "output,o", po::value<std::string>()->value_name("FILE"),
      "Write the image to FILE, or \"-\" for standard output; its\nending chooses the container if nothing else does")(
      "plan", "Show what would be built, and write nothing")("json", "Report in JSON")("quiet,q", "Print only errors");
  add_threads_option(options);
  options.add_options()("strict", "Fail on damage of an image that could be read around,\ninstead of warning")(
      "force,f", "Allow a block device as the output")(
      "sync", "Wait until the image is on stable storage even if it\nreplaces no other one")(
      "no-sync", "Never wait until the image is on stable storage");
}

void check_build_options(const ParsedOptions& options) {
  thread_count(options);
  if (options.has("sync") && options.has("no-sync"))
    throw UsageError(options.command(), "--sync and --no-sync exclude each other");
  if (!options.has("plan")) options.required("output", "the output (-o FILE)");
  if (options.has("json") && writes_standard_output(options)) {
    throw UsageError(options.command(), "--json and an output to standard output exclude each other");
  }
}

Session open_build_session(const ParsedOptions& options) {
  Session session = open_session(options);
  if (!options.has("quiet")) warn_about_refused_plugins(session);
  return session;
}

void build(const MakePlan& make_plan, const ParsedOptions& options, const Session& session) {
  const Report report = run(make_plan, options, session);
  if (options.has("json")) {
    print(report_json(report));
  } else if (options.has("plan")) {
    print(describe_plan(report));
  } else if (!options.has("quiet") && !writes_standard_output(options)) {
    print(summary_line(report) + "\n" + describe_values(report));
  }
}

void build(const Spec& spec, const ParsedOptions& options, const Session& session) {
  build([&](const std::filesystem::path& output, Context& context) { return make_plan(spec, output, context); },
        options, session);
}

}  // namespace fstool
