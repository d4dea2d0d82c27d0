#include "build.h"

#include <fmt/format.h>

#include <charconv>

#include "environment.h"
#include "pipeline.h"
#include "report_json.h"
#include "signals.h"
#include "source_date_epoch.h"
#include "terminal_listener.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

/// 0: one for each processor.
unsigned thread_count(const ParsedOptions& options) {
  if (!options.has("threads")) return 0;
  constexpr unsigned kMaxThreads = 1024;
  const std::string text = options.text("threads");
  unsigned threads = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), threads);
  if (error != std::errc() || stop != text.data() + text.size() || threads < 1 || threads > kMaxThreads) {
    throw UsageError(options.command(), fmt::format("--threads {}: expected a number from 1 to {}", text, kMaxThreads));
  }
  return threads;
}

Context::Settings context_settings(const ParsedOptions& options) {
  const std::optional<std::string> epoch = environment_variable("SOURCE_DATE_EPOCH");
  Context::Settings settings;
  settings.threads = thread_count(options);
  settings.source_date_epoch = parse_source_date_epoch(epoch ? epoch->c_str() : nullptr);
  settings.listener = std::make_shared<TerminalListener>(options.has("quiet"));
  settings.cancelled = &handle_signals();
  settings.strict = options.has("strict");
  return settings;
}

/// Plans and writes. The progress line is gone when this returns.
Report run(const Spec& spec, const ParsedOptions& options, const Session& session) {
  Context context(session.registry, context_settings(options));
  const std::filesystem::path output = options.text("output");
  const Plan plan = make_plan(spec, output, context);
  if (options.has("plan")) return plan.report;
  return write_plan(plan, output, {.force = options.has("force"), .sync = !options.has("no-sync")}, context);
}

}  // namespace

void add_build_options(po::options_description& options) {
  options.add_options()("output,o", po::value<std::string>()->value_name("FILE"),
                        "Write the image to FILE; its ending chooses the container\nif nothing else does")(
      "plan", "Show what would be built, and write nothing")("json", "Report in JSON")("quiet,q", "Print only errors")(
      "threads", po::value<std::string>()->value_name("N"), "Use N threads instead of one for each processor")(
      "strict", "Fail on damage of an image that could be read around,\ninstead of warning")(
      "force,f", "Allow a block device as the output")("no-sync", "Don't wait until the image is on stable storage");
}

void check_build_options(const ParsedOptions& options) {
  thread_count(options);
  if (!options.has("plan")) options.required("output", "the output (-o FILE)");
}

Session open_build_session(const ParsedOptions& options) {
  Session session = open_session(options.texts("plugin-dir"));
  if (!options.has("quiet")) warn_about_refused_plugins(session);
  return session;
}

void build(const Spec& spec, const ParsedOptions& options, const Session& session) {
  const Report report = run(spec, options, session);
  if (options.has("json")) {
    print(report_json(report));
  } else if (options.has("plan")) {
    print(describe_plan(report));
  } else if (!options.has("quiet")) {
    print(summary_line(report) + "\n");
  }
}

}  // namespace fstool
