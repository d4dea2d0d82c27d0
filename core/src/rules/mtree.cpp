#include "rules/mtree.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <utility>

#include "base64.h"
#include "rules/tree_path.h"
#include "rules/unvis.h"

namespace fstool {

namespace {

constexpr std::array<std::pair<std::string_view, NodeKind>, 7> kTypes = {{
    {"file", NodeKind::File},
    {"dir", NodeKind::Directory},
    {"link", NodeKind::Symlink},
    {"char", NodeKind::CharDevice},
    {"block", NodeKind::BlockDevice},
    {"fifo", NodeKind::Fifo},
    {"socket", NodeKind::Socket},
}};

constexpr std::string_view kXattrComment = "# xattr ";
constexpr std::size_t kMaxPathBytes = 16 * 1024;
constexpr std::uint32_t kMaxNanoseconds = 999'999'999;

template <class Number>
std::optional<Number> number_of(std::string_view text, int base = 10) {
  Number number{};
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return number;
}

/// 8, 0x103 and 0403.
std::optional<std::uint64_t> c_number(std::string_view text) {
  if (text.starts_with("0x")) return number_of<std::uint64_t>(text.substr(2), 16);
  return number_of<std::uint64_t>(text, text.starts_with('0') ? 8 : 10);
}

/// "SECONDS" or "SECONDS.NANOSECONDS": the part behind the dot is a number, not a fraction.
std::optional<Timestamp> time_of(std::string_view text) {
  const std::size_t dot = text.find('.');
  const auto seconds = number_of<std::int64_t>(text.substr(0, dot));
  if (!seconds) return std::nullopt;
  if (dot == std::string_view::npos) return Timestamp{*seconds, 0};
  const auto nanoseconds = number_of<std::uint32_t>(text.substr(dot + 1));
  if (!nanoseconds || *nanoseconds > kMaxNanoseconds) return std::nullopt;
  return Timestamp{*seconds, *nanoseconds};
}

/// "native,1,3", with any system's name, or the number that the system's own makedev() makes.
std::optional<DeviceNumber> device_of(std::string_view text) {
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) {
    const auto number = c_number(text);
    if (!number) return std::nullopt;
    return DeviceNumber{::gnu_dev_major(*number), ::gnu_dev_minor(*number)};
  }
  text.remove_prefix(comma + 1);
  const std::size_t second = text.find(',');
  if (second == std::string_view::npos) return std::nullopt;
  const auto major = c_number(text.substr(0, second));
  const auto minor = c_number(text.substr(second + 1));
  if (!major || !minor || *major > UINT32_MAX || *minor > UINT32_MAX) return std::nullopt;
  return DeviceNumber{static_cast<std::uint32_t>(*major), static_cast<std::uint32_t>(*minor)};
}

std::optional<std::uint16_t> mode_of(std::string_view text) {
  const auto mode = number_of<std::uint32_t>(text, 8);
  constexpr std::uint32_t kPermissions = 07777;
  constexpr std::uint32_t kMode = 0177777;  // with the kind, as some write it
  if (!mode || *mode > kMode) return std::nullopt;
  return static_cast<std::uint16_t>(*mode & kPermissions);
}

template <class Value>
bool assign(Value& to, const Value& value) {
  to = value;
  return value.has_value();
}

bool assign_text(std::string& to, std::string_view value) {
  const auto text = unvis(value);
  to = text.value_or("");
  return !to.empty() && to.find('\0') == std::string::npos;
}

/// Puts a keyword's value into the entry. False if it is no such value.
bool set_keyword(MtreeEntry& entry, std::string_view keyword, std::string_view value) {
  if (keyword == "type") {
    const auto found = std::ranges::find(kTypes, value, &std::pair<std::string_view, NodeKind>::first);
    if (found == kTypes.end()) return false;
    entry.kind = found->second;
    return true;
  }
  if (keyword == "uid") return assign(entry.uid, parse_owner_id(value));
  if (keyword == "gid") return assign(entry.gid, parse_owner_id(value));
  if (keyword == "uname") return assign_text(entry.uname, value);
  if (keyword == "gname") return assign_text(entry.gname, value);
  if (keyword == "mode") return assign(entry.permissions, mode_of(value));
  if (keyword == "time") return assign(entry.mtime, time_of(value));
  if (keyword == "device") return assign(entry.device, device_of(value));
  if (keyword == "size") return assign(entry.size, number_of<std::uint64_t>(value));
  if (keyword == "link") return assign_text(entry.link, value);
  if (keyword == "optional") entry.is_optional = true;
  if (keyword == "nochange") entry.is_fixed = true;
  return true;
}

class MtreeReader {
 public:
  MtreeReader(TextLines& lines, const std::function<void(const MtreeEntry& entry)>& sink)
      : lines_(lines), sink_(sink) {}

