#include "line_search.h"

#include <fmt/format.h>
#include <regex.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "fstool/error.h"

namespace fstool {

namespace {

constexpr std::size_t kPiece = 256 << 10;

/// True if `text` means itself in this syntax.
bool is_literal(std::string_view text, PatternSyntax syntax) {
  if (syntax == PatternSyntax::Fixed) return true;
  const std::string_view special = syntax == PatternSyntax::Basic ? "\\[.*^$" : "\\[.*^$+?(){}|";
  return text.find_first_of(special) == std::string_view::npos;
}

/// A regular expression that means `text`.
std::string quoted_pattern(std::string_view text) {
  std::string pattern;
  for (const char c : text) {
    if (std::strchr("\\[.*^$", c) != nullptr) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

bool contains(std::string_view text, std::string_view what) {
  return ::memmem(text.data(), text.size(), what.data(), what.size()) != nullptr;
}

}  // namespace

struct LinePattern::Impl {
  std::optional<std::string> literal;
  std::optional<regex_t> regex;

  ~Impl() {
    if (regex) ::regfree(&*regex);
  }
};

LinePattern::LinePattern(const std::string& text, PatternSyntax syntax, bool ignore_case)
    : impl_(std::make_unique<Impl>()) {
  if (!ignore_case && is_literal(text, syntax)) {
    impl_->literal = text;
    return;
  }
  const bool is_fixed = syntax == PatternSyntax::Fixed;
  const int flags = REG_NOSUB | (syntax == PatternSyntax::Extended ? REG_EXTENDED : 0) | (ignore_case ? REG_ICASE : 0);
  regex_t regex{};
  const int failure = ::regcomp(&regex, is_fixed ? quoted_pattern(text).c_str() : text.c_str(), flags);
  if (failure != 0) {
    std::string message(256, '\0');
    message.resize(::regerror(failure, &regex, message.data(), message.size()) - 1);
    throw Error(ErrorCode::InvalidArgument, fmt::format("the pattern \"{}\": {}", text, message));
  }
  impl_->regex = regex;
}

LinePattern::~LinePattern() = default;
LinePattern::LinePattern(LinePattern&&) noexcept = default;
LinePattern& LinePattern::operator=(LinePattern&&) noexcept = default;

bool LinePattern::matches(std::string_view line) const {
  if (impl_->literal) return contains(line, *impl_->literal);
  regmatch_t range{};
  range.rm_so = 0;
  range.rm_eo = static_cast<regoff_t>(line.size());
  return ::regexec(&*impl_->regex, line.data(), 1, &range, REG_STARTEND) == 0;
}

const std::optional<std::string>& LinePattern::literal() const { return impl_->literal; }

ContentSearch::ContentSearch(const LinePattern& pattern, const SearchStyle& style, const Blob* content,
                             std::string name, std::string prefix)
    : pattern_(pattern), style_(style), content_(content), name_(std::move(name)), prefix_(std::move(prefix)) {}

/// False: there is nothing left.
bool ContentSearch::read_piece() {
  const std::uint64_t size = content_ != nullptr ? content_->size() : 0;
  if (offset_ >= size) return false;
  const Run run = content_->run_at(offset_);
  if (run.hole) {
    is_binary_ = true;
    if (!text_.ends_with('\n') && !text_.empty()) text_ += '\n';
    offset_ += run.length;
    return true;
  }
  const std::size_t length = std::min<std::uint64_t>(run.length, kPiece);
  const std::size_t before = text_.size();
  text_.resize(before + length);
  const auto piece = std::span(text_).subspan(before);
  content_->read(offset_, std::as_writable_bytes(piece));
  is_binary_ = is_binary_ || std::memchr(piece.data(), '\0', piece.size()) != nullptr;
  offset_ += length;
  return true;
}

bool ContentSearch::is_decided() const {
  const bool one_is_enough =
      style_.report == SearchReport::Name || (is_binary_ && style_.report == SearchReport::Lines);
  return one_is_enough && found_ > 0;
}

void ContentSearch::search_line(std::string_view line, std::string& out) {
  ++line_number_;
  if (pattern_.matches(line) == style_.invert) return;
  ++found_;
  if (style_.report != SearchReport::Lines || is_binary_) return;
  out += prefix_;
  if (style_.line_numbers) out += fmt::format("{}:", line_number_);
  out.append(line).append("\n");
}

/// Searches the whole lines of text_, and what is left of it at the end.
void ContentSearch::search_lines(std::string& out, bool at_end) {
  std::string_view rest = text_;
  const std::size_t last = rest.rfind('\n');
  const bool is_too_long = last == std::string_view::npos && rest.size() >= kMaxSearchedLine;
  std::string_view lines = rest.substr(0, at_end || is_too_long            ? rest.size()
                                          : last == std::string_view::npos ? 0
                                                                           : last + 1);
  const std::size_t searched = lines.size();
  // Where no line can match, they need only be counted.
  const auto& literal = pattern_.literal();
  if (literal && !style_.invert && !contains(lines, *literal)) {
    line_number_ += static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
    lines = {};
  }
  while (!lines.empty() && !is_decided()) {
    const std::size_t end = std::min(lines.find('\n'), lines.size());
    search_line(lines.substr(0, end), out);
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  text_.erase(0, searched);
}

void ContentSearch::finish(std::string& out) {
  is_done_ = true;
  switch (style_.report) {
    case SearchReport::Count:
      out += fmt::format("{}{}\n", prefix_, found_);
      break;
    case SearchReport::Name:
      if (found_ > 0) out += name_ + "\n";
      break;
    case SearchReport::Lines:
      if (found_ > 0 && is_binary_) out += fmt::format("Binary file {} matches\n", name_);
      break;
  }
}

bool ContentSearch::run(std::string& out, std::size_t limit, Context& context) {
  while (!is_done_ && out.size() < limit) {
    context.check_cancelled();
    const bool more = !is_decided() && read_piece();
    search_lines(out, !more);
    if (!more) finish(out);
  }
  return is_done_;
}

}  // namespace fstool
