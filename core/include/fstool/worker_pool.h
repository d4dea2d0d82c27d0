/// \file
/// WorkerPool: the threads of a run, and the two ways of using them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "fstool/api.h"

namespace fstool {

/// A fixed set of worker threads. Calls are made from one thread at a time and never from within a job.
class FSTOOL_API WorkerPool {
 public:
  /// `threads` 0 means one for each processor this process may use.
  explicit WorkerPool(unsigned threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Number of workers, at least 1. Jobs are told their worker's number in [0, size()), so that they can keep state
  /// (buffers, compressors) for each worker without locks.
  unsigned size() const noexcept;

  /// Calls job(index, worker) for every index in [0, count), in any order, and returns when all are done. After a job
  /// threw, no new ones are started, and the exception of the lowest failed index is rethrown.
  void for_each(std::uint64_t count, const std::function<void(std::uint64_t index, unsigned worker)>& job);

  /// An ordered pipeline: produce(index, worker, slot) runs on the workers in any order, and consume(index, slot) on
  /// one of them at a time, in the order of the indices, while the others produce. `slot` in [0, slots()) names the
  /// place where the product is kept between the two: no two products that are alive share a slot, so memory is bounded
  /// by slots(). Exceptions as for_each().
  void ordered(std::uint64_t count,
               const std::function<void(std::uint64_t index, unsigned worker, unsigned slot)>& produce,
               const std::function<void(std::uint64_t index, unsigned slot)>& consume);

  /// Number of products that may be alive at once in ordered().
  unsigned slots() const noexcept;

  /// Tasks that make tasks: runs `first(submit, worker)` and whatever was submitted since, in any order, until nothing
  /// is left. `submit` may be called from any of these tasks. Exceptions as for_each(), of whichever task failed first.
  using Task = std::function<void(unsigned worker)>;
  using Submit = std::function<void(Task)>;
  void run_tasks(const std::function<void(const Submit& submit)>& first);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fstool
