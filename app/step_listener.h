/// \file
/// Keeps count of how a run goes on, step by step, and says when it is time to tell.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "fstool/context.h"

namespace fstool {

/// A step of a run and how far it has come.
struct StepState {
  std::string name;         ///< "writing disk.qcow2"
  std::string unit;         ///< "bytes", "files"
  std::uint64_t total = 0;  ///< units; 0: unknown
  std::uint64_t done = 0;   ///< units
  double seconds = 0;       ///< since it began

  /// Units a second, over all of the step; nothing in its first moments, where it would jump about.
  std::optional<double> rate() const;
  /// Nothing if that can't be told.
  std::optional<double> seconds_left() const;
};

/// Thread-safe. What a derived class overrides is called by one thread at a time.
class StepListener : public ProgressListener {
 public:
  StepListener() = default;
  StepListener(const StepListener&) = delete;
  StepListener& operator=(const StepListener&) = delete;

  void begin(std::string_view step, std::uint64_t total, std::string_view unit) final;
  void advance(std::uint64_t done) final;
  void warn(std::string_view message) final;

 protected:
  /// Ends the last step. A derived class calls it when it is destroyed; a step that an exception ends is not told.
  void finish();

  virtual void began(const StepState& step) = 0;
  /// At most ten times a second, for the first time a tenth of a second after the step began.
  virtual void progressed(const StepState& step) = 0;
  virtual void ended(const StepState& step) = 0;
  virtual void warned(std::string_view message) = 0;

 private:
  using Clock = std::chrono::steady_clock;

  StepState state() const;
  void end_step();

  std::atomic<std::uint64_t> done_ = 0;
  std::atomic<Clock::rep> next_report_ = 0;  ///< time since the clock's epoch

  std::mutex mutex_;  ///< guards what follows, and the calls of what is overridden
  std::optional<StepState> step_;
  Clock::time_point start_;
};

}  // namespace fstool
