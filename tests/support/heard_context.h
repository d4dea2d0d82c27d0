/// \file
/// A Context that keeps what it hears, for tests.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/registry.h"

namespace fstool::test {

class HeardContext {
 public:
  explicit HeardContext(unsigned threads = 2) : listener_(std::make_shared<Listener>()) {
    Context::Settings settings;
    settings.threads = threads;
    settings.listener = listener_;
    settings.damage_listener = [this](std::string_view message) { damage_.emplace_back(message); };
    context_ = std::make_unique<Context>(registry_, settings);
  }

  Context& context() { return *context_; }
  const std::vector<std::string>& damage() const { return damage_; }
  const std::vector<std::string>& warnings() const { return listener_->warnings; }
  /// Of the last step: what was promised and what was reported.
  std::pair<std::uint64_t, std::uint64_t> progress() const { return {listener_->total, listener_->done}; }

 private:
  struct Listener : ProgressListener {
    void begin(std::string_view /*step*/, std::uint64_t step_total, std::string_view /*unit*/) override {
      const std::lock_guard lock(mutex);
      total = step_total;
      done = 0;
    }
    void advance(std::uint64_t more) override {
      const std::lock_guard lock(mutex);
      done += more;
    }
    void warn(std::string_view message) override {
      const std::lock_guard lock(mutex);
      warnings.emplace_back(message);
    }

    std::mutex mutex;
    std::vector<std::string> warnings;
    std::uint64_t total = 0;
    std::uint64_t done = 0;
  };

  std::shared_ptr<Listener> listener_;
  std::vector<std::string> damage_;
  Registry registry_;
  std::unique_ptr<Context> context_;
};

/// The code and the text of the Error that `work` throws; Internal and nothing if it throws none.
template <class Work>
std::pair<ErrorCode, std::string> thrown_by(Work&& work) {
  try {
    std::forward<Work>(work)();
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {ErrorCode::Internal, ""};
}

}  // namespace fstool::test
