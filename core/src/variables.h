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
#include "spec_problems.h"

namespace fstool {

/// Looks names up, first among definitions, then in the environment. Immutable.
class Variables {
 public:
  using Environment = std::function<std::optional<std::string>(const std::string& name)>;

  /// `definitions` are "name=value" as -D takes them; the last one of a name counts. Throws Error(InvalidArgument).
  Variables(const std::vector<std::string>& definitions, Environment environment);

  /// Replaces in the strings of `table`, at any depth:
  ///
  ///     ${name}            the definition, or else the environment's variable of that name
  ///     ${env:NAME}        the environment's
  ///     ${name:-default}   the same, or what follows the mark, up to the brace, if there is none or it is empty;
  ///     ${env:NAME:-default}
  ///     $${                the characters ${
  ///
  /// Keys are left alone. The name of a value that comes out later, as "deferred_text.h" has it, gets its marks. A
  /// string with a replacement may stand for a number or a boolean (`level = "${LEVEL}"`).
  /// Throws spec_error() for each name that is not defined or not a name.
  void expand(OptionTable& table) const;
  /// The same; what is wrong goes to `problems`, and stays as it is.
  void expand(OptionTable& table, SpecProblems& problems) const;

 private:
  void expand(OptionValue& value, SpecProblems& problems) const;
  void expand_text(OptionValue& value) const;
  /// `reference` is what stands between the braces.
  std::string value_of(std::string_view reference, const OptionValue& used_in) const;
  std::optional<std::string> find(std::string_view name, bool only_environment) const;
  std::vector<std::string> defined_names() const;

  std::map<std::string, std::string, std::less<>> definitions_;
  Environment environment_;
};

}  // namespace fstool
