#include "spec_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "deferred_text.h"
#include "fstool/size.h"

namespace fstool {

namespace {

/// Above this, a file system would be nearly empty and a rounding error decides over its size.
constexpr std::uint32_t kMaxFreePercent = 95;

std::optional<std::uint64_t> bytes_of(const OptionValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value.data); number != nullptr && *number >= 0) {
    return static_cast<std::uint64_t>(*number);
  }
  if (const auto* text = std::get_if<std::string>(&value.data)) {
    if (const auto size = parse_size(*text)) return size->value;
  }
  return std::nullopt;
}

/// A value of the right type or not, as a message quotes it.
std::string shown(const OptionValue& value) {
  if (const auto* text = std::get_if<std::string>(&value.data)) return fmt::format("\"{}\"", *text);
  if (const auto* number = std::get_if<std::int64_t>(&value.data)) return std::to_string(*number);
  return std::string(value.type_name());
}

/// "auto" or a size.
std::optional<SizeChoice> size_choice_of(const OptionValue& value) {
  const auto* text = std::get_if<std::string>(&value.data);
  if (text != nullptr && *text == "auto") return SizeChoice{};
  const auto bytes = bytes_of(value);
  if (!bytes || *bytes == 0) return std::nullopt;
  return SizeChoice{.kind = SizeChoice::Kind::Fixed, .bytes = *bytes};
}

/// True for an integer without a prefix such as 0o, as far as its line tells.
bool is_written_in_decimal(const OptionValue& value) {
  if (!value.location || value.location->line == 0) return false;
  std::string_view line = value.location->line_text;
  line.remove_prefix(std::min<std::size_t>(line.size(), value.location->column - 1));
  if (line.starts_with('+')) line.remove_prefix(1);
  const auto is_digit = [](char letter) { return letter >= '0' && letter <= '9'; };
  return !line.empty() && is_digit(line[0]) && (line.size() == 1 || !(line[1] >= 'a' && line[1] <= 'z'));
}

/// 20 of "20%".
std::optional<std::uint32_t> percent_of(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  std::uint32_t percent = 0;
  const char* const end = text.data() + text.size() - 1;
  const auto [stop, error] = std::from_chars(text.data(), end, percent);
  if (error != std::errc() || stop != end) return std::nullopt;
  return percent;
}

}  // namespace

std::optional<std::uint16_t> parse_mode_integer(const OptionValue& value, std::string_view key) {
  constexpr std::int64_t kModeBits = 07777;
  const auto* const number = std::get_if<std::int64_t>(&value.data);
  if (number == nullptr || *number < 0 || *number > kModeBits) return std::nullopt;
  const std::string digits = std::to_string(*number);
  if (digits.size() > 1 && is_written_in_decimal(value)) {
    if (digits.find_first_of("89") != std::string::npos) return std::nullopt;
    throw spec_error(value.location,
                     fmt::format("{0} must be octal: {1} is a decimal number; write \"0{1}\" or 0o{1}", key, digits));
  }
  return static_cast<std::uint16_t>(*number);
}

Error wrong_type(const OptionValue& value, std::string_view key, std::string_view expected) {
  return spec_error(value.location, fmt::format("{} must be {}, not {}", key, expected, value.type_name()));
}

SizeChoice parse_size_choice(const OptionValue& value, std::string_view key) {
  if (const auto choice = size_choice_of(value)) return *choice;
  throw spec_error(value.location,
                   fmt::format("{} must be \"auto\" or a size such as \"512MiB\", not {}", key, shown(value)));
}

SizeChoice parse_partition_size(const OptionValue& value, std::string_view key) {
  if (const auto choice = size_choice_of(value)) return *choice;
  if (const auto* text = std::get_if<std::string>(&value.data)) {
    if (*text == "remaining") return {.kind = SizeChoice::Kind::Remaining};
    const auto percent = percent_of(*text);
    if (percent && *percent >= 1 && *percent <= 100) return {.kind = SizeChoice::Kind::Percent, .percent = *percent};
  }
  throw spec_error(value.location,
                   fmt::format("{} must be \"auto\", \"remaining\", a size such as \"512MiB\", or a share "
                               "of the disk from \"1%\" to \"100%\", not {}",
                               key, shown(value)));
}

Headroom parse_headroom(const OptionValue& value, std::string_view key) {
  if (const auto bytes = bytes_of(value)) return {.bytes = *bytes};
  if (const auto* text = std::get_if<std::string>(&value.data)) {
    const auto percent = percent_of(*text);
    if (percent && *percent <= kMaxFreePercent) return {.percent = *percent};
  }
  throw spec_error(value.location, fmt::format("{} must be a size such as \"64MiB\" or a share from \"0%\" to \"{}%\", "
                                               "not {}",
                                               key, kMaxFreePercent, shown(value)));
}

