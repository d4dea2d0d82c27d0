#include "rules/tree_path.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace fstool {

std::vector<std::string_view> names_of(std::string_view path) {
  std::vector<std::string_view> names;
  while (!path.empty()) {
    const std::string_view name = path.substr(0, path.find('/'));
    if (!name.empty()) names.push_back(name);
    path.remove_prefix(std::min(name.size() + 1, path.size()));
  }
  return names;
}

std::string clean_path(std::string_view path, const LocationPtr& location) {
  const std::vector<std::string_view> names = names_of(path);
  for (const std::string_view name : names) {
    if (name != "." && name != "..") continue;
    throw spec_error(location, fmt::format("the path \"{}\" has a \"{}\"", path, name));
  }
  if (names.empty())
    throw spec_error(location, fmt::format("the path \"{}\" must name something below the root", path));
  return fmt::format("{}", fmt::join(names, "/"));
}

}  // namespace fstool
