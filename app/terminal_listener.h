/// \file
/// Shows people how a run goes on: a progress line on a terminal, warnings, and what each step took.
#pragma once

#include <string_view>

#include "log_level.h"
#include "step_listener.h"

namespace fstool {

/// Writes to standard error. The progress line is erased when the listener is destroyed.
class TerminalListener final : public StepListener {
 public:
  /// `draws`: there is to be a progress line.
  TerminalListener(LogLevel level, bool draws) : level_(level), draws_(draws) {}
  ~TerminalListener() override;

 private:
  void began(const StepState& step) override;
  void progressed(const StepState& step) override;
  void ended(const StepState& step) override;
  void warned(std::string_view message) override;
  void erase();

  const LogLevel level_;
  const bool draws_;
  bool drawn_ = false;
};

}  // namespace fstool
