#include "write/short_name.h"

#include <fmt/format.h>

#include <algorithm>

#include "fstool/error.h"

namespace fstool::fat {

namespace {

constexpr std::size_t kShortExtension = 3;
constexpr unsigned kMaxDigits = 6;
constexpr char kBlank = ' ';

bool is_lower(char character) { return character >= 'a' && character <= 'z'; }
bool is_upper(char character) { return character >= 'A' && character <= 'Z'; }
char to_upper(char character) { return is_lower(character) ? static_cast<char>(character - 'a' + 'A') : character; }

/// In capitals.
bool is_short_name_character(char character) {
  return is_upper(character) || (character >= '0' && character <= '9') ||
         std::string_view("$%'-_@~`!(){}^#&").find(character) != std::string_view::npos;
}

bool is_short_name_part(std::string_view part) {
  return std::ranges::all_of(part, [](char character) { return is_short_name_character(to_upper(character)); });
}

bool mixes_cases(std::string_view part) {
  return std::ranges::any_of(part, is_lower) && std::ranges::any_of(part, is_upper);
}

/// Cut, padded, and in capitals.
ShortName compose(std::string_view base, std::string_view extension) {
  ShortName name;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const std::string_view part = i < kShortBase ? base : extension;
    const std::size_t at = i < kShortBase ? i : i - kShortBase;
    name[i] = static_cast<std::uint8_t>(at < part.size() ? to_upper(part[at]) : kBlank);
  }
  return name;
}

/// A part of a name with what an alias can't have left out or replaced.
std::string squeeze(std::string_view part) {
  std::string squeezed;
  for (const char character : part) {
    constexpr auto kContinuation = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
    if (character == ' ' || character == '.' || kContinuation(character)) continue;
    squeezed += is_short_name_character(to_upper(character)) ? to_upper(character) : '_';
  }
  return squeezed;
}

}  // namespace

std::optional<ShortForm> short_form(std::string_view name) {
  const std::size_t dot = name.find('.');
  const std::string_view base = name.substr(0, dot);
  const std::string_view extension = dot == std::string_view::npos ? std::string_view() : name.substr(dot + 1);
  if (base.empty() || base.size() > kShortBase || extension.size() > kShortExtension) return std::nullopt;
  if (dot != std::string_view::npos && extension.empty()) return std::nullopt;
  if (!is_short_name_part(base) || !is_short_name_part(extension)) return std::nullopt;
  ShortForm form{compose(base, extension)};
  form.is_exact = !mixes_cases(base) && !mixes_cases(extension);
  if (form.is_exact) {
    if (std::ranges::any_of(base, is_lower)) form.name_case |= kLowerCaseBase;
    if (std::ranges::any_of(extension, is_lower)) form.name_case |= kLowerCaseExtension;
  }
  return form;
}

ShortName AliasMaker::make(std::string_view name) {
  name.remove_prefix(std::min(name.find_first_not_of(". "), name.size()));
  const std::size_t dot = name.rfind('.');
  std::string base = squeeze(name.substr(0, dot));
  const std::string extension = dot == std::string_view::npos ? std::string() : squeeze(name.substr(dot + 1));
  if (base.empty()) base = "_";
  std::uint32_t first = 1;
  for (unsigned digits = 1; digits <= kMaxDigits; ++digits, first *= 10) {
    const std::string stem = base.substr(0, kShortBase - 1 - digits) + '~';
    // A short base has the same stem for several numbers of digits, and goes on counting.
    std::uint32_t& next = next_.try_emplace(compose(stem, extension), first).first->second;
    next = std::max(next, first);
    while (next < first * 10) {
      const ShortName alias = compose(stem + std::to_string(next++), extension);
      if (taken_.insert(alias).second) return alias;
    }
  }
  throw Error(ErrorCode::Unsupported,
              fmt::format("more than {} names of a directory begin like \"{}\"", first - 1, name));
}

}  // namespace fstool::fat
