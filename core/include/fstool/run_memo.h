/// \file
/// RunMemo: for Blobs that have to look for the end of a run.
#pragma once

#include <cstdint>
#include <mutex>
#include <utility>

#include "fstool/blob.h"

namespace fstool {

/// Remembers the run that was found last: who goes through a Blob piece by piece asks for the rest of it again and
/// again. Thread-safe.
class RunMemo {
 public:
  /// The run at `offset`, which is that of `find(offset)` unless it is known. What `find` throws comes through.
  template <class Find>
  Run run_at(std::uint64_t offset, Find&& find) {
    {
      const std::lock_guard lock(mutex_);
      if (offset >= begin_ && offset < end_) return {end_ - offset, hole_};
    }
    const Run run = std::forward<Find>(find)(offset);
    const std::lock_guard lock(mutex_);
    begin_ = offset;
    end_ = offset + run.length;
    hole_ = run.hole;
    return run;
  }

 private:
  std::mutex mutex_;
  std::uint64_t begin_ = 0;  ///< bytes
  std::uint64_t end_ = 0;
  bool hole_ = false;
};

}  // namespace fstool
