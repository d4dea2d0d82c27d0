/// \file
/// SpecProblems: all that is wrong in a spec, so that its writer hears of it at once.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fstool/error.h"
#include "fstool/options.h"

namespace fstool {

/// Keeps errors about a spec while reading goes on. Not thread-safe.
class SpecProblems {
 public:
  using LocationPtr = std::shared_ptr<const SpecLocation>;

  /// Keeps an error that says its place itself; `location` is for the order alone, and may be null.
  void add(const LocationPtr& location, const Error& error);
  /// Keeps spec_error(location, message).
  void add(const LocationPtr& location, std::string_view message);

  /// Keeps nothing more about what is at `location`: the value there is known to be wrong, and has no meaning.
  void close(const LocationPtr& location) { closed_.push_back(location); }

  /// Does `work`, and keeps an Error(InvalidSpec) that it throws, as one about what is at `location`. Other errors
  /// leave it. True if there was none.
  template <class Work>
  bool collect(const LocationPtr& location, Work&& work) {
    try {
      std::forward<Work>(work)();
      return true;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::InvalidSpec) throw;
      add(location, error);
      return false;
    }
  }

  bool empty() const noexcept { return problems_.empty(); }
  std::size_t size() const noexcept { return problems_.size(); }

  /// Throws Error(InvalidSpec) with every problem, by file, line and column, if there is one; of very many it names the
  /// first ones and the number of the others.
  void throw_if_any() const;

 private:
  struct Problem {
    LocationPtr location;
    std::string text;
  };

  std::size_t file_number(const LocationPtr& location) const;

  std::vector<Problem> problems_;
  std::vector<LocationPtr> closed_;
  std::vector<std::string> files_;  ///< in the order of their first problems
};

}  // namespace fstool
