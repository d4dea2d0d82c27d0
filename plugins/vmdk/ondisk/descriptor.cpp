#include "ondisk/descriptor.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <system_error>

#include "fstool/error.h"

namespace fstool::vmdk {
namespace {

constexpr std::uint32_t kNewestDescriptor = 4;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](char c) { return lower(c); });
  return result;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

/// Takes the next word away, and the blanks around it.
std::string_view take_word(std::string_view& text) {
  text = trimmed(text);
  const auto* const end = std::ranges::find_if(text, is_blank);
  const auto length = static_cast<std::size_t>(end - text.begin());
  const std::string_view word = text.substr(0, length);
  text = trimmed(text.substr(length));
  return word;
}

template <class Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Takes a text in double quotes away; nothing if there is none.
std::optional<std::string_view> take_quoted(std::string_view& text) {
  text = trimmed(text);
  if (text.empty() || text.front() != '"') return std::nullopt;
  const std::size_t end = text.find('"', 1);
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view quoted = text.substr(1, end - 1);
  text = trimmed(text.substr(end + 1));
  return quoted;
}

class Parser {
 public:
  Descriptor parse(std::string_view text) {
    text = text.substr(0, text.find('\0'));
    while (!text.empty()) {
      const std::size_t length = std::min(text.find('\n'), text.size());
      ++line_;
      add_line(trimmed(text.substr(0, length)));
      text.remove_prefix(std::min(length + 1, text.size()));
    }
    finish();
    return std::move(descriptor_);
  }

