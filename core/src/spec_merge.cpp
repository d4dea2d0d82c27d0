#include "spec_merge.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

namespace fstool {

namespace {

const std::string* name_of(const OptionValue& element) {
  const auto* table = std::get_if<OptionTable>(&element.data);
  if (table == nullptr) return nullptr;
  const auto entry = std::ranges::find(*table, kNameKey, &OptionEntry::key);
  return entry == table->end() ? nullptr : std::get_if<std::string>(&entry->value.data);
}

bool is_array_of_tables(const OptionValue::Array& array) {
  return std::ranges::all_of(
      array, [](const OptionValue& element) { return std::holds_alternative<OptionTable>(element.data); });
}

void merge_arrays(OptionValue::Array& base, OptionValue::Array over) {
  for (OptionValue& element : over) {
    const std::string* name = name_of(element);
    OptionValue* same = name == nullptr ? nullptr : find_named(base, *name);
    if (same == nullptr) {
      base.push_back(std::move(element));
    } else {
      merge_tables(std::get<OptionTable>(same->data), std::get<OptionTable>(std::move(element.data)));
    }
  }
}

void merge_values(OptionValue& base, OptionValue over) {
  auto* base_table = std::get_if<OptionTable>(&base.data);
  auto* over_table = std::get_if<OptionTable>(&over.data);
  auto* base_array = std::get_if<OptionValue::Array>(&base.data);
  auto* over_array = std::get_if<OptionValue::Array>(&over.data);
  if (base_table != nullptr && over_table != nullptr) {
    merge_tables(*base_table, std::move(*over_table));
  } else if (base_array != nullptr && over_array != nullptr && !over_array->empty() &&
             is_array_of_tables(*base_array) && is_array_of_tables(*over_array)) {
    merge_arrays(*base_array, std::move(*over_array));
  } else {
    base = std::move(over);
  }
}

}  // namespace

const std::string_view kNameKey = "name";

OptionValue* find_named(OptionValue::Array& array, std::string_view name) {
  const auto found = std::ranges::find_if(array, [&](const OptionValue& element) {
    const std::string* other = name_of(element);
    return other != nullptr && *other == name;
  });
  return found == array.end() ? nullptr : &*found;
}

OptionValue* find_value(OptionTable& table, std::string_view key) {
  const auto found = std::ranges::find(table, key, &OptionEntry::key);
  return found == table.end() ? nullptr : &found->value;
}

void merge_tables(OptionTable& base, OptionTable over) {
  for (OptionEntry& entry : over) {
    if (OptionValue* value = find_value(base, entry.key)) {
      merge_values(*value, std::move(entry.value));
    } else {
      base.push_back(std::move(entry));
    }
  }
}

}  // namespace fstool
