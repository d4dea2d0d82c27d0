#include "reading.h"

#include <fmt/format.h>

#include <utility>

#include "diagnostics.h"
#include "settings.h"

namespace fstool {

namespace po = boost::program_options;

void add_format_option(po::options_description& options) {
  options.add_options()(
      "format", po::value<std::string>()->value_name("NAME[,…]"),
      "Take codec of the stream, container, partition table (or\n\"none\") and file system for what NAME "
      "says instead of\nlooking: raw,ext4; zstd,qcow2");
}

void add_reading_options(po::options_description& options) {
  add_format_option(options);
  options.add_options()("strict", "Fail on damage that could be read around, instead of\nwarning")("quiet,q",
                                                                                                   "Print no warnings");
}

int for_each_path(const std::vector<std::string>& paths, const std::function<void(const std::string& path)>& work) {
  int exit_code = kExitSuccess;
  for (const std::string& path : paths) {
    try {
      work(path);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::Cancelled || error.code() == ErrorCode::Internal) throw;
      print_error(error.what());
      exit_code = kExitFailure;
    }
  }
  return exit_code;
}

Reading::Reading(const ParsedOptions& options) : Reading(options, context_settings(options)) {}

Reading::Reading(const ParsedOptions& options, Context::Settings settings) : session_(open_session(options)) {
  if (!options.has("quiet")) warn_about_refused_plugins(session_);
  if (options.has("format")) {
    overrides_ = read_argument(options.command(),
                               [&] { return parse_format_overrides(options.text("format"), session_.registry); });
  }
  context_ = std::make_unique<Context>(session_.registry, std::move(settings));
}

}  // namespace fstool
