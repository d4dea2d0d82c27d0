/// \file
/// Shows the user how a run goes on: a progress line on a terminal, and warnings.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "fstool/context.h"

namespace fstool {

/// Writes to standard error. The progress line is drawn if that is a terminal, at most ten times a second, and erased
/// when the listener is destroyed. Thread-safe.
class TerminalListener : public ProgressListener {
 public:
  /// `quiet`: neither progress nor warnings.
  explicit TerminalListener(bool quiet);
  ~TerminalListener() override;
  TerminalListener(const TerminalListener&) = delete;
  TerminalListener& operator=(const TerminalListener&) = delete;

  void begin(std::string_view step, std::uint64_t total, std::string_view unit) override;
  void advance(std::uint64_t done) override;
  void warn(std::string_view message) override;

 private:
  using Clock = std::chrono::steady_clock;

  void draw();
  void erase();

  const bool quiet_;
  const bool draws_;
  std::atomic<std::uint64_t> done_ = 0;
  std::atomic<Clock::rep> next_draw_ = 0;  ///< time since the clock's epoch

  std::mutex mutex_;  ///< guards what follows, and the terminal
  std::string step_;
  std::string unit_;
  std::uint64_t total_ = 0;
  Clock::time_point start_;
  bool drawn_ = false;
};

}  // namespace fstool
