/// \file
/// From a choice in a spec to the format that a plugin offers, with errors that point at the spec.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/error.h"
#include "fstool/registry.h"
#include "spec_problems.h"
#include "spec_values.h"

namespace fstool {

/// The format `type`. Throws Error(NotFound), or spec_error() at `location` if that is not null.
template <class Interface>
const Format<Interface>& find_format(const Registry& registry, const std::string& type, const LocationPtr& location) {
  try {
    return registry.get<Interface>(type);
  } catch (const Error& error) {
    if (!location || error.code() != ErrorCode::NotFound) throw;
    throw spec_error(location, error.what());
  }
}

/// Throws spec_error() for an option that neither `known` nor `others`, the keys that are handled elsewhere, have.
void refuse_unknown_options(const OptionTable& options, const std::vector<OptionInfo>& known,
                            const std::vector<std::string>& others);

/// What neither `known` nor `others` have goes to `problems`; the rest is returned.
OptionTable without_unknown_options(const OptionTable& options, const std::vector<OptionInfo>& known,
                                    const std::vector<std::string>& others, SpecProblems& problems);

/// Calls `use` with `options`, and as long as it throws Error(InvalidSpec/InvalidArgument), without the option that it
/// complains of: what it says of each goes to `problems`. An option is to blame if the complaint is another one, or
/// none, without it; a complaint that stays whatever is left out points at `location`, and is the last.
void use_options(OptionTable options, const LocationPtr& location, const std::function<void(const OptionTable&)>& use,
                 SpecProblems& problems);

/// Makes the format of `choice` with its options.
template <class Interface>
std::unique_ptr<Interface> create_format(const Registry& registry, const FormatChoice& choice,
                                         const std::vector<std::string>& other_keys) {
  const Format<Interface>& format = find_format<Interface>(registry, choice.type, choice.location);
  refuse_unknown_options(choice.options, format.info.options, other_keys);
  return format.create(choice.options);
}

/// Makes it with those of its options that are right; what is wrong goes to `problems`. Null if there is no such
/// format, or no type.
template <class Interface>
std::unique_ptr<Interface> create_format(const Registry& registry, const FormatChoice& choice,
                                         const std::vector<std::string>& other_keys, SpecProblems& problems) {
  std::unique_ptr<Interface> made;
  if (choice.type.empty() && !choice.location) return made;  // that it is missing is known
  problems.collect(choice.location, [&] {
    const Format<Interface>& format = find_format<Interface>(registry, choice.type, choice.location);
    use_options(
        without_unknown_options(choice.options, format.info.options, other_keys, problems), choice.location,
        [&](const OptionTable& options) { made = format.create(options); }, problems);
  });
  return made;
}

/// What the name of an output chooses by its ending, each by the longest that fits.
struct OutputFormats {
  std::string container;   ///< "raw" if no ending fits
  std::string codec;       ///< of an ending behind the container's or file system's; empty: none
  std::string filesystem;  ///< that is a file of its own; empty: none
};

/// "disk.qcow2" is a qcow2, "root.tar.gz" a tar in a raw container with the codec gzip.
OutputFormats formats_for(const Registry& registry, const std::filesystem::path& output);

/// The file system that the ending of an output names: that of a file of its own, or else the ending itself without
/// that of a codec, in lower case: "tar" of "root.tgz", "ext4" of "root.ext4.zst", "img" of "disk.img", which is none.
std::string filesystem_ending(const Registry& registry, const std::filesystem::path& output);

}  // namespace fstool
