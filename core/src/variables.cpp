#include "variables.h"

#include <fmt/format.h>

#include <algorithm>

#include "deferred_text.h"

namespace fstool {

namespace {

constexpr std::string_view kEnvironmentPrefix = "env:";
constexpr std::string_view kDefaultMark = ":-";

bool is_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto letter_or_digit = [&](char c) { return letter(c) || (c >= '0' && c <= '9'); };
  return !text.empty() && letter(text.front()) && std::ranges::all_of(text, letter_or_digit);
}

}  // namespace

Variables::Variables(const std::vector<std::string>& definitions, Environment environment)
    : environment_(std::move(environment)) {
  for (const std::string& definition : definitions) {
    const std::size_t equals = definition.find('=');
    const std::string name = definition.substr(0, equals);
    if (equals == std::string::npos || !is_name(name)) {
      throw Error(ErrorCode::InvalidArgument,
                  fmt::format("-D {}: expected NAME=VALUE, the name of letters, digits and \"_\"", definition));
    }
    definitions_[name] = definition.substr(equals + 1);
  }
}

void Variables::expand(OptionTable& table) const {
  SpecProblems problems;
  expand(table, problems);
  problems.throw_if_any();
}

void Variables::expand(OptionTable& table, SpecProblems& problems) const {
  for (OptionEntry& entry : table) expand(entry.value, problems);
}

void Variables::expand(OptionValue& value, SpecProblems& problems) const {
  if (std::holds_alternative<std::string>(value.data)) {
    if (!problems.collect(value.location, [&] { expand_text(value); })) problems.close(value.location);
  } else if (auto* array = std::get_if<OptionValue::Array>(&value.data)) {
    for (OptionValue& element : *array) expand(element, problems);
  } else if (auto* table = std::get_if<OptionTable>(&value.data)) {
    expand(*table, problems);
  }
}

void Variables::expand_text(OptionValue& value) const {
  const std::string_view text = std::get<std::string>(value.data);
  std::string expanded;
  bool replaced = false;
  std::size_t position = 0;
  while (position < text.size()) {
    const std::size_t dollar = text.find('$', position);
    expanded += text.substr(position, dollar - position);
    if (dollar == std::string_view::npos) break;
    const std::string_view rest = text.substr(dollar);
    if (rest.starts_with("$${")) {
      expanded += "${";
      position = dollar + 3;
    } else if (rest.starts_with("${")) {
      const std::size_t close = rest.find('}');
      if (close == std::string_view::npos) {
        throw spec_error(value.location, "\"${\" without \"}\"; write \"$${\" for the characters themselves");
      }
      expanded += value_of(rest.substr(2, close - 2), value);
      replaced = true;
      position = dollar + close + 1;
    } else {
      expanded += '$';
      position = dollar + 1;
    }
  }
  value.data = std::move(expanded);
  value.from_text = value.from_text || replaced;
}

std::string Variables::value_of(std::string_view reference, const OptionValue& used_in) const {
  const std::size_t mark = reference.find(kDefaultMark);
  if (mark == std::string_view::npos && is_deferred_name(reference)) {
    return kDeferredMark + std::string(reference) + kDeferredMark;
  }
  std::string_view name = reference.substr(0, mark);
  const bool only_environment = name.starts_with(kEnvironmentPrefix);
  if (only_environment) name.remove_prefix(kEnvironmentPrefix.size());
  if (!is_name(name)) {
    throw spec_error(used_in.location, fmt::format("\"{}\" is not a variable name; write \"$${{\" for the characters "
                                                   "\"${{\" themselves",
                                                   name));
  }
  const std::optional<std::string> value = find(name, only_environment);
  if (mark != std::string_view::npos) {
    return value && !value->empty() ? *value : std::string(reference.substr(mark + kDefaultMark.size()));
  }
  if (value) return *value;
  if (only_environment) {
    throw spec_error(used_in.location, fmt::format("the environment has no variable {0}: set it, or give a default, "
                                                   "${{env:{0}:-…}}",
                                                   name));
  }
  throw spec_error(used_in.location, fmt::format("the variable {0} is not defined{1}: pass -D {0}=VALUE, or set it in "
                                                 "the environment",
                                                 name, did_you_mean(name, defined_names())));
}

std::optional<std::string> Variables::find(std::string_view name, bool only_environment) const {
  if (!only_environment) {
    if (const auto found = definitions_.find(name); found != definitions_.end()) return found->second;
  }
  return environment_(std::string(name));
}

std::vector<std::string> Variables::defined_names() const {
  std::vector<std::string> names;
  for (const auto& [name, value] : definitions_) names.push_back(name);
  return names;
}

}  // namespace fstool
