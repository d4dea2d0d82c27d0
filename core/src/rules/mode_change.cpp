#include "rules/mode_change.h"

#include <algorithm>
#include <charconv>

namespace fstool {

namespace {

constexpr unsigned kAllBits = 07777;
constexpr unsigned kSetIds = 06000;
constexpr unsigned kSearch = 0111;

/// The bits of those whom the letters at the start of `text` name, which are taken off it; 0 if there are none.
unsigned take_who(std::string_view& text) {
  unsigned who = 0;
  for (; !text.empty(); text.remove_prefix(1)) {
    switch (text.front()) {
      case 'u':
        who |= 04700U;
        break;
      case 'g':
        who |= 02070U;
        break;
      case 'o':
        who |= 01007U;
        break;
      case 'a':
        who |= kAllBits;
        break;
      default:
        return who;
    }
  }
  return who;
}

/// The bits that all have of what one has: `bits` of `permissions`.
unsigned spread(unsigned permissions, unsigned bits) {
  const unsigned own = permissions & bits;
  unsigned all = 0;
  for (const unsigned permission : {0444U, 0222U, 0111U}) {
    if ((own & permission) != 0) all |= permission;
  }
  return all;
}

std::optional<unsigned> copied_bits(char letter) {
  if (letter == 'u') return 0700U;
  if (letter == 'g') return 0070U;
  if (letter == 'o') return 0007U;
  return std::nullopt;
}

std::optional<unsigned> permission_bits(char letter) {
  switch (letter) {
    case 'r':
      return 0444U;
    case 'w':
      return 0222U;
    case 'x':
      return kSearch;
    case 's':
      return kSetIds;
    case 't':
      return 01000U;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<std::uint16_t> parse_octal_mode(std::string_view text) {
  std::uint16_t mode = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  if (error != std::errc() || stop != text.data() + text.size() || mode > kAllBits) return std::nullopt;
  return mode;
}

ModeChange::ModeChange(std::uint16_t permissions) { clauses_.push_back({.bits = permissions, .is_exact = true}); }

std::optional<ModeChange> ModeChange::parse(std::string_view text) {
  constexpr std::size_t kMaxDigits = 5;
  if (const auto permissions = parse_octal_mode(text); permissions && text.size() <= kMaxDigits) {
    return ModeChange(*permissions);
  }
  ModeChange change;
  if (text.empty()) return std::nullopt;
  while (true) {
    const std::string_view part = text.substr(0, text.find(','));
    if (!parse_clauses(part, change.clauses_)) return std::nullopt;
    if (part.size() == text.size()) return change;
    text.remove_prefix(part.size() + 1);
  }
}

/// What stands between two commas: one "who" and any number of actions.
bool ModeChange::parse_clauses(std::string_view text, std::vector<Clause>& clauses) {
  const unsigned named = take_who(text);
  if (text.empty()) return false;
  while (!text.empty()) {
    Clause clause;
    clause.action = text.front();
    if (clause.action != '+' && clause.action != '-' && clause.action != '=') return false;
    text.remove_prefix(1);
    clause.who = static_cast<std::uint16_t>(named == 0 ? kAllBits : named);
    unsigned bits = 0;
    if (const auto copied = text.empty() ? std::nullopt : copied_bits(text.front())) {
      clause.copies = true;
      bits = *copied;
      text.remove_prefix(1);
    }
    for (; !clause.copies && !text.empty(); text.remove_prefix(1)) {
      if (text.front() == 'X') {
        clause.adds_search = true;
        continue;
      }
      const std::optional<unsigned> permission = permission_bits(text.front());
      if (!permission) break;
      bits |= *permission;
    }
    clause.bits = static_cast<std::uint16_t>(bits);
    clauses.push_back(clause);
  }
  return true;
}

std::uint16_t ModeChange::apply(const Clause& clause, std::uint16_t permissions, bool is_directory) {
  unsigned bits = clause.copies ? spread(permissions, clause.bits) : clause.bits;
  if (clause.adds_search && (is_directory || (permissions & kSearch) != 0)) bits |= kSearch;
  // Of the set-ID bits of a directory, only those that are named are touched.
  const unsigned named = clause.copies ? 0U : unsigned{clause.bits};
  const unsigned kept = is_directory && !clause.is_exact ? kSetIds & ~named : 0U;
  const unsigned who = clause.who & ~kept;
  bits &= who;
  if (clause.action == '+') return static_cast<std::uint16_t>(permissions | bits);
  if (clause.action == '-') return static_cast<std::uint16_t>(permissions & ~bits);
  return static_cast<std::uint16_t>((permissions & ~who) | bits);
}

std::uint16_t ModeChange::apply(std::uint16_t permissions, bool is_directory) const {
  for (const Clause& clause : clauses_) permissions = apply(clause, permissions, is_directory);
  return permissions;
}

}  // namespace fstool