  void run() {
    std::string_view line;
    while (lines_.next(line)) {
      line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
      if (line.empty() || line.front() == '#') continue;
      read_line(join_continued(line));
    }
  }

 private:
  /// The line and those that continue it.
  std::string_view join_continued(std::string_view line) {
    if (!line.ends_with('\\')) return line;
    joined_ = line;
    while (joined_.ends_with('\\') && lines_.next(line)) {
      joined_.back() = ' ';
      joined_ += line;
    }
    if (joined_.ends_with('\\')) throw lines_.error("the line goes on, and there is none");
    return joined_;
  }

  void read_line(std::string_view line) {
    const std::string_view word = take_word(line);
    if (word == "/set") {
      while (!line.empty()) set_default(take_word(line));
    } else if (word == "/unset") {
      while (!line.empty()) unset(take_word(line));
    } else if (word == "..") {
      leave_directory();
    } else {
      read_entry(word, line);
    }
  }

  void leave_directory() {
    if (directory_.empty() && !is_in_root_) throw lines_.error("\"..\" leads out of the tree");
    if (directory_.empty()) {
      is_in_root_ = false;
    } else {
      directory_.pop_back();
    }
  }

  void set_default(std::string_view word) {
    const auto [keyword, value] = split(word);
    MtreeEntry ignored;
    set(ignored, keyword, value);
    defaults_.insert_or_assign(std::string(keyword), std::string(value));
  }

  void unset(std::string_view keyword) {
    if (keyword == "all") {
      defaults_.clear();
    } else {
      defaults_.erase(std::string(keyword));
    }
  }

  static std::pair<std::string_view, std::string_view> split(std::string_view word) {
    const std::size_t equals = word.find('=');
    return {word.substr(0, equals), equals == std::string_view::npos ? std::string_view() : word.substr(equals + 1)};
  }

  void set(MtreeEntry& entry, std::string_view keyword, std::string_view value) const {
    if (set_keyword(entry, keyword, value)) return;
    throw lines_.error(fmt::format("\"{}\" is no value of {}", value, keyword));
  }

  void read_entry(std::string_view word, std::string_view line) {
    MtreeEntry entry;
    for (const auto& [keyword, value] : defaults_) set(entry, keyword, value);
    while (!line.empty()) {
      const auto [keyword, value] = split(take_word(line));
      set(entry, keyword, value);
    }
    const std::optional<std::string> name = unvis(word);
    if (!name || name->find('\0') != std::string::npos) throw lines_.error(fmt::format("\"{}\" is no name", word));
    entry.path = path_of(*name, entry.kind);
    const TextLines at_entry = lines_;
    read_xattrs(entry);
    const TextLines behind = std::exchange(lines_, at_entry);
    sink_(entry);
    lines_ = behind;
  }

  std::string path_of(const std::string& name, std::optional<NodeKind> kind) {
    std::vector<std::string> names;
    if (name.find('/') == std::string::npos) {
      if (name == ".") {
        is_in_root_ = is_in_root_ || directory_.empty();
        return fmt::format("{}", fmt::join(directory_, "/"));
      }
      names = directory_;
      names.push_back(name);
      if (kind == NodeKind::Directory) directory_ = names;
    } else {
      for (const std::string_view part : names_of(name)) {
        if (part == "..") throw lines_.error(fmt::format("the path \"{}\" has a \"..\"", name));
        if (part != ".") names.emplace_back(part);
      }
    }
    std::string path = fmt::format("{}", fmt::join(names, "/"));
    if (path.size() > kMaxPathBytes) throw lines_.error(fmt::format("a path of more than {} bytes", kMaxPathBytes));
    return path;
  }

  void read_xattrs(MtreeEntry& entry) {
    std::string_view line;
    while (lines_.peek().starts_with(kXattrComment) && lines_.next(line)) {
      const auto [name, value] = split(line.substr(kXattrComment.size()));
      const auto plain_name = unvis(name);
      const auto bytes = from_base64(value);
      const bool is_good = plain_name && bytes && plain_name->find('.') != std::string::npos &&
                           plain_name->find('\0') == std::string::npos;
      if (!is_good) throw lines_.error("this is no extended attribute NAME=BASE64");
      entry.xattrs.push_back({*plain_name, *bytes});
    }
  }

  TextLines& lines_;
  const std::function<void(const MtreeEntry& entry)>& sink_;
  std::map<std::string, std::string> defaults_;  // what /set said
  std::vector<std::string> directory_;           // the current one
  bool is_in_root_ = false;                      // a "." began it, and no ".." ended it
  std::string joined_;
};

}  // namespace

void read_mtree(TextLines& lines, const std::function<void(const MtreeEntry& entry)>& sink) {
  MtreeReader(lines, sink).run();
}

}  // namespace fstool
