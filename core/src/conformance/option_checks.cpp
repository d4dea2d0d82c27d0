#include "option_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <string_view>
#include <utility>

#include "checklist.h"
#include "damage.h"

namespace fstool::conformance {

namespace {

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kDigits = "0123456789";
constexpr std::uint64_t kLongestText = 4096;

/// Letters, digits and underscores; a letter in front.
bool is_snake_case(std::string_view name) {
  if (name.empty() || kLetters.find(name.front()) == std::string_view::npos || name.back() == '_') return false;
  return std::ranges::all_of(name, [](char letter) {
    return letter == '_' || kLetters.find(letter) != std::string_view::npos ||
           kDigits.find(letter) != std::string_view::npos;
  });
}

/// Each choice, the bounds, and for what has neither some values that it may refuse.
std::vector<std::string> sample_values(const OptionInfo& option) {
  if (!option.choices.empty()) return option.choices;
  if (option.type == "boolean") return {"true", "false"};
  if (option.type == "uuid") return {"00000000-0000-0000-0000-000000000000", "01234567-89ab-4cde-8f01-23456789abcd"};
  if (option.type == "size") return {"0", "1", "3000", "4096", "65536", "1048576", "9223372036854775807"};
  if (option.type == "integer") {
    std::vector<std::string> values;
    if (option.minimum) values.push_back(fmt::format("{}", *option.minimum));
    if (option.maximum) values.push_back(fmt::format("{}", *option.maximum));
    values.emplace_back("1");
    return values;
  }
  if (option.type == "string") {
    return {"", "x", std::string(std::min(option.maximum.value_or(kLongestText), kLongestText), 'x')};
  }
  return {"", "x"};
}

/// Values that the declaration excludes.
std::vector<std::string> excluded_values(const OptionInfo& option) {
  if (!option.choices.empty() || option.type == "boolean" || option.type == "uuid" || option.type == "size") {
    return {"no such value"};
  }
  std::vector<std::string> values;
  if (option.type == "integer") {
    values.emplace_back("no such value");
    if (option.minimum && *option.minimum > std::numeric_limits<std::int64_t>::min()) {
      values.push_back(fmt::format("{}", *option.minimum - 1));
    }
    if (option.maximum && *option.maximum < static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      values.push_back(fmt::format("{}", *option.maximum + 1));
    }
  }
  if (option.type == "string" && option.maximum && *option.maximum < kLongestText) {
    values.emplace_back(*option.maximum + 1, 'x');
  }
  return values;
}

bool allows(const OptionInfo& option, const std::string& value) {
  const std::vector<std::string> excluded = excluded_values(option);
  return std::ranges::find(excluded, value) == excluded.end();
}

std::string shown(const std::string& value) {
  constexpr std::size_t kMostShown = 40;
  return value.size() <= kMostShown ? value : fmt::format("({} letters)", value.size());
}

void require_sane(const OptionInfo& option) {
  static const std::set<std::string_view> types = {"boolean", "integer", "size",           "string",
                                                   "uuid",    "choice",  "list of strings"};
  require(is_snake_case(option.name), "its name is not in snake_case");
  require(types.contains(option.type), fmt::format("it has the unknown type \"{}\"", option.type));
  require(!option.summary.empty(), "it has no summary");
  require(option.summary.ends_with('.'), "its summary is no sentence that ends with a dot");
  const bool bounds_are_sane = !option.minimum || !option.maximum || *option.minimum < 0 ||
                               static_cast<std::uint64_t>(*option.minimum) <= *option.maximum;
  require(bounds_are_sane, "its minimum is larger than its maximum");
  require(option.type != "choice" || !option.choices.empty(), "it has no choices");
  const std::set<std::string> different(option.choices.begin(), option.choices.end());
  require(different.size() == option.choices.size(), "it has a choice twice");
  const bool default_is_choice =
      option.choices.empty() || option.default_text.empty() || different.contains(option.default_text);
  require(default_is_choice, fmt::format("its default \"{}\" is none of its choices", option.default_text));
}

/// Calls `create` with what it has to refuse.
void require_refused(const std::function<void(const OptionTable&)>& create, const OptionTable& table,
                     std::string_view what) {
  require(!unless_refused([&] { create(table); }), fmt::format("{} is not refused", what));
}

void check_option(CheckRun& run, const OptionInfo& option, const std::function<void(const OptionTable&)>& create) {
  const std::string label = fmt::format("option {}", option.name);
  run.attempt(label, [&] { require_sane(option); });
  if (!option.default_text.empty()) {
    run.attempt(fmt::format("{}, its default {}", label, option.default_text),
                [&] { create(one_option(option.name, option.default_text)); });
  }
  for (const std::string& value : sample_values(option)) {
    run.attempt(fmt::format("{} = {}", label, shown(value)),
                [&] { unless_refused([&] { create(one_option(option.name, value)); }); });
  }
  for (const std::string& value : excluded_values(option)) {
    run.attempt(fmt::format("{} = {}", label, shown(value)),
                [&] { require_refused(create, one_option(option.name, value), "a value that it can't have"); });
  }
  run.attempt(fmt::format("{}, an array of arrays", label), [&] {
    OptionValue value;
    value.data = OptionValue::Array{OptionValue{OptionValue::Array{}, false, nullptr}};
    require_refused(create, {{option.name, value, nullptr}}, "a value of another type");
  });
}

}  // namespace

OptionTable one_option(const std::string& name, const std::string& value) {
  return {{name, {value, true, nullptr}, nullptr}};
}

std::vector<OptionSample> option_samples(const std::vector<OptionInfo>& options, bool thorough) {
  std::vector<OptionSample> samples = {{"no options", {}}};
  for (const OptionInfo& option : options) {
    for (const std::string& value : sample_values(option)) {
      if (!allows(option, value)) continue;
      samples.push_back({fmt::format("{} = {}", option.name, shown(value)), one_option(option.name, value)});
    }
  }
  if (!thorough) return samples;
  const std::size_t singles = samples.size();
  for (std::size_t i = 1; i < singles; ++i) {
    for (std::size_t j = i + 1; j < singles; ++j) {
      if (samples[i].table.front().key == samples[j].table.front().key) continue;
      samples.push_back(
          {samples[i].label + ", " + samples[j].label, {samples[i].table.front(), samples[j].table.front()}});
    }
  }
  return samples;
}

void check_options(CheckRun& run, const std::vector<OptionInfo>& options,
                   const std::function<void(const OptionTable&)>& create) {
  std::set<std::string> names;
  for (const OptionInfo& option : options) {
    run.attempt(fmt::format("option {}", option.name),
                [&] { require(names.insert(option.name).second, "it is declared twice"); });
    check_option(run, option, create);
  }
  run.attempt("an option that is not declared",
              [&] { require_refused(create, one_option("no_such_option", "1"), "it"); });
}

template <class Interface>
void check_declaration(const Format<Interface>& format, Checklist& list) {
  list.run("declaration", [&](CheckRun& run) {
    const FormatInfo& info = format.info;
    run.attempt("summary", [&] {
      require(!info.summary.empty(), "there is none");
      require(info.summary.ends_with('.'), "it is no sentence that ends with a dot");
    });
    for (const std::string& extension : info.extensions) {
      run.attempt(fmt::format("extension \"{}\"", extension), [&] {
        require(!extension.empty() && !extension.starts_with('.') && extension.find('/') == std::string::npos,
                "it is not a file name's ending without its dot");
      });
    }
    run.attempt("creation", [&] {
      require(static_cast<bool>(format.create), "there is nothing to create it with");
      require(format.create({}) != nullptr, "create() returns null");
    });
  });
  list.run("option_docs", [&](CheckRun& run) {
    if (!format.create) throw Skip{"it can't be created"};
    check_options(run, format.info.options,
                  [&](const OptionTable& table) { require(format.create(table) != nullptr, "create() returns null"); });
  });
}

template void check_declaration<Source>(const Format<Source>&, Checklist&);
template void check_declaration<Filesystem>(const Format<Filesystem>&, Checklist&);
template void check_declaration<Derivation>(const Format<Derivation>&, Checklist&);
template void check_declaration<PartitionTable>(const Format<PartitionTable>&, Checklist&);
template void check_declaration<Container>(const Format<Container>&, Checklist&);
template void check_declaration<Codec>(const Format<Codec>&, Checklist&);

}  // namespace fstool::conformance