 private:
  void add_line(std::string_view line) {
    if (line.empty() || line.front() == '#') return;
    if (std::ranges::any_of(line, [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\t'; })) {
      throw_damaged("has control characters");
    }
    std::string_view rest = line;
    const std::string_view first = take_word(rest);
    for (const char* const access : {"RW", "RDONLY", "NOACCESS"}) {
      if (equal_words(first, access)) return add_extent(access, rest);
    }
    add_assignment(line);
  }

  void add_extent(const char* access, std::string_view rest) {
    if (descriptor_.extents.size() == kMaxExtents) {
      throw Error(ErrorCode::Unsupported, fmt::format("the descriptor has more than {} extents", kMaxExtents));
    }
    ExtentLine extent;
    extent.access = access;
    const auto sectors = parse_number<std::uint64_t>(take_word(rest));
    if (!sectors || *sectors == 0 || *sectors > kMaxDiskSectors - sectors_) throw_damaged("has no valid size");
    extent.sectors = *sectors;
    sectors_ += *sectors;
    extent.type = take_word(rest);
    if (extent.type.empty()) throw_damaged("has no type of extent");
    std::ranges::transform(extent.type, extent.type.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    if (extent.type != "ZERO") {
      const auto name = take_quoted(rest);
      if (!name || name->empty() || name->size() > kMaxNameBytes) throw_damaged("has no valid name of a file");
      extent.file = *name;
      if (!rest.empty()) {
        const auto offset = parse_number<std::uint64_t>(take_word(rest));
        if (!offset || *offset > kMaxDiskSectors) throw_damaged("has no valid offset");
        extent.offset = *offset;
      }
    }
    descriptor_.extents.push_back(std::move(extent));
  }

  void add_assignment(std::string_view line) {
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) throw_damaged("is neither an extent nor an assignment");
    const std::string key = lower(trimmed(line.substr(0, equals)));
    std::string_view value = trimmed(line.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    if (key.find("encryption") != std::string::npos || key.find("keysafe") != std::string::npos) {
      descriptor_.encrypted = true;
    }
    const bool needed = key == "version" || key == "parentcid" || key == "createtype" || key == "parentfilenamehint" ||
                        key == "ddb.adaptertype";
    if (!needed) return;
    if (!values_.emplace(key, value).second) throw_damaged(fmt::format("gives {} once more", key));
  }

  /// The value of a key; empty if there is none.
  std::string value_of(const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? std::string() : found->second;
  }

  void finish() {
    const auto version = parse_number<std::uint32_t>(value_of("version"));
    if (!version || *version == 0) throw Error(ErrorCode::Corrupt, "the descriptor has no valid version");
    if (*version > kNewestDescriptor) {
      throw Error(ErrorCode::Unsupported, fmt::format("its descriptor has version {}, and those up to {} can be read",
                                                      *version, kNewestDescriptor));
    }
    descriptor_.version = *version;
    descriptor_.create_type = value_of("createtype");
    if (descriptor_.create_type.empty()) throw Error(ErrorCode::Corrupt, "the descriptor has no createType");
    if (values_.contains("parentcid")) {
      const auto parent = parse_number<std::uint32_t>(value_of("parentcid"), 16);
      if (!parent) throw Error(ErrorCode::Corrupt, "the descriptor has no valid parentCID");
      descriptor_.parent = *parent;
    }
    descriptor_.parent_file = value_of("parentfilenamehint");
    descriptor_.adapter_type = value_of("ddb.adaptertype");
  }

  [[noreturn]] void throw_damaged(std::string_view what) const {
    throw Error(ErrorCode::Corrupt, fmt::format("line {} of the descriptor {}", line_, what));
  }

  Descriptor descriptor_;
  std::map<std::string, std::string> values_;
  std::uint64_t sectors_ = 0;
  std::uint64_t line_ = 0;
};

/// Cylinders, heads and sectors as VMware's programs choose them for a disk.
struct DiskGeometry {
  std::uint64_t cylinders;
  std::uint32_t heads;
  std::uint32_t sectors;
};

DiskGeometry geometry_of(std::uint64_t sectors, bool ide) {
  constexpr std::uint32_t kSectorsOfTrack = 63;
  constexpr std::uint64_t kMostIdeCylinders = 16383;  // what ATA says for all larger disks
  const std::uint32_t heads = ide ? 16 : 255;
  const std::uint64_t cylinders = std::max<std::uint64_t>(1, sectors / (heads * kSectorsOfTrack));
  return {ide ? std::min(cylinders, kMostIdeCylinders) : cylinders, heads, kSectorsOfTrack};
}

}  // namespace

std::uint64_t Descriptor::sectors() const {
  std::uint64_t sum = 0;
  for (const ExtentLine& extent : extents) sum += extent.sectors;
  return sum;
}

Descriptor parse_descriptor(std::string_view text) { return Parser().parse(text); }

bool equal_words(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, {}, [](char c) { return lower(c); }, [](char c) { return lower(c); });
}

std::string printable(std::string_view text) {
  constexpr std::size_t kMostBytes = 200;
  std::string result(text.substr(0, kMostBytes));
  std::ranges::replace_if(
      result, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }, '?');
  return text.size() > kMostBytes ? result + "…" : result;
}

std::string format_descriptor(const DescriptorFields& fields) {
  const DiskGeometry geometry = geometry_of(fields.sectors, fields.adapter_type == "ide");
  return fmt::format(
      "{}\n"
      "version=1\n"
      "CID={:08x}\n"
      "parentCID={:08x}\n"
      "createType=\"{}\"\n"
      "\n"
      "# Extent description\n"
      "{} {} SPARSE \"disk.vmdk\"\n"
      "\n"
      "# The Disk Data Base\n"
      "#DDB\n"
      "\n"
      "ddb.virtualHWVersion = \"{}\"\n"
      "ddb.geometry.cylinders = \"{}\"\n"
      "ddb.geometry.heads = \"{}\"\n"
      "ddb.geometry.sectors = \"{}\"\n"
      "ddb.adapterType = \"{}\"\n",
      kDescriptorSignature, fields.content_id, kNoParent, fields.create_type, fields.access, fields.sectors,
      fields.hardware_version, geometry.cylinders, geometry.heads, geometry.sectors, fields.adapter_type);
}

}  // namespace fstool::vmdk
