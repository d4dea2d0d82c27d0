#include "find_expression.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "fstool/error.h"
#include "fstool/options.h"
#include "fstool/size.h"
#include "node_status.h"
#include "time_text.h"

namespace fstool {

namespace {

constexpr std::int64_t kSecondsPerDay = 86400;

Error wrong(const std::string& word, const std::string& value, std::string_view expected) {
  return Error(ErrorCode::InvalidArgument, fmt::format("{} {}: expected {}", word, value, expected));
}

std::optional<std::uint64_t> parse_number(std::string_view text, int base = 10) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

/// "+N", "-N" or "N": more, less, or as many.
struct Amount {
  char sign = ' ';
  std::uint64_t number = 0;

  bool holds(std::uint64_t value) const {
    if (sign == '+') return value > number;
    return sign == '-' ? value < number : value == number;
  }
};

/// Takes the sign off the front of `text`.
char take_sign(std::string_view& text) {
  if (!text.starts_with('+') && !text.starts_with('-')) return ' ';
  const char sign = text.front();
  text.remove_prefix(1);
  return sign;
}

Amount parse_amount(const std::string& word, const std::string& value) {
  std::string_view digits = value;
  const char sign = take_sign(digits);
  const auto number = parse_number(digits);
  if (!number) throw wrong(word, value, "N, +N or -N");
  return {sign, *number};
}

/// A number of units, sizes being rounded up to whole ones.
struct SizeTest {
  Amount amount;
  std::uint64_t unit = 512;
};

SizeTest parse_size_test(const std::string& word, const std::string& value) {
  static const std::map<char, std::uint64_t> units = {{'c', 1},          {'w', 2},          {'b', 512},
                                                      {'k', 1ULL << 10}, {'M', 1ULL << 20}, {'G', 1ULL << 30}};
  std::string digits = value;
  SizeTest test;
  if (const auto unit = value.empty() ? units.end() : units.find(value.back()); unit != units.end()) {
    test.unit = unit->second;
    digits.pop_back();
  }
  test.amount = parse_amount(word, digits);
  return test;
}

NodeKind parse_kind(const std::string& word, const std::string& value) {
  static const std::map<std::string, NodeKind> kinds = {
      {"f", NodeKind::File},        {"d", NodeKind::Directory}, {"l", NodeKind::Symlink}, {"c", NodeKind::CharDevice},
      {"b", NodeKind::BlockDevice}, {"p", NodeKind::Fifo},      {"s", NodeKind::Socket}};
  const auto found = kinds.find(value);
  if (found == kinds.end()) throw wrong(word, value, "one of f, d, l, c, b, p and s");
  return found->second;
}

/// The permission bits that "rwxst" are for those whom "ugo" are.
std::uint32_t permission_bits(std::string_view who, std::string_view what) {
  std::uint32_t bits = 0;
  for (const auto& [letter, shift, special] : {std::tuple('u', 6U, 04000U), {'g', 3U, 02000U}, {'o', 0U, 0U}}) {
    if (who.find(letter) == std::string_view::npos) continue;
    for (const char permission : what) {
      if (permission == 'r') bits |= 4U << shift;
      if (permission == 'w') bits |= 2U << shift;
      if (permission == 'x') bits |= 1U << shift;
      if (permission == 's') bits |= special;
    }
  }
  return what.find('t') != std::string_view::npos ? bits | 01000U : bits;
}

/// "u+x,g=rw" or "4755".
std::uint32_t parse_permissions(const std::string& word, std::string_view text) {
  constexpr std::uint32_t kAll = 07777;
  constexpr std::string_view kExpected = "a mode such as 644, -u+s or /222";
  if (const auto number = parse_number(text, 8); number && *number <= kAll) return static_cast<std::uint32_t>(*number);
  std::uint32_t bits = 0;
  while (true) {
    const std::string_view clause = text.substr(0, text.find(','));
    const std::size_t sign = clause.find_first_of("+=");
    if (sign == std::string_view::npos || clause.find_first_not_of("ugoa") != sign ||
        clause.find_first_not_of("rwxst", sign + 1) != std::string_view::npos) {
      throw wrong(word, std::string(text), kExpected);
    }
    std::string_view who = clause.substr(0, sign);
    if (who.empty() || who.find('a') != std::string_view::npos) who = "ugo";
    bits |= permission_bits(who, clause.substr(sign + 1));
    if (clause.size() == text.size()) return bits;
    text.remove_prefix(clause.size() + 1);
  }
}

bool matches(const std::string& pattern, std::string_view text, int flags) {
  return ::fnmatch(pattern.c_str(), std::string(text).c_str(), flags) == 0;
}

bool is_empty(const VisitedName& visited) {
  const Node& node = visited.tree.node(visited.node);
  if (node.kind == NodeKind::Directory) return visited.tree.entries(visited.node).empty();
  return node.kind == NodeKind::File && (!node.content || node.content->size() == 0);
}

std::uint32_t owner_id(const OwnerNames& names, const std::string& word, const std::string& value) {
  if (const auto id = names.id_of(value)) return *id;
  const auto number = parse_number(value);
  if (!number || *number > UINT32_MAX) throw wrong(word, value, "a number, or a name that the image has");
  return static_cast<std::uint32_t>(*number);
}

}  // namespace

/// Recursive descent; the command line bounds the depth.
class FindExpression::Parser {
 public:
  Parser(std::span<const std::string> words, const FindSettings& settings, FindExpression& expression)
      : words_(words), settings_(settings), expression_(expression) {}

