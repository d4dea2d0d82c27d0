#include "time_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

namespace fstool {

namespace {

constexpr std::size_t kNanosecondDigits = 9;
constexpr std::int64_t kSecondsPerMinute = 60;

/// `format` with %N replaced; %% stays what it is.
std::string with_nanoseconds(std::string_view format, std::uint32_t nanoseconds) {
  std::string text;
  for (std::size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      text += format[i];
    } else if (format[++i] == 'N') {
      text += fmt::format("{:09}", nanoseconds);
    } else {
      text += '%';
      text += format[i];
    }
  }
  return text;
}

/// Takes numbers and separators off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  bool skip(std::string_view any_of) {
    if (text_.empty() || any_of.find(text_.front()) == std::string_view::npos) return false;
    text_.remove_prefix(1);
    return true;
  }
  char take() {
    const char c = text_.empty() ? '\0' : text_.front();
    if (!text_.empty()) text_.remove_prefix(1);
    return c;
  }
  /// A number of exactly `digits` digits.
  bool number(std::size_t digits, int& out) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text_.size() < digits || !std::ranges::all_of(text_.substr(0, digits), is_digit)) return false;
    std::from_chars(text_.data(), text_.data() + digits, out);
    text_.remove_prefix(digits);
    return true;
  }
  /// All digits there are, as a fraction of a second.
  bool fraction(std::uint32_t& nanoseconds) {
    std::size_t digits = 0;
    for (nanoseconds = 0; digits < text_.size() && text_[digits] >= '0' && text_[digits] <= '9'; ++digits) {
      if (digits < kNanosecondDigits) nanoseconds = nanoseconds * 10 + static_cast<std::uint32_t>(text_[digits] - '0');
    }
    for (std::size_t i = digits; i < kNanosecondDigits; ++i) nanoseconds *= 10;
    text_.remove_prefix(digits);
    return digits > 0;
  }

 private:
  std::string_view text_;
};

std::optional<Timestamp> parse_seconds(std::string_view text) {
  Timestamp time;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, time.seconds);
  if (error != std::errc() || stop != end) return std::nullopt;
  return time;
}

bool parse_clock(Scanner& scanner, std::tm& fields, std::uint32_t& nanoseconds) {
  if (!scanner.number(2, fields.tm_hour) || !scanner.skip(":") || !scanner.number(2, fields.tm_min)) return false;
  if (!scanner.skip(":")) return true;
  if (!scanner.number(2, fields.tm_sec)) return false;
  return !scanner.skip(".,") || scanner.fraction(nanoseconds);
}

/// "Z", "+02:00", "-0130" or nothing.
bool parse_zone(Scanner& scanner, std::int64_t& seconds_east) {
  scanner.skip(" ");
  if (scanner.at_end() || scanner.skip("Z")) return true;
  const char sign = scanner.take();
  int hours = 0;
  int minutes = 0;
  if ((sign != '+' && sign != '-') || !scanner.number(2, hours)) return false;
  scanner.skip(":");
  if (!scanner.number(2, minutes)) return false;
  seconds_east = (sign == '-' ? -1 : 1) * (std::int64_t{hours} * 60 + minutes) * kSecondsPerMinute;
  return true;
}

}  // namespace

std::string format_time(const Timestamp& time, std::string_view format) {
  const std::time_t seconds = time.seconds;
  std::tm fields{};
  if (::gmtime_r(&seconds, &fields) == nullptr) return std::to_string(time.seconds);
  // strftime() can't tell an empty result from one that does not fit: a blank makes every result longer.
  const std::string expanded = with_nanoseconds(format, time.nanoseconds) + ' ';
  std::string text(expanded.size() + 64, '\0');
  std::size_t length = 0;
  constexpr std::size_t kLongest = 64 << 10;
  while ((length = std::strftime(text.data(), text.size(), expanded.c_str(), &fields)) == 0 && text.size() < kLongest) {
    text.resize(text.size() * 2);
  }
  text.resize(length == 0 ? 0 : length - 1);
  return text;
}

std::optional<Timestamp> parse_time(std::string_view text) {
  if (text.starts_with('@')) return parse_seconds(text.substr(1));
  Scanner scanner(text);
  std::tm fields{};
  std::uint32_t nanoseconds = 0;
  std::int64_t seconds_east = 0;
  if (!scanner.number(4, fields.tm_year) || !scanner.skip("-") || !scanner.number(2, fields.tm_mon) ||
      !scanner.skip("-") || !scanner.number(2, fields.tm_mday)) {
    return std::nullopt;
  }
  if (scanner.skip("T ") && !parse_clock(scanner, fields, nanoseconds)) return std::nullopt;
  if (!parse_zone(scanner, seconds_east) || !scanner.at_end()) return std::nullopt;
  constexpr int kLastSecond = 60;  // a leap second
  const std::array ranges = {fields.tm_mon >= 1 && fields.tm_mon <= 12, fields.tm_mday >= 1 && fields.tm_mday <= 31,
                             fields.tm_hour <= 23, fields.tm_min <= 59, fields.tm_sec <= kLastSecond};
  if (!std::ranges::all_of(ranges, [](bool is_in_range) { return is_in_range; })) return std::nullopt;
  constexpr int kTmYearBase = 1900;
  fields.tm_year -= kTmYearBase;
  fields.tm_mon -= 1;
  return Timestamp{::timegm(&fields) - seconds_east, nanoseconds};
}

}  // namespace fstool
