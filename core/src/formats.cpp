#include "formats.h"

#include <cctype>

namespace fstool {

namespace {

/// What an output is when nothing says otherwise: the bytes themselves.
constexpr std::string_view kPlainContainer = "raw";

std::string lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

std::string place_text(const LocationPtr& location) {
  if (!location) return {};
  if (location->line == 0) return location->file;
  return fmt::format("{}:{}:{}", location->file, location->line, location->column);
}

void refuse_unknown_options(const OptionTable& options, const FormatInfo& info,
                            const std::vector<std::string>& others) {
  for (const OptionEntry& entry : options) {
    const auto same_name = [&](const OptionInfo& option) { return option.name == entry.key; };
    if (std::ranges::any_of(info.options, same_name)) continue;
    std::vector<OptionInfo> known = info.options;
    for (const std::string& key : others) known.emplace_back().name = key;
    detail::throw_unknown_option(entry, known);
  }
}

std::string container_for(const Registry& registry, const std::filesystem::path& output) {
  const std::string name = lower_case(output.filename().string());
  std::string best(kPlainContainer);
  std::size_t longest = 0;
  for (const auto& [type, format] : registry.all<Container>()) {
    for (const std::string& extension : format.info.extensions) {
      if (extension.size() > longest && name.ends_with("." + lower_case(extension))) {
        best = type;
        longest = extension.size();
      }
    }
  }
  return best;
}

}  // namespace fstool