std::string parse_text(const OptionValue& value, std::string_view key) {
  const auto* text = std::get_if<std::string>(&value.data);
  if (text == nullptr) throw wrong_type(value, key, "a string");
  if (const std::size_t mark = text->find(kDeferredMark); mark != std::string::npos) {
    const std::string_view name =
        std::string_view(*text).substr(mark + 1, text->find(kDeferredMark, mark + 1) - mark - 1);
    if (is_deferred_name(name)) {
      throw spec_error(value.location,
                       fmt::format("${{{}}} comes out when the disk is planned, and can stand in the uuid "
                                   "of a partition and the content of an entry, not in {}",
                                   name, key));
    }
    throw spec_error(value.location, fmt::format("{} must not contain a NUL character", key));
  }
  return *text;
}

std::filesystem::path parse_path(const OptionValue& value, std::string_view key, const PathBase& base) {
  const std::string written = parse_text(value, key);
  if (written.empty()) throw spec_error(value.location, fmt::format("{} must not be empty", key));
  const LocationPtr& location = value.location;
  const bool elsewhere = location && location->line != 0 && location->file != base.file;
  const std::filesystem::path directory =
      elsewhere ? std::filesystem::path(location->file).parent_path() : base.directory;
  return directory.empty() ? std::filesystem::path(written) : (directory / written).lexically_normal();
}

TableReader::TableReader(const OptionTable& table, std::string name, LocationPtr location, SpecProblems& problems)
    : table_(table),
      name_(std::move(name)),
      location_(std::move(location)),
      problems_(problems),
      taken_(table.size()) {}

const OptionValue* TableReader::take(std::string_view key) {
  asked_.emplace_back(key);
  const OptionValue* found = nullptr;
  for (std::size_t i = 0; i < table_.size(); ++i) {
    if (table_[i].key != key) continue;
    taken_[i] = true;
    if (found == nullptr) {
      found = &table_[i].value;
    } else {
      problems_.collect(table_[i].location, [&] { detail::throw_repeated_option(table_[i]); });
    }
  }
  return found;
}

const OptionValue* TableReader::require(std::string_view key) {
  const OptionValue* value = take(key);
  if (value == nullptr) problems_.add(location_, fmt::format("{} needs a {}", name_, key));
  return value;
}

std::optional<std::string> TableReader::take_text(std::string_view key) {
  std::optional<std::string> text;
  read(key, [&](const OptionValue& value) { text = parse_text(value, key); });
  return text;
}

std::optional<std::uint64_t> TableReader::take_bytes(std::string_view key) {
  std::optional<std::uint64_t> bytes;
  read(key, [&](const OptionValue& value) {
    bytes = bytes_of(value);
    if (bytes) return;
    throw spec_error(value.location, fmt::format("{} must be a size such as \"1MiB\", not {}", key, shown(value)));
  });
  return bytes;
}

std::optional<std::int64_t> TableReader::take_integer(std::string_view key, std::int64_t minimum,
                                                      std::int64_t maximum) {
  OptionInfo info;
  info.name = key;
  info.minimum = minimum;
  info.maximum = static_cast<std::uint64_t>(maximum);
  std::optional<std::int64_t> number;
  read(key, [&](const OptionValue& value) { number = detail::parse_integer(value, info); });
  return number;
}

std::optional<bool> TableReader::take_boolean(std::string_view key) {
  OptionInfo info;
  info.name = key;
  std::optional<bool> flag;
  read(key, [&](const OptionValue& value) { flag = detail::parse_bool(value, info); });
  return flag;
}

const OptionTable* TableReader::take_table(std::string_view key, LocationPtr& location) {
  const OptionTable* table = nullptr;
  read(key, [&](const OptionValue& value) {
    location = value.location;
    table = &as_table(value, key);
  });
  return table;
}

OptionTable TableReader::rest() const {
  OptionTable rest;
  for (std::size_t i = 0; i < table_.size(); ++i) {
    if (!taken_[i]) rest.push_back(table_[i]);
  }
  return rest;
}

void TableReader::refuse_rest() const {
  for (std::size_t i = 0; i < table_.size(); ++i) {
    if (taken_[i]) continue;
    const OptionEntry& entry = table_[i];
    problems_.add(entry.location,
                  fmt::format("unknown key \"{}\" in {}{}", entry.key, name_, did_you_mean(entry.key, asked_)));
  }
}

const OptionTable& as_table(const OptionValue& value, std::string_view key) {
  const auto* table = std::get_if<OptionTable>(&value.data);
  if (table == nullptr) throw wrong_type(value, key, "a table");
  return *table;
}

FormatChoice read_format_choice(const OptionTable& table, std::string name, LocationPtr location,
                                SpecProblems& problems) {
  TableReader reader(table, std::move(name), std::move(location), problems);
  FormatChoice choice;
  reader.read_required("type", [&](const OptionValue& type) {
    choice.type = parse_text(type, "type");
    choice.location = type.location;
  });
  choice.options = reader.rest();
  return choice;
}

}  // namespace fstool
