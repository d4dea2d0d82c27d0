#include "fstool/size.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/algorithm/string/predicate.hpp>
#include <charconv>
#include <limits>

namespace fstool {
namespace {

__extension__ using Wide = unsigned __int128;

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kKB = 1000;
constexpr std::array kUnits{
    Unit{"", 1},
    Unit{"K", kKiB},
    Unit{"M", kKiB* kKiB},
    Unit{"G", kKiB* kKiB* kKiB},
    Unit{"T", kKiB* kKiB* kKiB* kKiB},
    Unit{"KiB", kKiB},
    Unit{"MiB", kKiB* kKiB},
    Unit{"GiB", kKiB* kKiB* kKiB},
    Unit{"TiB", kKiB* kKiB* kKiB* kKiB},
    Unit{"PiB", kKiB* kKiB* kKiB* kKiB* kKiB},
    Unit{"KB", kKB},
    Unit{"MB", kKB* kKB},
    Unit{"GB", kKB* kKB* kKB},
    Unit{"TB", kKB* kKB* kKB* kKB},
    Unit{"PB", kKB* kKB* kKB* kKB* kKB},
};

constexpr std::array<std::string_view, 6> kBinaryPrefixes{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};

// More digits behind the point can't give a whole number of bytes: the largest unit is 2^50, and each factor of ten
// that a fraction in lowest terms has needs one of its twos.
constexpr std::size_t kMaxFractionDigits = 18;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes the decimal digits off the front of `text`.
std::string_view take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

std::optional<std::uint64_t> to_number(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<Bytes> parse_size(std::string_view text) {
  const std::string_view whole_digits = take_digits(text);
  const auto whole = to_number(whole_digits);
  if (!whole) return std::nullopt;

  std::uint64_t fraction = 0;
  std::uint64_t fraction_scale = 1;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    std::string_view digits = take_digits(text);
    if (digits.empty()) return std::nullopt;
    while (digits.ends_with('0')) digits.remove_suffix(1);
    if (digits.size() > kMaxFractionDigits) return std::nullopt;
    if (!digits.empty()) fraction = to_number(digits).value_or(0);
    for (std::size_t i = 0; i < digits.size(); ++i) fraction_scale *= 10;
  }

  if (const std::size_t blanks = text.find_first_not_of(" \t"); blanks != std::string_view::npos) {
    text.remove_prefix(blanks);
  }
  const auto* const unit =
      std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& u) { return boost::iequals(u.name, text); });
  if (unit == kUnits.end()) return std::nullopt;

  const Wide scaled_fraction = Wide{fraction} * unit->bytes;
  if (scaled_fraction % fraction_scale != 0) return std::nullopt;
  const Wide bytes = Wide{*whole} * unit->bytes + scaled_fraction / fraction_scale;
  if (bytes > static_cast<Wide>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  return Bytes{static_cast<std::uint64_t>(bytes)};
}

std::string format_size(std::uint64_t bytes) {
  if (bytes == 1) return "1 byte";
  if (bytes < kKiB) return fmt::format("{} bytes", bytes);
  // Rounding may carry into the next unit: 1048575 bytes are 1 MiB, not 1024 KiB.
  std::uint64_t unit = kKiB;
  for (const std::string_view name : kBinaryPrefixes) {
    const auto tenths = static_cast<std::uint64_t>((Wide{bytes} * 10 + unit / 2) / unit);
    if (tenths < kKiB * 10 || name == kBinaryPrefixes.back()) {
      return tenths % 10 == 0 ? fmt::format("{} {}", tenths / 10, name)
                              : fmt::format("{}.{} {}", tenths / 10, tenths % 10, name);
    }
    unit *= kKiB;
  }
  return {};
}

std::string size_text(std::uint64_t bytes) {
  std::string_view name;
  for (std::size_t i = 0; i < kBinaryPrefixes.size() - 1 && bytes != 0 && bytes % kKiB == 0; ++i) {
    bytes /= kKiB;
    name = kBinaryPrefixes[i];
  }
  return fmt::format("{}{}", bytes, name);
}

}  // namespace fstool
