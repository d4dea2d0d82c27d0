#include "step_listener.h"

#include <algorithm>
#include <exception>

namespace fstool {

namespace {

constexpr std::chrono::milliseconds kInterval{100};

/// Rates and remaining times of the first moments would jump about.
constexpr double kSettledSeconds = 1.0;

}  // namespace

std::optional<double> StepState::rate() const {
  if (seconds < kSettledSeconds) return std::nullopt;
  return static_cast<double>(done) / seconds;
}

std::optional<double> StepState::seconds_left() const {
  const std::optional<double> speed = rate();
  if (!speed || *speed <= 0 || total == 0) return std::nullopt;
  return static_cast<double>(total - std::min(done, total)) / *speed;
}

void StepListener::begin(std::string_view step, std::uint64_t total, std::string_view unit) {
  const std::lock_guard lock(mutex_);
  end_step();
  step_ = StepState{.name = std::string(step), .unit = std::string(unit), .total = total};
  start_ = Clock::now();
  done_ = 0;
  // Steps that are over at once leave the screen alone.
  next_report_ = (start_ + kInterval).time_since_epoch().count();
  began(*step_);
}

void StepListener::advance(std::uint64_t done) {
  done_ += done;
  const Clock::time_point now = Clock::now();
  Clock::rep due = next_report_;
  const Clock::rep next = (now + kInterval).time_since_epoch().count();
  // Of several threads that find it is time, one reports.
  if (now.time_since_epoch().count() < due || !next_report_.compare_exchange_strong(due, next)) return;
  const std::lock_guard lock(mutex_);
  if (step_) progressed(state());
}

void StepListener::warn(std::string_view message) {
  const std::lock_guard lock(mutex_);
  warned(message);
}

void StepListener::finish() {
  const std::lock_guard lock(mutex_);
  if (std::uncaught_exceptions() == 0) end_step();
}

StepState StepListener::state() const {
  StepState state = *step_;
  state.done = done_;
  state.seconds = std::chrono::duration<double>(Clock::now() - start_).count();
  return state;
}

void StepListener::end_step() {
  if (step_) ended(state());
  step_.reset();
}

}  // namespace fstool
