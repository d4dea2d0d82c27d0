#include "fstool/context.h"

#include <functional>
#include <mutex>
#include <set>
#include <utility>

#include "fstool/error.h"

namespace fstool {

ProgressListener::~ProgressListener() = default;

struct Context::Impl {
  Impl(const Registry& formats, Settings with)
      : registry(formats), settings(std::move(with)), workers(settings.threads) {}

  const Registry& registry;
  Settings settings;
  WorkerPool workers;
  std::mutex damage_mutex;  // guards what follows, and is held while the damage listener is called
  std::set<std::string, std::less<>> damage_reports;
  bool said_more = false;
};

Context::Context(const Registry& registry, Settings settings)
    : impl_(std::make_unique<Impl>(registry, std::move(settings))) {}

Context::~Context() = default;

const Registry& Context::registry() const noexcept { return impl_->registry; }

EarlierOutput* Context::earlier_output() const noexcept { return impl_->settings.earlier_output; }

WorkerPool& Context::workers() noexcept { return impl_->workers; }

void Context::begin_step(std::string_view step, std::uint64_t total, std::string_view unit) {
  if (impl_->settings.listener) impl_->settings.listener->begin(step, total, unit);
}

void Context::advance(std::uint64_t done) {
  if (impl_->settings.listener) impl_->settings.listener->advance(done);
  check_cancelled();
}

void Context::warn(std::string_view message) {
  if (impl_->settings.listener) impl_->settings.listener->warn(message);
}

void Context::report_damage(std::string_view message) {
  if (impl_->settings.damage_listener) {
    const std::lock_guard lock(impl_->damage_mutex);
    impl_->settings.damage_listener(message);
    return;
  }
  if (impl_->settings.strict) throw Error(ErrorCode::Corrupt, std::string(message));
  const std::lock_guard lock(impl_->damage_mutex);
  if (impl_->said_more || impl_->damage_reports.contains(message)) return;
  if (impl_->damage_reports.size() < kMaxDamageWarnings) {
    impl_->damage_reports.emplace(message);
    warn(message);
  } else {
    impl_->said_more = true;
    warn("there is more damage than is worth telling one by one");
  }
}

void Context::note_input(const std::filesystem::path& path, InputUse use) const {
  if (impl_->settings.input_listener) impl_->settings.input_listener(path, use);
}

void Context::check_cancelled() const {
  const std::atomic<bool>* const cancelled = impl_->settings.cancelled;
  if (cancelled != nullptr && cancelled->load(std::memory_order_relaxed)) {
    throw Error(ErrorCode::Cancelled, "cancelled");
  }
}

Timestamp Context::clock(const Tree& tree) const {
  if (impl_->settings.source_date_epoch) return {*impl_->settings.source_date_epoch, 0};
  return tree.newest_mtime();
}

}  // namespace fstool
