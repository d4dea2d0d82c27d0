/// \file
/// GlobPattern: the wildcards of gitignore(5).
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fstool {

/// A pattern for a name or a '/'-separated path, by bytes:
///
///     *       any number of bytes other than '/'
///     ?       one byte other than '/'
///     [a-z]   one of a set, never '/': ranges, [!…] and [^…], [[:alpha:]] and the other classes of POSIX, \] and the
///     like
///     **      between slashes or the ends of the pattern: any number of directories; at the end: all that is inside
///     \x      x as it is
///
/// What is no pattern (a set without its end, an unknown class, a backslash at the end) matches nothing, as in git.
/// Immutable.
class GlobPattern {
 public:
  explicit GlobPattern(std::string_view text);

  /// True if the pattern covers all of `path`. In time proportional to the product of both lengths for each "**".
  bool matches(std::string_view path) const;

 private:
  enum class Kind : std::uint8_t { Literal, AnyByte, Set, Star, Directories, Rest };
  struct Token {
    Kind kind = Kind::Literal;
    std::string literal = {};  ///< Literal: one byte or more
    std::bitset<256> set = {};
  };

  bool parse(std::string_view text);
  bool parse_set(std::string_view& text);
  void add_literal(char byte);

  bool matches_token(const Token& token, std::string_view& rest) const;

  std::vector<Token> tokens_;
  bool is_valid_ = true;
};

}  // namespace fstool
