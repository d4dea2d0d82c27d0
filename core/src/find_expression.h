/// \file
/// What find(1) is asked: tests of files, joined by and, or and not, and what to do with those that pass.
///
///     or    = and { "-o" and }
///     and   = not { [ "-a" ] not }
///     not   = [ "!" ] ( "(" or ")" | test | action )
///
/// An option (-maxdepth, -mindepth) holds wherever it stands. Without an action, what passes is printed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "fstool/tree.h"
#include "owner_names.h"

namespace fstool {

/// A name that was come by.
struct VisitedName {
  const Tree& tree;
  NodeId node;
  std::string_view path;  ///< what -path is about
  std::string_view name;  ///< what -name is about: the last component
};

enum class FindAction { Print, Print0, List };

/// What the words of an expression mean depends on.
struct FindSettings {
  const Owners& owners;  ///< for -user and -group
  std::int64_t now = 0;  ///< seconds since the epoch, for -mtime
};

class FindExpression {
 public:
  using Act = std::function<void(FindAction action)>;

  /// Throws Error(InvalidArgument) for what is no expression. `settings` need not outlive the call.
  FindExpression(std::span<const std::string> words, const FindSettings& settings);

  std::uint64_t min_depth() const noexcept { return min_depth_; }
  std::uint64_t max_depth() const noexcept { return max_depth_; }

  /// Tests a name, calling `act` for each action that is reached. False: don't go below it (-prune).
  bool visit(const VisitedName& visited, const Act& act) const;

 private:
  struct Visit {
    const VisitedName& visited;
    const Act& act;
    bool pruned = false;
  };
  using Term = std::function<bool(Visit& visit)>;
  class Parser;

  Term term_;
  std::uint64_t min_depth_ = 0;
  std::uint64_t max_depth_ = UINT64_MAX;
};

}  // namespace fstool
