#include "settings.h"

#include <fmt/format.h>

#include <charconv>
#include <memory>

#include "environment.h"
#include "source_date_epoch.h"
#include "terminal_listener.h"

namespace fstool {

namespace po = boost::program_options;

void add_threads_option(po::options_description& options) {
  options.add_options()("threads", po::value<std::string>()->value_name("N"),
                        "Use N threads instead of one for each processor");
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
  settings.listener = std::make_shared<TerminalListener>(options.has("quiet"));
  settings.strict = options.has("strict");
  return settings;
}

}  // namespace fstool
