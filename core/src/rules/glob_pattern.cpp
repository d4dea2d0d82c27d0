#include "rules/glob_pattern.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <utility>

namespace fstool {

namespace {

using ByteTest = int (*)(int);

/// The classes of POSIX; bytes beyond ASCII are in none.
constexpr std::array<std::pair<std::string_view, ByteTest>, 12> kClasses = {{
    {"alnum", std::isalnum},
    {"alpha", std::isalpha},
    {"blank", std::isblank},
    {"cntrl", std::iscntrl},
    {"digit", std::isdigit},
    {"graph", std::isgraph},
    {"lower", std::islower},
    {"print", std::isprint},
    {"punct", std::ispunct},
    {"space", std::isspace},
    {"upper", std::isupper},
    {"xdigit", std::isxdigit},
}};

unsigned value_of(char byte) { return static_cast<unsigned char>(byte); }

bool add_class(std::bitset<256>& set, std::string_view name) {
  const auto found = std::ranges::find(kClasses, name, &std::pair<std::string_view, ByteTest>::first);
  if (found == kClasses.end()) return false;
  constexpr int kAsciiBytes = 128;
  for (int byte = 0; byte < kAsciiBytes; ++byte) {
    if (found->second(byte) != 0) set.set(static_cast<std::size_t>(byte));
  }
  return true;
}

/// Takes a byte of a set off the front of `text`, which a backslash may stand before. Nothing at the end.
std::optional<char> take_set_byte(std::string_view& text) {
  if (text.starts_with('\\')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  const char byte = text.front();
  text.remove_prefix(1);
  return byte;
}

}  // namespace

GlobPattern::GlobPattern(std::string_view text) : is_valid_(parse(text)) {}

void GlobPattern::add_literal(char byte) {
  if (tokens_.empty() || tokens_.back().kind != Kind::Literal) tokens_.push_back({});
  tokens_.back().literal += byte;
}

bool GlobPattern::parse(std::string_view text) {
  bool begins_name = true;  // at the start of the pattern or behind a '/'
  while (!text.empty()) {
    const char byte = text.front();
    if (byte == '*') {
      const std::size_t stars = std::min(text.find_first_not_of('*'), text.size());
      text.remove_prefix(stars);
      const bool ends_name = text.empty() || text.front() == '/';
      if (stars == 1 || !begins_name || !ends_name) {
        tokens_.push_back({.kind = Kind::Star});
      } else if (text.empty()) {
        tokens_.push_back({.kind = Kind::Rest});
      } else {
        // The slash belongs to it: "a/**/b" matches "a/b".
        tokens_.push_back({.kind = Kind::Directories});
        text.remove_prefix(1);
        continue;
      }
      begins_name = false;
      continue;
    }
    text.remove_prefix(1);
    begins_name = byte == '/';
    if (byte == '?') {
      tokens_.push_back({.kind = Kind::AnyByte});
    } else if (byte == '[') {
      if (!parse_set(text)) return false;
    } else if (byte == '\\') {
      if (text.empty()) return false;
      begins_name = text.front() == '/';
      add_literal(text.front());
      text.remove_prefix(1);
    } else {
      add_literal(byte);
    }
  }
  return true;
}

/// `text` begins behind the '['.
bool GlobPattern::parse_set(std::string_view& text) {
  Token token{.kind = Kind::Set};
  const bool is_negated = text.starts_with('!') || text.starts_with('^');
  if (is_negated) text.remove_prefix(1);
  std::optional<unsigned> range_start;  // what a '-' that follows counts from
  for (bool is_first = true; is_first || !text.starts_with(']'); is_first = false) {
    if (text.empty()) return false;
    if (range_start && text.size() > 1 && text[0] == '-' && text[1] != ']') {
      text.remove_prefix(1);
      const std::optional<char> last = take_set_byte(text);
      if (!last) return false;
      for (unsigned byte = *range_start; byte <= value_of(*last); ++byte) token.set.set(byte);
      range_start.reset();
      continue;
    }
    if (text.starts_with("[:")) {
      const std::size_t end = text.find(']', 2);
      if (end == std::string_view::npos) return false;
      if (end > 2 && text[end - 1] == ':') {
        if (!add_class(token.set, text.substr(2, end - 3))) return false;
        text.remove_prefix(end + 1);
        range_start.reset();
        continue;
      }
    }
    const std::optional<char> byte = take_set_byte(text);
    if (!byte) return false;
    range_start = value_of(*byte);
    token.set.set(*range_start);
  }
  text.remove_prefix(1);
  if (is_negated) token.set.flip();
  token.set.reset(value_of('/'));
  tokens_.push_back(std::move(token));
  return true;
}

/// Takes what `token`, of a fixed length, matches off the front of `rest`.
bool GlobPattern::matches_token(const Token& token, std::string_view& rest) const {
  if (token.kind == Kind::Literal) {
    if (!rest.starts_with(token.literal)) return false;
    rest.remove_prefix(token.literal.size());
    return true;
  }
  if (rest.empty() || rest.front() == '/') return false;
  if (token.kind == Kind::Set && !token.set.test(value_of(rest.front()))) return false;
  rest.remove_prefix(1);
  return true;
}

// Two places to come back to are enough: behind the last star, which may take one byte more of its name, and the last
// directories, which may take one name more. What an earlier one would take, a later one takes as well.
bool GlobPattern::matches(std::string_view path) const {
  struct Retry {
    std::size_t token = 0;  ///< 0: none, since it is behind the wildcard
    std::string_view rest;
  };
  if (!is_valid_) return false;
  Retry star;
  Retry directories;
  std::size_t token = 0;
  std::string_view rest = path;
  while (true) {
    if (token == tokens_.size() && rest.empty()) return true;
    if (token < tokens_.size()) {
      const Token& next = tokens_[token];
      if (next.kind == Kind::Rest) return true;
      if (next.kind == Kind::Star || next.kind == Kind::Directories) {
        ++token;
        (next.kind == Kind::Star ? star : directories) = {token, rest};
        if (next.kind == Kind::Directories) star = {};
        continue;
      }
      if (matches_token(next, rest)) {
        ++token;
        continue;
      }
    }
    if (star.token != 0 && !star.rest.empty() && star.rest.front() != '/') {
      star.rest.remove_prefix(1);
      token = star.token;
      rest = star.rest;
      continue;
    }
    const std::size_t slash = directories.token == 0 ? std::string_view::npos : directories.rest.find('/');
    if (slash == std::string_view::npos) return false;
    directories.rest.remove_prefix(slash + 1);
    star = {};
    token = directories.token;
    rest = directories.rest;
  }
}

}  // namespace fstool