  Term run() {
    Term term = words_.empty() ? [](Visit&) { return true; } : parse_or();
    if (!words_.empty()) throw Error(ErrorCode::InvalidArgument, "there is a \")\" too many");
    if (has_action_) return term;
    return [term = std::move(term)](Visit& visit) {
      if (term(visit)) visit.act(FindAction::Print);
      return true;
    };
  }

 private:
  bool is_next(std::string_view word) const { return !words_.empty() && words_.front() == word; }
  bool skip(std::string_view word) {
    if (!is_next(word)) return false;
    words_ = words_.subspan(1);
    return true;
  }
  std::string take(const std::string& word) {
    if (words_.empty()) throw Error(ErrorCode::InvalidArgument, fmt::format("something is missing behind {}", word));
    std::string value = words_.front();
    words_ = words_.subspan(1);
    return value;
  }

  Term parse_or() {
    Term left = parse_and();
    while (skip("-o") || skip("-or")) {
      left = [left = std::move(left), right = parse_and()](Visit& visit) { return left(visit) || right(visit); };
    }
    return left;
  }

  Term parse_and() {
    Term left = parse_not();
    while (!words_.empty() && !is_next("-o") && !is_next("-or") && !is_next(")")) {
      if (!skip("-a")) skip("-and");
      left = [left = std::move(left), right = parse_not()](Visit& visit) { return left(visit) && right(visit); };
    }
    return left;
  }

  Term parse_not() {
    if (skip("!") || skip("-not")) {
      return [term = parse_not()](Visit& visit) { return !term(visit); };
    }
    if (!skip("(")) return parse_primary();
    Term term = parse_or();
    if (!skip(")")) throw Error(ErrorCode::InvalidArgument, "a \")\" is missing");
    return term;
  }

  Term parse_primary() {
    const std::string word = take("the expression");
    for (const auto& parse : {&Parser::parse_name, &Parser::parse_number_test, &Parser::parse_owner,
                              &Parser::parse_other, &Parser::parse_action, &Parser::parse_option}) {
      if (Term term = (this->*parse)(word)) return term;
    }
    static const std::vector<std::string> known = {"-name",   "-iname",    "-path",     "-ipath",   "-type",  "-size",
                                                   "-links",  "-inum",     "-mtime",    "-newermt", "-user",  "-group",
                                                   "-uid",    "-gid",      "-perm",     "-empty",   "-print", "-ls",
                                                   "-print0", "-maxdepth", "-mindepth", "-prune"};
    throw Error(ErrorCode::InvalidArgument, fmt::format("find knows no \"{}\"{}", word, did_you_mean(word, known)));
  }

  Term parse_name(const std::string& word) {
    const bool is_name = word == "-name" || word == "-iname";
    if (!is_name && word != "-path" && word != "-ipath") return nullptr;
    const int flags = word[1] == 'i' ? FNM_CASEFOLD : 0;
    return [pattern = take(word), flags, is_name](Visit& visit) {
      return matches(pattern, is_name ? visit.visited.name : visit.visited.path, flags);
    };
  }

