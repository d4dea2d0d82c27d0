/// \file
/// The same work on several threads at once.
#pragma once

#include <exception>
#include <functional>
#include <latch>
#include <mutex>
#include <thread>
#include <vector>

namespace fstool::conformance {

/// Calls work(0) … work(threads - 1), each on a thread of its own, which begin together. What one of them throws is
/// thrown when all are done.
inline void on_threads(unsigned threads, const std::function<void(unsigned thread)>& work) {
  std::mutex mutex;
  std::exception_ptr error;
  std::latch start(threads);
  std::vector<std::thread> running;
  for (unsigned i = 0; i < threads; ++i) {
    running.emplace_back([&, i] {
      start.arrive_and_wait();
      try {
        work(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!error) error = std::current_exception();
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  if (error) std::rethrow_exception(error);
}

}  // namespace fstool::conformance
