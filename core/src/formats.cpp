#include "formats.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <optional>

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

/// What `use` throws about `options`, if anything.
std::optional<Error> complaint_of(const std::function<void(const OptionTable&)>& use, const OptionTable& options) {
  try {
    use(options);
    return std::nullopt;
  } catch (const Error& error) {
    if (error.code() != ErrorCode::InvalidSpec && error.code() != ErrorCode::InvalidArgument) throw;
    return error;
  }
}

/// The option without which there is no such complaint.
std::optional<std::size_t> find_culprit(const std::function<void(const OptionTable&)>& use, const OptionTable& options,
                                        const Error& complaint) {
  for (std::size_t i = 0; i < options.size(); ++i) {
    OptionTable others = options;
    others.erase(others.begin() + static_cast<std::ptrdiff_t>(i));
    const std::optional<Error> other = complaint_of(use, others);
    if (!other || std::string_view(other->what()) != complaint.what()) return i;
  }
  return std::nullopt;
}

}  // namespace

void refuse_unknown_options(const OptionTable& options, const std::vector<OptionInfo>& known,
                            const std::vector<std::string>& others) {
  SpecProblems problems;
  without_unknown_options(options, known, others, problems);
  problems.throw_if_any();
}

OptionTable without_unknown_options(const OptionTable& options, const std::vector<OptionInfo>& known,
                                    const std::vector<std::string>& others, SpecProblems& problems) {
  OptionTable right;
  for (const OptionEntry& entry : options) {
    const auto same_name = [&](const OptionInfo& option) { return option.name == entry.key; };
    if (std::ranges::any_of(known, same_name)) {
      right.push_back(entry);
      continue;
    }
    std::vector<OptionInfo> all = known;
    for (const std::string& key : others) all.emplace_back().name = key;
    problems.collect(entry.location, [&] { detail::throw_unknown_option(entry, all); });
  }
  return right;
}

void use_options(OptionTable options, const LocationPtr& location, const std::function<void(const OptionTable&)>& use,
                 SpecProblems& problems) {
  while (const std::optional<Error> complaint = complaint_of(use, options)) {
    const std::optional<std::size_t> culprit = find_culprit(use, options, *complaint);
    const LocationPtr& place = culprit ? options[*culprit].value.location : location;
    if (complaint->code() == ErrorCode::InvalidSpec) {
      problems.add(place, *complaint);
    } else {
      problems.add(place, complaint->what());
    }
    if (!culprit) return;
    options.erase(options.begin() + static_cast<std::ptrdiff_t>(*culprit));
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

std::string filesystem_ending(const Registry& registry, const std::filesystem::path& output) {
  const OutputFormats formats = formats_for(registry, output);
  if (!formats.filesystem.empty()) return formats.filesystem;
  std::filesystem::path name = lower_case(output.filename().string());
  if (!formats.codec.empty()) name = name.stem();
  const std::string extension = name.extension().string();
  return extension.empty() ? extension : extension.substr(1);
}

}  // namespace fstool
