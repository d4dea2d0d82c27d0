/// \file
/// Variables: the values of `${name}` in a spec.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fstool/options.h"

namespace fstool {

/// Looks names up, first among definitions, then in the environment. Immutable.
class Variables {
 public:
  using Environment = std::function<std::optional<std::string>(const std::string& name)>;

  /// `definitions` are "name=value" as -D takes them; the last one of a name counts. Throws Error(InvalidArgument).
  Variables(const std::vector<std::string>& definitions, Environment environment);

  /// Replaces every `${name}` in the strings of `table`, at any depth; keys are left alone, and `$${` stands for
  /// `${`. The name of a value that comes out later, as "deferred_text.h" has it, gets its marks. A string with a
  /// replacement may stand for a number or a boolean (`level = "${LEVEL}"`).
  /// Throws spec_error() for a name that is not defined or not a name.
  void expand(OptionTable& table) const;

 private:
  void expand(OptionValue& value) const;
  void expand_text(OptionValue& value) const;
  std::string value_of(std::string_view name, const OptionValue& used_in) const;

  std::map<std::string, std::string, std::less<>> definitions_;
  Environment environment_;
};

}  // namespace fstool
