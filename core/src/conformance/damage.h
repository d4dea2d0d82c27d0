/// \file
/// Damaged versions of good bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "check_run.h"
#include "fstool/error.h"

namespace fstool::conformance {

/// Calls `work` in a case for each of many damaged versions of `good`: cut off, or with bytes changed, of which the
/// first few KiB and those at the end get the most. `name` says what they are, for the labels of the cases.
void with_damaged(CheckRun& run, std::string_view name, const std::vector<std::byte>& good,
                  const std::function<void(std::vector<std::byte> damaged)>& work);

/// Calls `work`, which may refuse what is damaged (Corrupt, Unsupported) or throw one of the errors in `others`.
/// Another Error is thrown on. False if it threw.
template <class Work>
bool tolerate(Work&& work, std::initializer_list<ErrorCode> others = {}) {
  try {
    work();
    return true;
  } catch (const Error& error) {
    const ErrorCode code = error.code();
    if (code != ErrorCode::Corrupt && code != ErrorCode::Unsupported && std::ranges::count(others, code) == 0) throw;
    return false;
  }
}

/// Calls `work`, which makes something with certain options or of a certain size, and may refuse to with an Error that
/// says so. False if it did.
template <class Work>
bool unless_refused(Work&& work) {
  return tolerate(work, {ErrorCode::InvalidArgument, ErrorCode::InvalidSpec, ErrorCode::NoSpace, ErrorCode::NotFound});
}

}  // namespace fstool::conformance
