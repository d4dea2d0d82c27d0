/// \file
/// What can be said for a shell of the value of an option, by how help names it.
#pragma once

#include <algorithm>
#include <string>

#include "command_line.h"

namespace fstool {

enum class ValueKind {
  None,       ///< the option has no value
  File,       ///< "FILE", "ARCHIVE"
  Directory,  ///< "DIR"
  Choice,     ///< "auto|always|never"
  Other,
};

inline ValueKind value_kind(const OptionManual& option) {
  if (option.value.empty()) return ValueKind::None;
  if (option.value == "FILE" || option.value == "ARCHIVE") return ValueKind::File;
  if (option.value == "DIR") return ValueKind::Directory;
  return option.value.find('|') != std::string::npos ? ValueKind::Choice : ValueKind::Other;
}

/// Of a ValueKind::Choice, separated by blanks.
inline std::string choices(const OptionManual& option) {
  std::string text = option.value;
  std::ranges::replace(text, '|', ' ');
  return text;
}

/// As help says it.
inline bool may_be_repeated(const OptionManual& option) {
  std::string text = option.description;
  std::ranges::replace(text, '\n', ' ');
  return text.find("may be repeated") != std::string::npos;
}

/// One line.
inline std::string one_line_description(const OptionManual& option) {
  std::string text = option.description;
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace fstool
