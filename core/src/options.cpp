#include "fstool/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/algorithm/string/split.hpp>
#include <charconv>
#include <utility>

namespace fstool {
namespace {

/// Blanks that bring a caret below byte `column` of `line`: tabs stay tabs, and a UTF-8 sequence takes one place.
std::string caret_indent(std::string_view line, std::uint32_t column) {
  std::string indent;
  for (const char c : line.substr(0, column - 1)) {
    const bool continues_character = (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
    if (!continues_character) indent += c == '\t' ? '\t' : ' ';
  }
  return indent;
}

/// The value as its writer wrote it, for messages. Text that stands for a number or a size needs no quotes.
std::string shown(const OptionValue& value, const OptionInfo& info) {
  if (const auto* flag = std::get_if<bool>(&value.data)) return *flag ? "true" : "false";
  if (const auto* integer = std::get_if<std::int64_t>(&value.data)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&value.data)) return fmt::format("{}", *real);
  if (const auto* text = std::get_if<std::string>(&value.data)) {
    const bool is_number = info.type == "integer" || info.type == "size";
    return is_number && value.from_text ? *text : fmt::format("\"{}\"", *text);
  }
  return std::string(value.type_name());
}

Error wrong_type(const OptionValue& value, const OptionInfo& info, std::string_view wanted) {
  const bool is_wrong_text = value.from_text || std::holds_alternative<std::string>(value.data);
  return spec_error(value.location, fmt::format("{} must be {}, not {}", info.name, wanted,
                                                is_wrong_text ? shown(value, info) : std::string(value.type_name())));
}

/// "at least 1", "at most 7" or "between 1 and 7".
std::string range_text(const OptionInfo& info, const std::string& minimum, const std::string& maximum) {
  if (!info.maximum) return "at least " + minimum;
  if (!info.minimum) return "at most " + maximum;
  return fmt::format("between {} and {}", minimum, maximum);
}

std::optional<std::int64_t> integer_from_text(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
  if (hexadecimal) text.remove_prefix(2);
  std::uint64_t magnitude = 0;
  const char* const end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, magnitude, hexadecimal ? 16 : 10);
  if (error != std::errc{} || parsed != end) return std::nullopt;
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (magnitude > kMax + (negative ? 1 : 0)) return std::nullopt;
  return static_cast<std::int64_t>(negative ? 0 - magnitude : magnitude);
}

/// One `key=value` of the text that `-O` takes, up to the comma that ends it.
std::string take_option_item(std::string_view& text) {
  std::string item;
  while (!text.empty() && text.front() != ',') {
    if (text.front() == '\\') {
      text.remove_prefix(1);
      if (!text.starts_with(',') && !text.starts_with('\\')) {
        throw Error(ErrorCode::InvalidArgument,
                    R"(-O: a backslash must be followed by "," or "\" (write "\\" for one))");
      }
    }
    item += text.front();
    text.remove_prefix(1);
  }
  return item;
}

OptionEntry parse_option_item(const std::string& item, const std::shared_ptr<const SpecLocation>& location) {
  const std::size_t equals = item.find('=');
  if (equals == 0 || equals == std::string::npos) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("-O: expected key=value, found \"{}\"", item));
  }
  return {item.substr(0, equals), {item.substr(equals + 1), true, location}, location};
}

}  // namespace

std::string_view OptionValue::type_name() const {
  struct Name {
    std::string_view operator()(bool) const { return "a boolean"; }
    std::string_view operator()(std::int64_t) const { return "an integer"; }
    std::string_view operator()(double) const { return "a float"; }
    std::string_view operator()(const std::string&) const { return "a string"; }
    std::string_view operator()(const Array&) const { return "an array"; }
    std::string_view operator()(const Table&) const { return "a table"; }
  };
  return std::visit(Name{}, data);
}

Error spec_error(const std::shared_ptr<const SpecLocation>& location, std::string_view message) {
  if (!location) return Error(ErrorCode::InvalidSpec, std::string(message));
  if (location->line == 0) return Error(ErrorCode::InvalidSpec, fmt::format("{}: {}", location->file, message));
  // A drawing below the message stays below the line that it is about.
  const std::size_t end = std::min(message.find('\n'), message.size());
  const std::string_view first = message.substr(0, end);
  const std::string_view rest = message.substr(end);
  if (location->column == 0) {
    return Error(ErrorCode::InvalidSpec,
                 fmt::format("{}:{}: {}\n{}{}", location->file, location->line, first, location->line_text, rest));
  }
  return Error(ErrorCode::InvalidSpec,
               fmt::format("{}:{}:{}: {}\n{}\n{}^{}", location->file, location->line, location->column, first,
                           location->line_text, caret_indent(location->line_text, location->column), rest));
}

OptionTable parse_option_text(std::string_view text) {
  const auto location = std::make_shared<const SpecLocation>(SpecLocation{"-O", 0, 0, {}});
  OptionTable table;
  while (true) {
    OptionEntry entry = parse_option_item(take_option_item(text), location);
    for (const OptionEntry& earlier : table) {
      if (earlier.key == entry.key) {
        throw Error(ErrorCode::InvalidArgument, fmt::format("-O: \"{}\" is given twice", entry.key));
      }
    }
    table.push_back(std::move(entry));
    if (text.empty()) return table;
    text.remove_prefix(1);
  }
}

