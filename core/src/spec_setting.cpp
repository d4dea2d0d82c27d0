#include "spec_setting.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "fstool/error.h"
#include "spec_merge.h"
#include "spec_toml.h"
#include "toml_nesting.h"

namespace fstool {

namespace {

using LocationPtr = SpecProblems::LocationPtr;

struct Setting {
  std::vector<std::string> path;
  std::string value;
  LocationPtr location;
};

/// One word of a path, without its quotes. Takes it off the front of `text`.
std::string take_word(std::string_view& text, const LocationPtr& location) {
  std::size_t end = 0;
  std::string word;
  if (const char quote = text.empty() ? '\0' : text.front(); quote == '"' || quote == '\'') {
    end = text.find(quote, 1);
    if (end == std::string_view::npos) throw spec_error(location, "a quote is not closed");
    word = text.substr(1, end - 1);
    ++end;
  } else {
    end = std::min(text.find_first_of(".="), text.size());
    word = text.substr(0, end);
    if (word.empty()) throw spec_error(location, "expected PATH=VALUE, as in partitions.root.size=2GiB");
  }
  text.remove_prefix(end);
  return word;
}

Setting parse_setting(const std::string& text, const LocationPtr& location) {
  Setting setting;
  setting.location = location;
  std::string_view rest = text;
  do {
    setting.path.push_back(take_word(rest, location));
  } while (rest.starts_with('.') && (rest.remove_prefix(1), true));
  if (!rest.starts_with('=')) throw spec_error(location, "expected PATH=VALUE, as in partitions.root.size=2GiB");
  if (setting.path.size() > kMaxTomlNesting) throw spec_error(location, "nested too deeply");
  setting.value = rest.substr(1);
  return setting;
}

/// Gives what lies in `value` the place of the setting.
void move_to(OptionValue& value, const LocationPtr& location) {
  value.location = location;
  if (auto* array = std::get_if<OptionValue::Array>(&value.data)) {
    for (OptionValue& element : *array) move_to(element, location);
  } else if (auto* table = std::get_if<OptionTable>(&value.data)) {
    for (OptionEntry& entry : *table) {
      entry.location = location;
      move_to(entry.value, location);
    }
  }
}

OptionValue value_of(const Setting& setting) {
  constexpr std::string_view kTomlStarts = "[{\"'";
  OptionValue value;
  if (!setting.value.empty() && kTomlStarts.find(setting.value.front()) != std::string_view::npos) {
    value = std::move(parse_toml("value = " + setting.value, setting.location->file).front().value);
  } else {
    value.data = setting.value;
    value.from_text = true;
  }
  move_to(value, setting.location);
  return value;
}

OptionValue* element_of(OptionValue::Array& array, const std::string& word) {
  if (OptionValue* named = find_named(array, word)) return named;
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), index);
  const bool is_number = error == std::errc() && end == word.data() + word.size();
  return is_number && index < array.size() ? &array[index] : nullptr;
}

std::vector<std::string> names_of(OptionValue::Array& array) {
  std::vector<std::string> names;
  for (OptionValue& element : array) {
    auto* table = std::get_if<OptionTable>(&element.data);
    OptionValue* name = table == nullptr ? nullptr : find_value(*table, kNameKey);
    if (name != nullptr && std::holds_alternative<std::string>(name->data)) {
      names.push_back(std::get<std::string>(name->data));
    }
  }
  return names;
}

OptionValue& enter_array(OptionValue::Array& array, const Setting& setting, std::size_t depth) {
  const std::string& word = setting.path[depth];
  if (OptionValue* element = element_of(array, word)) return *element;
  const std::vector<std::string> names = names_of(array);
  throw spec_error(
      setting.location,
      fmt::format("{} has no element \"{}\"{}: it has {}, from 0{}",
                  fmt::join(setting.path.begin(), setting.path.begin() + static_cast<std::ptrdiff_t>(depth), "."), word,
                  did_you_mean(word, names), array.size(),
                  names.empty() ? "" : fmt::format(", named {}", fmt::join(names, ", "))));
}

OptionValue& enter_table(OptionTable& table, const Setting& setting, std::size_t depth) {
  const std::string& word = setting.path[depth];
  if (OptionValue* value = find_value(table, word)) return *value;
  OptionValue made;
  made.data = OptionTable();
  made.location = setting.location;
  table.push_back({.key = word, .value = std::move(made), .location = setting.location});
  return table.back().value;
}

void set_value(OptionTable& table, const Setting& setting) {
  OptionValue* value = &enter_table(table, setting, 0);
  for (std::size_t depth = 1; depth < setting.path.size(); ++depth) {
    if (auto* array = std::get_if<OptionValue::Array>(&value->data)) {
      value = &enter_array(*array, setting, depth);
    } else if (auto* inner = std::get_if<OptionTable>(&value->data)) {
      value = &enter_table(*inner, setting, depth);
    } else {
      throw spec_error(setting.location, fmt::format("{} is {}, in which there is no \"{}\"", setting.path[depth - 1],
                                                     value->type_name(), setting.path[depth]));
    }
  }
  *value = value_of(setting);
}

}  // namespace

void apply_setting(OptionTable& table, const std::string& setting, SpecProblems& problems, std::string_view option) {
  const auto location = std::make_shared<const SpecLocation>(
      SpecLocation{.file = fmt::format("{} {}", option, setting), .line = 0, .column = 0, .line_text = {}});
  problems.collect(location, [&] {
    // Half of what a wrong setting makes would be told of again.
    OptionTable changed = table;
    set_value(changed, parse_setting(setting, location));
    table = std::move(changed);
  });
}

}  // namespace fstool
