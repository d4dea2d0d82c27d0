/// \file
/// Tells programs how a run goes on: one JSON object a line on standard error.
///
///     {"event":"begin","step":"writing disk.qcow2","unit":"bytes","total":1073741824}
///     {"event":"progress","step":…,"unit":…,"total":…,"done":4194304,"seconds":0.1,"rate":null,"seconds_left":null}
///     {"event":"end","step":…,"unit":…,"total":…,"done":1073741824,"seconds":2.3,"rate":…,"seconds_left":…}
///     {"event":"warning","message":"…"}
///     {"event":"error","message":"…"}
///
/// A total that is not known, and a rate or time that can't be told yet, are null; seconds are fractional. "progress"
/// comes at most ten times a second. Steps that fail have no "end"; what failed is the error, which main() prints.
#pragma once

#include <string_view>

#include "log_level.h"
#include "step_listener.h"

namespace fstool {

class JsonListener final : public StepListener {
 public:
  explicit JsonListener(LogLevel level) : level_(level) {}
  ~JsonListener() override { finish(); }

 private:
  void began(const StepState& step) override;
  void progressed(const StepState& step) override;
  void ended(const StepState& step) override;
  void warned(std::string_view message) override;

  const LogLevel level_;
};

}  // namespace fstool