namespace detail {

bool parse_bool(const OptionValue& value, const OptionInfo& info) {
  if (const auto* flag = std::get_if<bool>(&value.data)) return *flag;
  if (const auto* text = std::get_if<std::string>(&value.data); text != nullptr && value.from_text) {
    if (*text == "true") return true;
    if (*text == "false") return false;
  }
  throw wrong_type(value, info, "true or false");
}

std::int64_t parse_integer(const OptionValue& value, const OptionInfo& info) {
  std::optional<std::int64_t> integer;
  if (const auto* number = std::get_if<std::int64_t>(&value.data)) integer = *number;
  if (const auto* text = std::get_if<std::string>(&value.data); text != nullptr && value.from_text) {
    integer = integer_from_text(*text);
  }
  if (!integer) throw wrong_type(value, info, "an integer");
  const bool too_small = info.minimum && *integer < *info.minimum;
  const bool too_large = info.maximum && *integer > 0 && static_cast<std::uint64_t>(*integer) > *info.maximum;
  if (too_small || too_large) {
    throw spec_error(value.location, fmt::format("{} must be {}, not {}", info.name,
                                                 range_text(info, std::to_string(info.minimum.value_or(0)),
                                                            std::to_string(info.maximum.value_or(0))),
                                                 shown(value, info)));
  }
  return *integer;
}

std::uint64_t parse_bytes(const OptionValue& value, const OptionInfo& info) {
  std::optional<Bytes> bytes;
  if (const auto* number = std::get_if<std::int64_t>(&value.data); number != nullptr && *number >= 0) {
    bytes = Bytes{static_cast<std::uint64_t>(*number)};
  }
  if (const auto* text = std::get_if<std::string>(&value.data)) bytes = parse_size(*text);
  if (!bytes) {
    throw spec_error(value.location,
                     fmt::format("{} must be a size (a number of bytes, or a string such as \"64KiB\" or "
                                 "\"1.5GiB\"), not {}",
                                 info.name, shown(value, info)));
  }
  const bool too_small = info.minimum && *info.minimum > 0 && bytes->value < static_cast<std::uint64_t>(*info.minimum);
  const bool too_large = info.maximum && bytes->value > *info.maximum;
  if (too_small || too_large) {
    const auto minimum = static_cast<std::uint64_t>(std::max<std::int64_t>(0, info.minimum.value_or(0)));
    throw spec_error(
        value.location,
        fmt::format("{} must be {}, not {}", info.name,
                    range_text(info, size_text(minimum), size_text(info.maximum.value_or(0))), shown(value, info)));
  }
  return bytes->value;
}

std::string parse_string(const OptionValue& value, const OptionInfo& info) {
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr) throw wrong_type(value, info, "a string");
  if (info.maximum && text->size() > *info.maximum) {
    throw spec_error(value.location, fmt::format("{} must be at most {} bytes long, \"{}\" has {}", info.name,
                                                 *info.maximum, *text, text->size()));
  }
  return *text;
}

Uuid parse_uuid(const OptionValue& value, const OptionInfo& info) {
  const auto* text = std::get_if<std::string>(&value.data);
  const std::optional<Uuid> uuid = text == nullptr ? std::nullopt : Uuid::parse(*text);
  if (!uuid) throw wrong_type(value, info, "a UUID such as \"01234567-89ab-cdef-0123-456789abcdef\"");
  return *uuid;
}

std::vector<std::string> parse_strings(const OptionValue& value, const OptionInfo& info) {
  std::vector<std::string> strings;
  if (const auto* text = std::get_if<std::string>(&value.data); text != nullptr && value.from_text) {
    if (!text->empty()) boost::split(strings, *text, [](char c) { return c == ','; });
    return strings;
  }
  const auto* array = std::get_if<OptionValue::Array>(&value.data);
  if (array == nullptr) throw wrong_type(value, info, "a list of strings");
  for (const OptionValue& element : *array) {
    if (const auto* number = std::get_if<std::int64_t>(&element.data)) {
      strings.push_back(std::to_string(*number));  // a name that is a number, such as that of a bit
    } else if (const auto* text = std::get_if<std::string>(&element.data)) {
      strings.push_back(*text);
    } else {
      throw wrong_type(element, info, "a list of strings");
    }
  }
  return strings;
}

void throw_unknown_option(const OptionEntry& entry, const std::vector<OptionInfo>& known) {
  std::vector<std::string> names;
  names.reserve(known.size());
  for (const OptionInfo& info : known) names.push_back(info.name);
  const std::string suggestion = did_you_mean(entry.key, names);
  std::string message = fmt::format("unknown option \"{}\"{}", entry.key, suggestion);
  if (names.empty()) {
    message += ": there are no options here";
  } else if (suggestion.empty()) {
    message += fmt::format(": must be one of {}", fmt::join(names, ", "));
  }
  throw spec_error(entry.location, message);
}

void throw_repeated_option(const OptionEntry& entry) {
  throw spec_error(entry.location, fmt::format("option \"{}\" is given twice", entry.key));
}

void throw_bad_choice(const OptionValue& value, const OptionInfo& info) {
  const auto* text = std::get_if<std::string>(&value.data);
  throw spec_error(value.location, fmt::format("unsupported {} {}{}: must be one of {}", info.name, shown(value, info),
                                               text == nullptr ? std::string() : did_you_mean(*text, info.choices),
                                               fmt::join(info.choices, ", ")));
}

}  // namespace detail
}  // namespace fstool
