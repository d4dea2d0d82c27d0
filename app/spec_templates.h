/// \file
/// Specs to start with.
#pragma once

#include <span>
#include <string_view>

namespace fstool {

struct SpecTemplate {
  std::string_view name;
  std::string_view text;  ///< TOML; its first line is a comment that says what it makes
};

/// By name. Made from app/templates.
std::span<const SpecTemplate> spec_templates();

}  // namespace fstool
