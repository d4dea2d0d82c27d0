/// \file
/// Searches contents of files for lines, as grep(1) does.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fstool/blob.h"
#include "fstool/context.h"

namespace fstool {

enum class PatternSyntax { Basic, Extended, Fixed };

/// What lines are searched for. Thread-safe.
class LinePattern {
 public:
  /// `text` is a regular expression of POSIX or fixed text. Throws Error(InvalidArgument) if it is no regular
  /// expression.
  LinePattern(const std::string& text, PatternSyntax syntax, bool ignore_case);
  ~LinePattern();
  LinePattern(LinePattern&&) noexcept;
  LinePattern& operator=(LinePattern&&) noexcept;

  /// True if the line, which has no newline, has a match.
  bool matches(std::string_view line) const;

  /// If only lines with this text can match: it, for a fast look. The other lines need not be shown to matches().
  const std::optional<std::string>& literal() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

enum class SearchReport {
  Lines,  ///< the lines that match
  Count,  ///< how many there are
  Name,   ///< whether there is one
};

struct SearchStyle {
  SearchReport report = SearchReport::Lines;
  bool line_numbers = false;
  bool invert = false;  ///< the lines that don't match
};

/// A line longer than this is searched in pieces of this size, as if each were a line. Bytes.
inline constexpr std::size_t kMaxSearchedLine = std::size_t{1} << 20;

/// The search of one content. It stops when enough was found, and can go on: so what it finds need not be kept at once.
/// A content with a NUL is binary: of it is only said that it matches. Holes are passed over. One thread at a time.
class ContentSearch {
 public:
  /// All must outlive this; null content is empty. `prefix` stands in front of each line: "etc/passwd:", or nothing.
  ContentSearch(const LinePattern& pattern, const SearchStyle& style, const Blob* content, std::string name,
                std::string prefix);

  /// Searches on, appending what is found to `out`, until that is about `limit` bytes or all is done. True: all is
  /// done.
  bool run(std::string& out, std::size_t limit, Context& context);

  /// Lines that were found so far; not more than 1 where more need not be known.
  std::uint64_t found() const noexcept { return found_; }

 private:
  bool read_piece();
  void search_lines(std::string& out, bool at_end);
  void search_line(std::string_view line, std::string& out);
  bool is_decided() const;
  void finish(std::string& out);

  const LinePattern& pattern_;
  const SearchStyle& style_;
  const Blob* content_;
  std::string name_;
  std::string prefix_;
  std::uint64_t offset_ = 0;
  std::string text_;  // read, and not searched yet
  std::uint64_t line_number_ = 0;
  std::uint64_t found_ = 0;
  bool is_binary_ = false;
  bool is_done_ = false;
};

}  // namespace fstool
