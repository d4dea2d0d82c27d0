#include "spec_problems.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace fstool {

namespace {

/// More than anybody mends before the next look.
constexpr std::size_t kMaxShown = 50;

}  // namespace

void SpecProblems::add(const LocationPtr& location, const Error& error) {
  const std::string text = error.what();
  if (std::ranges::find(problems_, text, &Problem::text) != problems_.end()) return;
  if (location && std::ranges::find(closed_, location) != closed_.end()) return;
  if (location && file_number(location) == files_.size()) files_.push_back(location->file);
  problems_.push_back({location, text});
}

void SpecProblems::add(const LocationPtr& location, std::string_view message) {
  add(location, spec_error(location, message));
}

std::size_t SpecProblems::file_number(const LocationPtr& location) const {
  return static_cast<std::size_t>(std::ranges::find(files_, location->file) - files_.begin());
}

void SpecProblems::throw_if_any() const {
  if (problems_.empty()) return;
  std::vector<const Problem*> sorted;
  for (const Problem& problem : problems_) sorted.push_back(&problem);
  const auto place = [&](const Problem* problem) {
    const LocationPtr& location = problem->location;
    if (!location) return std::tuple(files_.size(), std::uint32_t{0}, std::uint32_t{0});
    return std::tuple(file_number(location), location->line, location->column);
  };
  std::ranges::stable_sort(sorted, {}, place);
  std::string text;
  for (std::size_t i = 0; i < std::min(sorted.size(), kMaxShown); ++i) {
    if (i > 0) text += '\n';
    text += sorted[i]->text;
  }
  if (sorted.size() > kMaxShown) text += fmt::format("\nand {} more", sorted.size() - kMaxShown);
  throw Error(ErrorCode::InvalidSpec, text);
}

}  // namespace fstool
