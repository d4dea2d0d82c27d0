/// \file
/// The starter projects of plugins, as core/templates has them.
#pragma once

#include <span>
#include <string_view>

namespace fstool {

struct EmbeddedFile {
  std::string_view name;  ///< relative to core/templates
  std::string_view text;
};

/// All files of core/templates, sorted by name.
std::span<const EmbeddedFile> plugin_templates();

}  // namespace fstool
