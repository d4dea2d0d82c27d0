/// \file
/// What all walks through hostile bytes have in common: what is a bug in them, what is not, and who hears of damage.
#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/registry.h"

namespace fstool::fuzz {

/// Throws std::logic_error, which nothing catches: a bug was found.
inline void require(bool condition, const char* what) {
  if (!condition) throw std::logic_error(what);
}

/// Calls `work`, which may refuse hostile bytes (Corrupt, Unsupported), or throw one of the errors in `others`; any
/// other error is a bug. False if it threw.
template <class Work>
bool tolerate(Work&& work, std::initializer_list<ErrorCode> others = {}) {
  try {
    work();
    return true;
  } catch (const Error& error) {
    const ErrorCode code = error.code();
    require(code == ErrorCode::Corrupt || code == ErrorCode::Unsupported || std::ranges::count(others, code) > 0,
            error.what());
    return false;
  }
}

/// A context of one thread that keeps what is said of damage. Must outlive what was opened in it.
class ListeningContext {
 public:
  /// `registry` must outlive it.
  explicit ListeningContext(const Registry& registry) : context_(registry, settings()) {}

  Context& get() noexcept { return context_; }
  /// What was said since this was asked last.
  std::vector<std::string> take_damage() { return std::exchange(damage_, {}); }

 private:
  Context::Settings settings() {
    Context::Settings settings;
    settings.threads = 1;
    settings.damage_listener = [this](std::string_view message) {
      require(!message.empty(), "damage without a word");
      if (damage_.size() < kMostKept) damage_.emplace_back(message);
    };
    return settings;
  }

  static constexpr std::size_t kMostKept = 1000;

  std::vector<std::string> damage_;
  Context context_;
};

}  // namespace fstool::fuzz
