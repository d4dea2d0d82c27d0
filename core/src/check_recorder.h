/// \file
/// Hears what a Context reports, and keeps it with the layer that is being checked.
#pragma once

#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "fstool/context.h"
#include "image_check.h"

namespace fstool {

/// Thread-safe.
class CheckRecorder : public ProgressListener {
 public:
  /// `progress` hears of steps and of nothing else; may be null.
  explicit CheckRecorder(std::shared_ptr<ProgressListener> progress) : progress_(std::move(progress)) {}

  /// From now on, findings belong to `layer`, which must live as long; null: they are not kept.
  void record_to(LayerReport* layer) {
    const std::lock_guard lock(mutex_);
    layer_ = layer;
  }

  void begin(std::string_view step, std::uint64_t total, std::string_view unit) override {
    if (progress_) progress_->begin(step, total, unit);
  }
  void advance(std::uint64_t done) override {
    if (progress_) progress_->advance(done);
  }
  void warn(std::string_view message) override { add(Severity::Warning, message); }
  void damage(std::string_view message) { add(Severity::Damage, message); }

 private:
  void add(Severity severity, std::string_view message);

  const std::shared_ptr<ProgressListener> progress_;
  std::mutex mutex_;
  LayerReport* layer_ = nullptr;
};

}  // namespace fstool
