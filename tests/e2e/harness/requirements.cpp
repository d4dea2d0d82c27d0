#include "requirements.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <sstream>

namespace fstool::e2e {

namespace {

std::string environment(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no test changes its environment.
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

bool is_in_path(const std::string& tool) {
  std::istringstream path(environment("PATH"));
  for (std::string directory; std::getline(path, directory, ':');) {
    if (access((std::filesystem::path(directory) / tool).c_str(), X_OK) == 0) return true;
  }
  return false;
}

}  // namespace

Requirements missing_requirements(bool root, const std::vector<std::string>& tools) {
  const bool is_root = geteuid() == 0;
  Requirements result;
  result.may_skip = !is_root && environment("CI") != "true";
  if (root && !is_root) result.missing = "this test makes nodes, owners and mounts: it has to run as root";
  for (const std::string& tool : tools) {
    if (!is_in_path(tool)) result.missing += (result.missing.empty() ? "" : "; ") + tool + " is not installed";
  }
  return result;
}

// NOLINTNEXTLINE(concurrency-mt-unsafe): no test changes its environment.
bool is_full_run() { return std::getenv("FSTOOL_FULL") != nullptr; }

std::vector<std::string> full_runs() {
  if (!is_full_run()) return {};
  return {"Full"};
}

}  // namespace fstool::e2e
