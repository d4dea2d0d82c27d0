/// \file
/// A Context for checks: what it hears is kept.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/context.h"

namespace fstool::conformance {

/// Must outlive what was opened in it.
class HeardContext {
 public:
  /// `registry` must outlive it. `threads`: at least 1.
  HeardContext(const Registry& registry, unsigned threads) : context_(registry, settings(threads)) {}

  Context& get() noexcept { return context_; }

  /// What was said of damage so far, but for very much of it.
  std::vector<std::string> damage() const {
    const std::lock_guard lock(mutex_);
    return damage_;
  }

 private:
  Context::Settings settings(unsigned threads) {
    Context::Settings settings;
    settings.threads = threads;
    settings.source_date_epoch = 1'700'000'000;
    settings.damage_listener = [this](std::string_view message) {
      const std::lock_guard lock(mutex_);
      if (damage_.size() < kMostKept) damage_.emplace_back(message);
    };
    return settings;
  }

  static constexpr std::size_t kMostKept = 100;

  mutable std::mutex mutex_;
  std::vector<std::string> damage_;
  Context context_;
};

}  // namespace fstool::conformance
