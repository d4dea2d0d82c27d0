#include "build_request.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "environment.h"
#include "tree_digest.h"

namespace fstool {

namespace {

/// Options that say how work is done and reported, and not what comes out. Plugins count by what they are, wherever
/// they were found.
constexpr std::array<std::string_view, 15> kWithoutInfluence = {
    "depfile", "force", "if-changed", "incremental", "json",    "log-level", "no-sync",   "output",
    "plan",    "quiet", "progress",   "sync",        "threads", "verbose",   "plugin-dir"};

void add_options(Digest& digest, const ParsedOptions& options) {
  digest.add(std::string_view(options.command()));
  for (const auto& [name, values] : options.all()) {
    if (std::ranges::find(kWithoutInfluence, name) != kWithoutInfluence.end()) continue;
    digest.add(std::string_view(name));
    digest.add(std::uint64_t{values.size()});
    for (const std::string& value : values) digest.add(std::string_view(value));
  }
  // Its ending chooses formats.
  digest.add(std::string_view(options.text("output")));
}

void add_plugins(Digest& digest, const Session& session) {
  for (const PluginRecord& plugin : session.plugins) {
    if (plugin.status != PluginStatus::Loaded) continue;
    digest.add(std::string_view(plugin.name));
    digest.add(std::string_view(plugin.version));
  }
}

}  // namespace

std::string request_of(const ParsedOptions& options, const BuildSubject& subject, const Session& session) {
  Digest digest;
  digest.add(std::string_view(FSTOOL_VERSION));
  add_options(digest, options);
  digest.add(std::string_view(subject.identity));
  add_plugins(digest, session);
  digest.add(std::string_view(environment_variable("SOURCE_DATE_EPOCH").value_or("-")));
  std::error_code error;  // a directory that was removed has no path
  digest.add(std::string_view(std::filesystem::current_path(error).native()));
  return digest.finish().uuid("request").to_string();
}

}  // namespace fstool
