#include "spec_toml.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>
#include <toml.hpp>
#include <tuple>
#include <vector>

#include "fstool/error.h"
#include "toml_nesting.h"

namespace fstool {

namespace {

using LocationPtr = std::shared_ptr<const SpecLocation>;

/// Longer lines are refused: each value is looked up in its line, which is quadratic in the line's length.
constexpr std::size_t kMaxLineBytes = 8 * 1024;

/// As much of a line as a message shows. Each value has a copy, so it must not be much.
constexpr std::size_t kMaxShownBytes = 400;

std::string shown_line(std::string line) {
  if (line.ends_with('\r')) line.pop_back();
  if (line.size() > kMaxShownBytes) line.resize(kMaxShownBytes);
  return line;
}

LocationPtr location_of(const toml::value& value, const std::string& file) {
  const toml::source_location place = value.location();
  return std::make_shared<const SpecLocation>(SpecLocation{
      .file = file, .line = place.line(), .column = place.column(), .line_text = shown_line(place.line_str())});
}

/// Where the key of the value at `value` is written. The parser keeps no place for keys: it is the word in front of the
/// `=` in front of the value. A table with a header of its own has its key there, and keeps the header's place.
LocationPtr location_of_key(const LocationPtr& value) {
  const std::string_view line = value->line_text;
  constexpr std::string_view kBlanks = " \t";
  if (value->column <= 1 || value->column > line.size() + 1) return value;
  std::string_view before = line.substr(0, value->column - 1);
  const std::size_t equals = before.find_last_not_of(kBlanks);
  if (equals == std::string_view::npos || before[equals] != '=') return value;
  before = before.substr(0, equals);
  const std::size_t last = before.find_last_not_of(kBlanks);
  if (last == std::string_view::npos) return value;
  std::size_t first = std::string_view::npos;
  if (before[last] == '"' || before[last] == '\'') {
    if (last > 0) first = before.find_last_of(before[last], last - 1);
  } else {
    const std::size_t delimiter = before.find_last_of(" \t,{", last);
    first = delimiter == std::string_view::npos ? 0 : delimiter + 1;
  }
  if (first == std::string_view::npos) return value;
  SpecLocation key = *value;
  key.column = static_cast<std::uint32_t>(first + 1);
  return std::make_shared<const SpecLocation>(std::move(key));
}

bool written_before(const OptionEntry& left, const OptionEntry& right) {
  const SpecLocation& a = *left.value.location;
  const SpecLocation& b = *right.value.location;
  return std::tie(a.line, a.column, left.key) < std::tie(b.line, b.column, right.key);
}

OptionTable convert_table(const toml::table& table, const std::string& file);

OptionValue convert(const toml::value& value, const std::string& file) {
  OptionValue result;
  result.location = location_of(value, file);
  switch (value.type()) {
    case toml::value_t::boolean:
      result.data = value.as_boolean();
      break;
    case toml::value_t::integer:
      result.data = std::int64_t{value.as_integer()};
      break;
    case toml::value_t::floating:
      result.data = double{value.as_floating()};
      break;
    case toml::value_t::string:
      result.data = value.as_string().str;
      break;
    case toml::value_t::array: {
      OptionValue::Array elements;
      elements.reserve(value.as_array().size());
      for (const toml::value& element : value.as_array()) elements.push_back(convert(element, file));
      result.data = std::move(elements);
      break;
    }
    case toml::value_t::table:
      result.data = convert_table(value.as_table(), file);
      break;
    default:
      throw spec_error(result.location, "dates and times have no meaning here: write seconds since 1970, or a string");
  }
  return result;
}

OptionTable convert_table(const toml::table& table, const std::string& file) {
  OptionTable result;
  result.reserve(table.size());
  for (const auto& [key, value] : table) {
    OptionValue converted = convert(value, file);
    const LocationPtr key_location = location_of_key(converted.location);
    result.push_back({.key = key, .value = std::move(converted), .location = key_location});
  }
  std::ranges::sort(result, written_before);
  return result;
}

/// Line and column of an offset into `text`.
LocationPtr location_at(std::string_view text, std::size_t offset, const std::string& file) {
  const std::size_t newline = text.substr(0, offset).rfind('\n');
  const std::size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
  const std::size_t end = std::min(text.find('\n', offset), text.size());
  const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n') + 1;
  return std::make_shared<const SpecLocation>(
      SpecLocation{.file = file,
                   .line = static_cast<std::uint32_t>(line),
                   .column = static_cast<std::uint32_t>(offset - begin + 1),
                   .line_text = shown_line(std::string(text.substr(begin, end - begin)))});
}

/// The offset of the first line that is too long, if any.
std::optional<std::size_t> excessive_line(std::string_view text) {
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    if (end - begin > kMaxLineBytes) return begin;
    begin = end + 1;
  }
  return std::nullopt;
}

/// The parser's own report of a syntax error, taken apart: it is several lines of text, of which the first says what
/// is wrong and the next ones draw where.
struct SyntaxReport {
  std::string message;
  std::uint32_t line = 0;    ///< 0: not found in the report
  std::uint32_t column = 0;  ///< from 1
};

/// "[error] toml::parse_array: missing array separator `,`" without what only the parser's authors want to know.
std::string bare_message(std::string_view line) {
  if (line.starts_with("[error]")) line.remove_prefix(std::string_view("[error]").size());
  while (line.starts_with(' ')) line.remove_prefix(1);
  if (line.starts_with("toml::") || line.starts_with("parse_") || line.starts_with("[error]")) {
    const std::size_t colon = line.find(": ");
    if (colon != std::string_view::npos) line.remove_prefix(colon + 2);
  }
  return std::string(line);
}

SyntaxReport take_apart(const std::string& report) {
  SyntaxReport result;
  std::istringstream lines(report);
  std::string line;
  std::getline(lines, line);
  result.message = bare_message(line);
  while (std::getline(lines, line)) {
    // " 12 | the line's text", then "    | ~~~~ comment" below it.
    const std::size_t bar = line.find(" | ");
    const std::size_t digit = line.find_first_not_of(' ');
    if (bar == std::string::npos || digit >= bar) continue;
    const auto parsed = std::from_chars(line.data() + digit, line.data() + bar, result.line);
    if (parsed.ec != std::errc() || parsed.ptr != line.data() + bar) continue;
    std::string drawing;
    std::getline(lines, drawing);
    const std::size_t mark = drawing.find_first_of("^~", std::min(bar + 3, drawing.size()));
    if (mark == std::string::npos) return result;
    result.column = static_cast<std::uint32_t>(mark - bar - 2);
    const std::size_t comment = drawing.find(' ', mark);
    if (comment != std::string::npos && comment + 1 < drawing.size()) {
      result.message += fmt::format(" ({})", drawing.substr(comment + 1));
    }
    return result;
  }
  return result;
}

Error syntax_error(const toml::syntax_error& error, std::string_view text, const std::string& file) {
  SyntaxReport report = take_apart(error.what());
  if (report.column == 0) {
    report.line = error.location().line();
    report.column = error.location().column();
  }
  std::size_t line_start = 0;
  for (std::uint32_t line = 1; line < report.line; ++line) {
    const std::size_t newline = text.find('\n', line_start);
    if (newline == std::string_view::npos) break;
    line_start = newline + 1;
  }
  const std::size_t offset = std::min<std::size_t>(line_start + report.column - 1, text.size());
  return spec_error(location_at(text, offset, file), report.message);
}

}  // namespace

OptionTable parse_toml(std::string_view text, const std::string& file) {
  if (const auto offset = excessive_toml_nesting(text)) {
    throw spec_error(location_at(text, *offset, file), "nested too deeply");
  }
  if (const auto offset = excessive_line(text)) {
    throw spec_error(location_at(text, *offset, file), fmt::format("a line of more than {} bytes", kMaxLineBytes));
  }
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
    throw spec_error(location_at(text, nul, file), "a NUL byte; a spec is text");
  }
  // The parser takes a last line that ends in a bare carriage return as it is, and reads on behind it.
  std::string terminated(text);
  terminated += '\n';
  std::istringstream stream(terminated);
  try {
    const toml::value document = toml::parse(stream, file);
    return convert_table(document.as_table(), file);
  } catch (const toml::syntax_error& error) {
    throw syntax_error(error, text, file);
  } catch (const toml::exception& error) {
    throw Error(ErrorCode::InvalidSpec, fmt::format("{}: {}", file, take_apart(error.what()).message));
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    // Numbers out of range come as exceptions of the standard library, without a place.
    throw Error(ErrorCode::InvalidSpec, fmt::format("{}: {}", file, bare_message(error.what())));
  }
}

}  // namespace fstool
