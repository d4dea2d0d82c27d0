/// \file
/// IgnorePatterns: a list of patterns as gitignore(5) has them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/glob_pattern.h"

namespace fstool {

/// One pattern:
///
///     *.o          a name, at any depth
///     /etc/motd    with a slash at its start or within: a path from the root
///     cache/       with a slash at its end: directories alone
///     !keep.o      negated: what matches does not belong to the list after all
///
/// Immutable.
class IgnorePattern {
 public:
  /// A line of a file; nothing for a blank one and for a comment.
  static std::optional<IgnorePattern> parse(std::string_view line);

  bool is_negated() const noexcept { return is_negated_; }
  /// `path` is '/'-separated from the root, without a slash at its start; `name` its last name.
  bool matches(std::string_view path, std::string_view name, bool is_directory) const;

 private:
  IgnorePattern(std::string_view text, bool is_negated);

  bool is_negated_;
  bool is_for_directories_;
  bool is_anchored_ = false;
  std::string literal_;              ///< what it begins with, up to the first wildcard
  std::optional<GlobPattern> glob_;  ///< of the rest; nothing: there is none
};

/// Immutable once complete; reading is thread-safe then.
class IgnorePatterns {
 public:
  enum class Match { None, Matched, Negated };

  /// Adds one pattern, as a line of a file; comments and blanks add none.
  void add(std::string_view line);
  /// Adds every line of a file. A byte order mark and carriage returns at the ends of lines are passed over.
  void add_lines(std::string_view text);
  /// Adds the patterns of another list behind these.
  void append(const IgnorePatterns& other);

  bool empty() const noexcept { return patterns_.empty(); }

  /// What the last pattern that matches says of a path; its directories are not looked at. Arguments as
  /// IgnorePattern::matches().
  Match match(std::string_view path, std::string_view name, bool is_directory) const;

 private:
  std::vector<IgnorePattern> patterns_;
};

}  // namespace fstool
