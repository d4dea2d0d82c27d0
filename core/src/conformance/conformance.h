/// \file
/// The conformance kit: what a plugin's formats promise in the SDK's headers, tried out on the plugin, whoever made it.
///
/// Each check runs in a process of its own, so that a plugin that crashes, hangs or asks for all memory is a finding
/// and not the end. What a format may refuse (Error(Unsupported) and the like) is no finding, but is told.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/registry.h"
#include "plugin_host.h"

namespace fstool::conformance {

struct Settings {
  bool thorough = false;                                  ///< many more samples and damaged images
  unsigned threads = 4;                                   ///< of the Contexts that work is done in; at least 1
  std::chrono::milliseconds case_cpu{20'000};             ///< processor time that one case of a check may take
  std::chrono::milliseconds case_time{300'000};           ///< time that one case may take, waiting included
  const std::atomic<bool>* cancelled = nullptr;           ///< becomes true when the user asks to stop
  std::uint64_t damage_memory = std::uint64_t{1} << 30U;  ///< bytes that a damaged image may make a format ask for
};

enum class Verdict : std::uint8_t { Passed, Failed, Skipped };

/// "passed", "failed", "skipped".
std::string_view verdict_name(Verdict verdict);

/// Of each check so many findings are kept.
inline constexpr std::size_t kMaxFindings = 10;

struct CheckResult {
  std::string name;  ///< a word: "round_trip"
  Verdict verdict = Verdict::Passed;
  std::vector<std::string> findings;  ///< Failed: at least one; a sentence each, which says in which case
  std::uint64_t more_findings = 0;    ///< that were not kept
  std::vector<std::string> notes;     ///< what was left out and why; Skipped: the reason
};

struct FormatResult {
  Stage stage = Stage::Source;
  std::string name;
  std::vector<CheckResult> checks;

  bool passed() const;
};

struct PluginResult {
  std::string name;  ///< the file's if the plugin's is not known
  std::filesystem::path path;
  std::vector<CheckResult> checks;  ///< of the plugin as a whole
  std::vector<FormatResult> formats;

  bool passed() const;
};

/// Checks the formats of `plugin`, or those called `format` if that is not empty. `registry` has all formats that are
/// loaded: others' images are what a format must not take for its own, and codecs are what containers use. A plugin
/// that is not loaded has that as its finding. The process must have no other threads, because it forks. Temporary
/// files lie in $TMPDIR or else /tmp, and are gone afterwards. Throws Error(Io) if no process or file can be made,
/// Error(Cancelled).
PluginResult test_plugin(const PluginRecord& plugin, std::string_view format, const Registry& registry,
                         const Settings& settings);

/// Checks one format of a registry, as test_plugin() does.
template <class Interface>
FormatResult test_format(const Format<Interface>& format, const Registry& registry, const Settings& settings);

/// Several lines, each ended: every check with its findings and notes, and how many there are of each verdict.
std::string describe(const PluginResult& result);

}  // namespace fstool::conformance
