#include "rules/ignore_patterns.h"

#include <algorithm>

namespace fstool {

namespace {

/// Without the blanks at its end, but for those behind a backslash.
std::string_view without_trailing_blanks(std::string_view line) {
  std::size_t end = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\') {
      ++i;
    } else if (line[i] == ' ') {
      continue;
    }
    end = std::min(i + 1, line.size());
  }
  return line.substr(0, end);
}

}  // namespace

std::optional<IgnorePattern> IgnorePattern::parse(std::string_view line) {
  line = without_trailing_blanks(line);
  if (line.starts_with('#')) return std::nullopt;
  const bool is_negated = line.starts_with('!');
  if (is_negated) line.remove_prefix(1);
  if (line.empty()) return std::nullopt;
  return IgnorePattern(line, is_negated);
}

IgnorePattern::IgnorePattern(std::string_view text, bool is_negated)
    : is_negated_(is_negated), is_for_directories_(text.ends_with('/')) {
  if (is_for_directories_) text.remove_suffix(1);
  is_anchored_ = text.find('/') != std::string_view::npos;
  if (text.starts_with('/')) text.remove_prefix(1);
  // As git does it: a "**" at the start of the rest counts as one at the start of the pattern.
  const std::size_t wildcard = text.find_first_of("*?[\\");
  literal_ = text.substr(0, is_anchored_ || wildcard == std::string_view::npos ? wildcard : 0);
  if (wildcard != std::string_view::npos) glob_.emplace(text.substr(literal_.size()));
}

bool IgnorePattern::matches(std::string_view path, std::string_view name, bool is_directory) const {
  if (is_for_directories_ && !is_directory) return false;
  const std::string_view subject = is_anchored_ ? path : name;
  if (!glob_) return subject == literal_;
  return subject.starts_with(literal_) && glob_->matches(subject.substr(literal_.size()));
}

void IgnorePatterns::add(std::string_view line) {
  if (auto pattern = IgnorePattern::parse(line)) patterns_.push_back(std::move(*pattern));
}

void IgnorePatterns::add_lines(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    add(line);
  }
}

void IgnorePatterns::append(const IgnorePatterns& other) {
  patterns_.insert(patterns_.end(), other.patterns_.begin(), other.patterns_.end());
}

IgnorePatterns::Match IgnorePatterns::match(std::string_view path, std::string_view name, bool is_directory) const {
  for (auto pattern = patterns_.rbegin(); pattern != patterns_.rend(); ++pattern) {
    if (pattern->matches(path, name, is_directory)) return pattern->is_negated() ? Match::Negated : Match::Matched;
  }
  return Match::None;
}

}  // namespace fstool
