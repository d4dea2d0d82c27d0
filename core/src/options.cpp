#include "fstool/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <numeric>

namespace fstool {

namespace {

/// Number of insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (optimal string
/// alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

std::string shown(const OptionValue& value) {
  if (const auto* text = std::get_if<std::string>(&value.data)) return fmt::format("\"{}\"", *text);
  if (const auto* number = std::get_if<std::int64_t>(&value.data)) return std::to_string(*number);
  if (const auto* real = std::get_if<double>(&value.data)) return fmt::format("{}", *real);
  if (const auto* flag = std::get_if<bool>(&value.data)) return *flag ? "true" : "false";
  return std::string(value.type_name());
}

[[noreturn]] void throw_wrong_type(const OptionValue& value, const OptionInfo& info, std::string_view expected) {
  throw spec_error(value.location,
                   fmt::format("{} must be {}, not {} {}", info.name, expected, value.type_name(), shown(value)));
}

template <class T>
std::optional<T> parse_number(std::string_view text, int base) {
  T number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Decimal, or hexadecimal behind "0x".
std::optional<std::int64_t> integer_in(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) return parse_number<std::int64_t>(text.substr(2), 16);
  return parse_number<std::int64_t>(text, 10);
}

}  // namespace

std::string_view OptionValue::type_name() const {
  switch (data.index()) {
    case 0:
      return "the boolean";
    case 1:
      return "the integer";
    case 2:
      return "the number";
    case 3:
      return "the string";
    case 4:
      return "a list";
    default:
      return "a table";
  }
}

Error spec_error(const std::shared_ptr<const SpecLocation>& location, std::string_view message) {
  if (!location) return Error(ErrorCode::InvalidSpec, std::string(message));
  if (location->line == 0) return Error(ErrorCode::InvalidSpec, fmt::format("{}: {}", location->file, message));
  // Tabs stay tabs in the line of the caret, so that it stands below its column.
  std::string indent = location->line_text.substr(0, location->column > 0 ? location->column - 1 : 0);
  std::replace_if(
      indent.begin(), indent.end(), [](char c) { return c != '\t'; }, ' ');
  return Error(ErrorCode::InvalidSpec, fmt::format("{}:{}:{}: {}\n{}\n{}^", location->file, location->line,
                                                   location->column, message, location->line_text, indent));
}

OptionTable parse_option_text(std::string_view text) {
  OptionTable table;
  static const auto kCommandLine = std::make_shared<const SpecLocation>(SpecLocation{"-O", 0, 0, {}});
  std::string item;
  const auto finish = [&] {
    const std::size_t equals = item.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(ErrorCode::InvalidArgument, fmt::format("\"{}\" is not of the form key=value", item));
    }
    OptionEntry entry;
    entry.key = item.substr(0, equals);
    entry.value.data = item.substr(equals + 1);
    entry.value.from_text = true;
    entry.value.location = kCommandLine;
    entry.location = kCommandLine;
    table.push_back(std::move(entry));
    item.clear();
  };
  if (text.empty()) return table;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size() && (text[i + 1] == ',' || text[i + 1] == '\\')) {
      item += text[++i];
    } else if (text[i] == ',') {
      finish();
    } else {
      item += text[i];
    }
  }
  finish();
  return table;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
  const std::string* best = nullptr;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : known) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = &candidate;
      best_distance = distance;
    }
  }
  return best == nullptr ? std::string() : fmt::format(" (did you mean \"{}\"?)", *best);
}

namespace detail {

bool parse_bool(const OptionValue& value, const OptionInfo& info) {
  if (const auto* flag = std::get_if<bool>(&value.data)) return *flag;
  if (const auto* text = std::get_if<std::string>(&value.data); text != nullptr && value.from_text) {
    if (*text == "true" || *text == "yes" || *text == "1") return true;
    if (*text == "false" || *text == "no" || *text == "0") return false;
  }
  throw_wrong_type(value, info, "true or false");
}

std::int64_t parse_integer(const OptionValue& value, const OptionInfo& info) {
  std::optional<std::int64_t> number;
  if (const auto* integer = std::get_if<std::int64_t>(&value.data)) number = *integer;
  if (const auto* text = std::get_if<std::string>(&value.data); text != nullptr && value.from_text) {
    number = integer_in(*text);
  }
  if (!number) throw_wrong_type(value, info, "an integer");
  const bool below = info.minimum && *number < *info.minimum;
  const bool above = info.maximum && *number >= 0 && static_cast<std::uint64_t>(*number) > *info.maximum;
  if (below || above) {
    throw spec_error(value.location, fmt::format("{} = {} is out of range: it must be from {} to {}", info.name,
                                                 *number, *info.minimum, *info.maximum));
  }
  return *number;
}

std::uint64_t parse_bytes(const OptionValue& value, const OptionInfo& info) {
  if (const auto* integer = std::get_if<std::int64_t>(&value.data); integer != nullptr && *integer >= 0) {
    return static_cast<std::uint64_t>(*integer);
  }
  if (const auto* text = std::get_if<std::string>(&value.data)) {
    if (const auto size = parse_size(*text)) return size->value;
  }
  throw_wrong_type(value, info, "a size such as 512, \"64KiB\" or \"1.5GiB\"");
}

std::string parse_string(const OptionValue& value, const OptionInfo& info) {
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr) throw_wrong_type(value, info, "a string");
  if (info.maximum && text->size() > *info.maximum) {
    throw spec_error(value.location, fmt::format("{} \"{}\" is too long: it has {} bytes, and {} are allowed",
                                                 info.name, *text, text->size(), *info.maximum));
  }
  if (text->find('\0') != std::string::npos) {
    throw spec_error(value.location, fmt::format("{} must not contain a NUL character", info.name));
  }
  return *text;
}

Uuid parse_uuid(const OptionValue& value, const OptionInfo& info) {
  if (const auto* text = std::get_if<std::string>(&value.data)) {
    if (const auto uuid = Uuid::parse(*text)) return *uuid;
  }
  throw_wrong_type(value, info, "a UUID such as \"01234567-89ab-cdef-0123-456789abcdef\"");
}

std::vector<std::string> parse_strings(const OptionValue& value, const OptionInfo& info) {
  if (std::holds_alternative<std::string>(value.data)) return {parse_string(value, info)};
  const auto* array = std::get_if<OptionValue::Array>(&value.data);
  if (array == nullptr) throw_wrong_type(value, info, "a list of strings");
  std::vector<std::string> strings;
  for (const OptionValue& item : *array) strings.push_back(parse_string(item, info));
  return strings;
}

void throw_unknown_option(const OptionEntry& entry, const std::vector<OptionInfo>& known) {
  std::vector<std::string> names;
  for (const OptionInfo& info : known) names.push_back(info.name);
  throw spec_error(entry.location,
                   fmt::format("unknown key \"{}\"{}; {}", entry.key, did_you_mean(entry.key, names),
                               names.empty() ? "there are no options here"
                                             : fmt::format("the options are {}", fmt::join(names, ", "))));
}

void throw_repeated_option(const OptionEntry& entry) {
  throw spec_error(entry.location, fmt::format("{} is given twice", entry.key));
}

void throw_bad_choice(const OptionValue& value, const OptionInfo& info) {
  throw spec_error(value.location, fmt::format("unsupported {} {}{}: it must be one of {}", info.name, shown(value),
                                               std::holds_alternative<std::string>(value.data)
                                                   ? did_you_mean(std::get<std::string>(value.data), info.choices)
                                                   : std::string(),
                                               fmt::join(info.choices, ", ")));
}

}  // namespace detail

}  // namespace fstool