  Term parse_number_test(const std::string& word) {
    using Value = std::uint64_t (*)(const VisitedName&);
    static const std::map<std::string, Value> values = {
        {"-uid", [](const VisitedName& v) { return std::uint64_t{v.tree.node(v.node).uid}; }},
        {"-gid", [](const VisitedName& v) { return std::uint64_t{v.tree.node(v.node).gid}; }},
        {"-links", [](const VisitedName& v) { return status_of(v.tree, v.node).links; }},
        {"-inum", [](const VisitedName& v) { return status_of(v.tree, v.node).inode.value_or(0); }},
    };
    if (word == "-size") {
      return [test = parse_size_test(word, take(word))](Visit& visit) {
        const std::uint64_t size = status_of(visit.visited.tree, visit.visited.node).size;
        return test.amount.holds(div_ceil(size, test.unit));
      };
    }
    const auto value = values.find(word);
    if (value == values.end()) return nullptr;
    return [amount = parse_amount(word, take(word)), of = value->second](Visit& visit) {
      return amount.holds(of(visit.visited));
    };
  }

  Term parse_owner(const std::string& word) {
    if (word == "-user") {
      return [id = owner_id(settings_.owners.users, word, take(word))](Visit& visit) {
        return visit.visited.tree.node(visit.visited.node).uid == id;
      };
    }
    if (word == "-group") {
      return [id = owner_id(settings_.owners.groups, word, take(word))](Visit& visit) {
        return visit.visited.tree.node(visit.visited.node).gid == id;
      };
    }
    return nullptr;
  }

  Term parse_other(const std::string& word) {
    if (word == "-type") {
      return [kind = parse_kind(word, take(word))](Visit& visit) {
        return visit.visited.tree.node(visit.visited.node).kind == kind;
      };
    }
    if (word == "-empty") {
      return [](Visit& visit) { return is_empty(visit.visited); };
    }
    if (word == "-perm") return parse_perm(word, take(word));
    if (word == "-mtime") return parse_mtime(parse_amount(word, take(word)));
    if (word == "-newermt") {
      const std::string value = take(word);
      const auto time = parse_time(value);
      if (!time) throw wrong(word, value, "a time such as 2024-05-06 or \"2024-05-06 07:08:09\", in UTC");
      return [time = *time](Visit& visit) { return visit.visited.tree.node(visit.visited.node).mtime > time; };
    }
    return nullptr;
  }

  static Term parse_perm(const std::string& word, const std::string& value) {
    const bool any = value.starts_with('/');
    const bool all = value.starts_with('-');
    const std::uint32_t wanted = parse_permissions(word, std::string_view(value).substr(any || all ? 1 : 0));
    return [=](Visit& visit) {
      const std::uint32_t present = visit.visited.tree.node(visit.visited.node).permissions;
      if (any) return wanted == 0 || (present & wanted) != 0;
      return all ? (present & wanted) == wanted : present == wanted;
    };
  }

  /// Whole days since the modification; what is to come is less than any number of days ago.
  Term parse_mtime(const Amount& amount) const {
    return [amount, now = settings_.now](Visit& visit) {
      const std::int64_t seconds = visit.visited.tree.node(visit.visited.node).mtime.seconds;
      if (seconds > now) return amount.sign == '-';
      return amount.holds((static_cast<std::uint64_t>(now) - static_cast<std::uint64_t>(seconds)) / kSecondsPerDay);
    };
  }

  Term parse_action(const std::string& word) {
    static const std::map<std::string, FindAction> actions = {
        {"-print", FindAction::Print}, {"-print0", FindAction::Print0}, {"-ls", FindAction::List}};
    if (word == "-prune") {
      return [](Visit& visit) {
        visit.pruned = true;
        return true;
      };
    }
    const auto action = actions.find(word);
    if (action == actions.end()) return nullptr;
    has_action_ = true;
    return [action = action->second](Visit& visit) {
      visit.act(action);
      return true;
    };
  }

  Term parse_option(const std::string& word) {
    if (word != "-maxdepth" && word != "-mindepth") return nullptr;
    const std::string value = take(word);
    const auto depth = parse_number(value);
    if (!depth) throw wrong(word, value, "a number");
    (word == "-maxdepth" ? expression_.max_depth_ : expression_.min_depth_) = *depth;
    return [](Visit&) { return true; };
  }

  std::span<const std::string> words_;
  const FindSettings& settings_;
  FindExpression& expression_;
  bool has_action_ = false;
};

FindExpression::FindExpression(std::span<const std::string> words, const FindSettings& settings) {
  term_ = Parser(words, settings, *this).run();
}

bool FindExpression::visit(const VisitedName& visited, const Act& act) const {
  Visit visit{visited, act};
  term_(visit);
  return !visit.pruned;
}

}  // namespace fstool
