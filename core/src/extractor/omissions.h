/// \file
/// What an extraction could not do for all files, told once a kind and not once a file.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "fstool/context.h"

namespace fstool {

/// Thread-safe.
class Omissions {
 public:
  /// Something was left out at `path`: `what` is the kind, "the owner could not be set"; `reason` why, may be empty.
  void add(const std::string& what, const std::string& path, const std::string& reason);

  /// One warning for each kind, in the order of their names, with the number of files and the first of them.
  void report(Context& context) const;

 private:
  struct Kind {
    std::uint64_t count = 0;
    std::string path;  // the least of all, so that it doesn't depend on which thread was first
    std::string reason;
  };
  mutable std::mutex mutex_;
  std::map<std::string, Kind> kinds_;
};

}  // namespace fstool
