/// \file
/// The checks of one format, and the functions that make those of each stage.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "check_run.h"
#include "conformance.h"
#include "isolation.h"

namespace fstool::conformance {

/// Runs checks one after the other and keeps what they found.
class Checklist {
 public:
  Checklist(const Registry& registry, const Settings& settings, std::filesystem::path directory)
      : registry_(registry), settings_(settings), directory_(std::move(directory)) {}

  const Registry& registry() const noexcept { return registry_; }
  const Settings& settings() const noexcept { return settings_; }
  /// Where checks may write files; it is removed when all are done.
  const std::filesystem::path& directory() const noexcept { return directory_; }

  void run(std::string name, const std::function<void(CheckRun&)>& check) {
    results_.push_back(run_isolated(std::move(name), check, settings_));
  }

  std::vector<CheckResult> take_results() { return std::move(results_); }

 private:
  const Registry& registry_;
  const Settings& settings_;
  const std::filesystem::path directory_;
  std::vector<CheckResult> results_;
};

/// What is said about a format: its name, summary, options and endings.
template <class Interface>
void check_declaration(const Format<Interface>& format, Checklist& list);

void check_source(const Format<Source>& format, Checklist& list);
void check_filesystem(const Format<Filesystem>& format, Checklist& list);
void check_derivation(const Format<Derivation>& format, Checklist& list);
void check_partition_table(const Format<PartitionTable>& format, Checklist& list);
void check_container(const Format<Container>& format, Checklist& list);
void check_codec(const Format<Codec>& format, Checklist& list);

}  // namespace fstool::conformance
