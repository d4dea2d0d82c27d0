/// \file
/// What one step of a check found, kept until it is its turn to be told.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "fstool/context.h"

namespace fstool::ext4 {

/// Sentences about damage. Steps run side by side, and their findings are told in one order all the same.
class Findings {
 public:
  /// More than this of one step are only counted.
  static constexpr std::size_t kMaxKept = 200;

  void add(std::string sentence) {
    if (sentences_.size() < kMaxKept) {
      sentences_.push_back(std::move(sentence));
    } else {
      ++dropped_;
    }
  }
  template <class First, class... Args>
  void add(fmt::format_string<First, Args...> format, First&& first, Args&&... args) {
    add(fmt::format(format, std::forward<First>(first), std::forward<Args>(args)...));
  }

  bool empty() const { return sentences_.empty(); }
  const std::vector<std::string>& sentences() const { return sentences_; }

  /// Tells `context` all of them, and forgets them. `subject` says what the others are about: "group 3".
  void report(Context& context, const std::string& subject) {
    for (const std::string& sentence : sentences_) context.report_damage(sentence);
    if (dropped_ > 0) context.report_damage(fmt::format("{}: {} more problems", subject, dropped_));
    sentences_.clear();
    dropped_ = 0;
  }

 private:
  std::vector<std::string> sentences_;
  std::size_t dropped_ = 0;
};

}  // namespace fstool::ext4
