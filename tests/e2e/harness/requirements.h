/// \file
/// What a test needs from the machine.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace fstool::e2e {

/// What is missing to run a test.
struct Requirements {
  std::string missing;    ///< empty: nothing
  bool may_skip = false;  ///< true on a user's machine without root: the test can be left out there
};

/// Looks for `tools` in PATH, and for root if the test mounts something. Where CI=true is set, or for root, what is
/// missing is a failure: nothing is left out silently.
Requirements missing_requirements(bool root, const std::vector<std::string>& tools);

/// True if FSTOOL_FULL is set: the run has the widest matrices, and what takes minutes.
bool is_full_run();

/// The parameters of suites whose tests are there in full runs alone: one, "Full", or none.
std::vector<std::string> full_runs();

}  // namespace fstool::e2e

/// At the start of a test: leaves it out, or fails, if the machine can't run it. Arguments as missing_requirements().
#define FSTOOL_E2E_REQUIRE(...)                                                                                    \
  if (const auto requirements = ::fstool::e2e::missing_requirements(__VA_ARGS__); !requirements.missing.empty()) { \
    if (requirements.may_skip) GTEST_SKIP() << requirements.missing;                                               \
    FAIL() << requirements.missing;                                                                                \
  }                                                                                                                \
  static_assert(true)
