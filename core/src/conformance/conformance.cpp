#include "conformance.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>

#include "checklist.h"
#include "fstool/error.h"

namespace fstool::conformance {

namespace {

/// A directory that is gone when the checks are done.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "fstool-plugins-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw system_error("making the directory " + pattern, errno);
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;  // a destructor has nobody to tell
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
};

void check_stage(const Format<Source>& format, Checklist& list) { check_source(format, list); }
void check_stage(const Format<Filesystem>& format, Checklist& list) { check_filesystem(format, list); }
void check_stage(const Format<Derivation>& format, Checklist& list) { check_derivation(format, list); }
void check_stage(const Format<PartitionTable>& format, Checklist& list) { check_partition_table(format, list); }
void check_stage(const Format<Container>& format, Checklist& list) { check_container(format, list); }
void check_stage(const Format<Codec>& format, Checklist& list) { check_codec(format, list); }

bool all_passed(const std::vector<CheckResult>& checks) {
  return std::ranges::none_of(checks, [](const CheckResult& check) { return check.verdict == Verdict::Failed; });
}

CheckResult check_loading(const PluginRecord& plugin) {
  CheckResult result;
  result.name = "loading";
  if (plugin.status != PluginStatus::Loaded) {
    result.findings.push_back(fmt::format("it is {}: {}", plugin_status_name(plugin.status), plugin.reason));
  } else if (plugin.formats.empty()) {
    result.findings.emplace_back("it offers no format");
  }
  if (!result.findings.empty()) result.verdict = Verdict::Failed;
  return result;
}

CheckResult check_descriptor(const PluginRecord& plugin) {
  CheckResult result;
  result.name = "descriptor";
  const auto require_text = [&](const char* what, const std::string& text) {
    if (text.empty()) result.findings.push_back(fmt::format("it has no {}", what));
    if (text.find('\n') != std::string::npos) result.findings.push_back(fmt::format("its {} has several lines", what));
  };
  require_text("name", plugin.name);
  require_text("version", plugin.version);
  require_text("license", plugin.license);
  require_text("summary", plugin.summary);
  if (plugin.license.find(' ') != std::string::npos && plugin.license.find(" OR ") == std::string::npos &&
      plugin.license.find(" AND ") == std::string::npos && plugin.license.find(" WITH ") == std::string::npos) {
    result.findings.push_back(fmt::format("its license \"{}\" is no SPDX expression", plugin.license));
  }
  if (!result.findings.empty()) result.verdict = Verdict::Failed;
  return result;
}

template <class Interface>
void test_formats(const PluginRecord& plugin, std::string_view name, const Registry& registry, const Settings& settings,
                  std::vector<FormatResult>& results) {
  for (const PluginFormat& offered : plugin.formats) {
    if (offered.stage != kStageOf<Interface> || (!name.empty() && offered.name != name)) continue;
    results.push_back(test_format(registry.get<Interface>(offered.name), registry, settings));
  }
}

/// How many checks have each verdict.
struct Counts {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t skipped = 0;

  void add(const std::vector<CheckResult>& checks) {
    for (const CheckResult& check : checks) {
      ++(check.verdict == Verdict::Passed ? passed : check.verdict == Verdict::Failed ? failed : skipped);
    }
  }
};

void describe_checks(const std::vector<CheckResult>& checks, std::string& text) {
  for (const CheckResult& check : checks) {
    const bool failed = check.verdict == Verdict::Failed;
    text += fmt::format("  {:<8} {}\n", failed ? "FAILED" : verdict_name(check.verdict), check.name);
    for (const std::string& finding : check.findings) text += fmt::format("             {}\n", finding);
    if (check.more_findings > 0) text += fmt::format("             and {} more\n", check.more_findings);
    for (const std::string& note : check.notes) text += fmt::format("           ({})\n", note);
  }
}

}  // namespace

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::Passed:
      return "passed";
    case Verdict::Failed:
      return "failed";
    case Verdict::Skipped:
      return "skipped";
  }
  throw Error(ErrorCode::Internal, "no such verdict");
}

bool FormatResult::passed() const { return all_passed(checks); }

bool PluginResult::passed() const {
  return all_passed(checks) && std::ranges::all_of(formats, [](const FormatResult& format) { return format.passed(); });
}

template <class Interface>
FormatResult test_format(const Format<Interface>& format, const Registry& registry, const Settings& settings) {
  const TemporaryDirectory directory;
  Checklist list(registry, settings, directory.path());
  check_declaration(format, list);
  check_stage(format, list);
  return {kStageOf<Interface>, format.info.name, list.take_results()};
}

template FormatResult test_format(const Format<Source>&, const Registry&, const Settings&);
template FormatResult test_format(const Format<Filesystem>&, const Registry&, const Settings&);
template FormatResult test_format(const Format<Derivation>&, const Registry&, const Settings&);
template FormatResult test_format(const Format<PartitionTable>&, const Registry&, const Settings&);
template FormatResult test_format(const Format<Container>&, const Registry&, const Settings&);
template FormatResult test_format(const Format<Codec>&, const Registry&, const Settings&);

PluginResult test_plugin(const PluginRecord& plugin, std::string_view format, const Registry& registry,
                         const Settings& settings) {
  PluginResult result;
  result.name = plugin.name.empty() ? plugin.path.filename().string() : plugin.name;
  result.path = plugin.path;
  result.checks.push_back(check_loading(plugin));
  if (plugin.status != PluginStatus::Loaded) return result;
  result.checks.push_back(check_descriptor(plugin));
  test_formats<Source>(plugin, format, registry, settings, result.formats);
  test_formats<Filesystem>(plugin, format, registry, settings, result.formats);
  test_formats<Derivation>(plugin, format, registry, settings, result.formats);
  test_formats<PartitionTable>(plugin, format, registry, settings, result.formats);
  test_formats<Container>(plugin, format, registry, settings, result.formats);
  test_formats<Codec>(plugin, format, registry, settings, result.formats);
  return result;
}

std::string describe(const PluginResult& result) {
  std::string text = fmt::format("plugin {}: {}\n", result.name, result.path.string());
  Counts counts;
  counts.add(result.checks);
  describe_checks(result.checks, text);
  for (const FormatResult& format : result.formats) {
    text += fmt::format("{} {}\n", stage_name(format.stage), format.name);
    counts.add(format.checks);
    describe_checks(format.checks, text);
  }
  text += fmt::format("{}: {} checks passed, {} failed, {} skipped\n", result.passed() ? "passed" : "FAILED",
                      counts.passed, counts.failed, counts.skipped);
  return text;
}

}  // namespace fstool::conformance
