/// \file
/// Two specs become one.
#pragma once

#include <string_view>

#include "fstool/options.h"

namespace fstool {

/// The key that tells the elements of an array of tables apart: "name".
extern const std::string_view kNameKey;

/// The element of `array` that is a table whose name is `name`; null if there is none.
OptionValue* find_named(OptionValue::Array& array, std::string_view name);

/// The value of `key`; null if there is none.
OptionValue* find_value(OptionTable& table, std::string_view key);

/// Puts what `over` says into `base`: tables are merged key by key, arrays of tables element by element where both have
/// a name that is the same; other elements are added behind, and other values replaced.
void merge_tables(OptionTable& base, OptionTable over);

}  // namespace fstool
