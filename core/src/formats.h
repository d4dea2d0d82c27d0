/// \file
/// From a choice in a spec to the format that a plugin offers, with errors that point at the spec.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/error.h"
#include "fstool/registry.h"
#include "spec_values.h"

namespace fstool {

/// "spec.toml:3:8" for the error chain; empty without a place.
std::string place_text(const LocationPtr& location);

/// The format `type`. Throws Error(NotFound), one line, which begins with the place in the spec.
template <class Interface>
const Format<Interface>& find_format(const Registry& registry, const std::string& type, const LocationPtr& location) {
  try {
    return registry.get<Interface>(type);
  } catch (Error& error) {
    if (const std::string place = place_text(location); !place.empty()) error.add_context(place);
    throw;
  }
}

/// Throws spec_error() for an option that neither `known` nor `others`, the keys that are handled elsewhere, have.
void refuse_unknown_options(const OptionTable& options, const std::vector<OptionInfo>& known,
                            const std::vector<std::string>& others);

/// Makes the format of `choice` with its options.
template <class Interface>
std::unique_ptr<Interface> create_format(const Registry& registry, const FormatChoice& choice,
                                         const std::vector<std::string>& other_keys) {
  const Format<Interface>& format = find_format<Interface>(registry, choice.type, choice.location);
  refuse_unknown_options(choice.options, format.info.options, other_keys);
  return format.create(choice.options);
}

/// What the name of an output chooses by its ending, each by the longest that fits.
struct OutputFormats {
  std::string container;   ///< "raw" if no ending fits
  std::string codec;       ///< of an ending behind the container's or file system's; empty: none
  std::string filesystem;  ///< that is a file of its own; empty: none
};

/// "disk.qcow2" is a qcow2, "root.tar.gz" a tar in a raw container with the codec gzip.
OutputFormats formats_for(const Registry& registry, const std::filesystem::path& output);

}  // namespace fstool
