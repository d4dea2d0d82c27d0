#include "settings.h"

#include <fmt/format.h>

#include <charconv>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "diagnostics.h"
#include "environment.h"
#include "fstool/options.h"
#include "json_listener.h"
#include "source_date_epoch.h"
#include "terminal_listener.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

enum class ProgressStyle { Auto, Always, Never, Json };

/// The value that the option `name` chooses. Throws UsageError.
template <class Value>
Value choice(const ParsedOptions& options, const std::string& name,
             std::initializer_list<std::pair<const char*, Value>> values) {
  const std::string text = options.text(name);
  std::vector<std::string> names;
  for (const auto& [known, value] : values) {
    if (known == text) return value;
    names.emplace_back(known);
  }
  throw UsageError(options.command(), fmt::format("--{} {}: expected one of {}{}", name, text, fmt::join(names, ", "),
                                                  did_you_mean(text, names)));
}

ProgressStyle progress_style(const ParsedOptions& options) {
  if (!options.has("progress")) return options.has("quiet") ? ProgressStyle::Never : ProgressStyle::Auto;
  return choice<ProgressStyle>(options, "progress",
                               {{"auto", ProgressStyle::Auto},
                                {"always", ProgressStyle::Always},
                                {"never", ProgressStyle::Never},
                                {"json", ProgressStyle::Json}});
}

std::shared_ptr<ProgressListener> make_listener(const ParsedOptions& options) {
  const LogLevel level = log_level(options);
  const ProgressStyle style = progress_style(options);
  if (style == ProgressStyle::Json) return std::make_shared<JsonListener>(level);
  const bool draws = style == ProgressStyle::Always || (style == ProgressStyle::Auto && standard_error_is_terminal());
  return std::make_shared<TerminalListener>(level, draws);
}

}  // namespace

void add_threads_option(po::options_description& options) {
  options.add_options()("threads", po::value<std::string>()->value_name("N"),
                        "Use N threads instead of one for each processor");
}

void add_progress_options(po::options_description& options) {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  options.add_options()("progress", text("auto|always|never|json"),
                        "Show how far the work is; auto: on a terminal; json: for\nprograms, one object a line on "
                        "standard error")(
      "log-level", text("error|warning|info|debug"),
      "How much to tell on standard error; info: what each step\ntook. The default is warning");
}

void add_verbose_option(po::options_description& options) {
  options.add_options()("verbose,v", "The same as --log-level info");
}

LogLevel log_level(const ParsedOptions& options) {
  if (options.has("quiet")) return LogLevel::Error;
  if (!options.has("log-level")) return options.has("verbose") ? LogLevel::Info : LogLevel::Warning;
  return choice<LogLevel>(options, "log-level",
                          {{"error", LogLevel::Error},
                           {"warning", LogLevel::Warning},
                           {"info", LogLevel::Info},
                           {"debug", LogLevel::Debug}});
}

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
  settings.listener = make_listener(options);
  settings.strict = options.has("strict");
  return settings;
}

}  // namespace fstool
