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

struct Ending {
  std::string format;      ///< empty: none
  std::size_t length = 0;  ///< without the dot
};

/// The longest ending of `name`, in lower case, that chooses a format of this stage.
template <class Interface>
Ending longest_ending(const Registry& registry, const std::string& name) {
  Ending longest;
  for (const auto& [type, format] : registry.all<Interface>()) {
    for (const std::string& extension : format.info.extensions) {
      if (extension.size() > longest.length && name.ends_with("." + lower_case(extension))) {
        longest = {type, extension.size()};
      }
    }
  }
  return longest;
}

}  // namespace

std::string place_text(const LocationPtr& location) {
  if (!location) return {};
  if (location->line == 0) return location->file;
  return fmt::format("{}:{}:{}", location->file, location->line, location->column);
}

void refuse_unknown_options(const OptionTable& options, const std::vector<OptionInfo>& known,
                            const std::vector<std::string>& others) {
  for (const OptionEntry& entry : options) {
    const auto same_name = [&](const OptionInfo& option) { return option.name == entry.key; };
    if (std::ranges::any_of(known, same_name)) continue;
    std::vector<OptionInfo> all = known;
    for (const std::string& key : others) all.emplace_back().name = key;
    detail::throw_unknown_option(entry, all);
  }
}

OutputFormats formats_for(const Registry& registry, const std::filesystem::path& output) {
  const std::string name = lower_case(output.filename().string());
  const Ending codec = longest_ending<Codec>(registry, name);
  const std::string stem = codec.length == 0 ? name : name.substr(0, name.size() - codec.length - 1);
  const Ending container = longest_ending<Container>(registry, stem);
  // "tgz" is the ending of both.
  const Ending filesystem =
      std::max(longest_ending<Filesystem>(registry, stem), longest_ending<Filesystem>(registry, name),
               [](const Ending& a, const Ending& b) { return a.length < b.length; });
  return {container.length == 0 ? std::string(kPlainContainer) : container.format, codec.format, filesystem.format};
}

}  // namespace fstool
