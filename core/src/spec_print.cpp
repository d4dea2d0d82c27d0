#include "spec_print.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

#include "deferred_text.h"
#include "spec_keys.h"
#include "standard_input.h"
#include "toml_text.h"

namespace fstool {

namespace {

namespace fs = std::filesystem;

/// Where paths stand: the table's key, and the key in it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kPaths{{{"filesystem", "source"},
                                                                                {"filesystem", "selinux_contexts"},
                                                                                {"source", "path"},
                                                                                {"source", "manifest"},
                                                                                {"source", "device_table"},
                                                                                {"source", "selinux_contexts"},
                                                                                {"entries", "copy"},
                                                                                {"image", "boot_code"},
                                                                                {"partitions", "content"},
                                                                                {"content", "file"},
                                                                                {"content", "image"},
                                                                                {"boot_code", "file"},
                                                                                {"boot_code", "image"}}};

/// What the keys of a spec and the options of formats want.
class KeyTypes {
 public:
  explicit KeyTypes(const Registry& registry) {
    for (const SpecSection& section : spec_sections()) {
      for (const SpecKey& key : section.keys) add("", key.info);
    }
    for (const OptionInfo& info : generic_filesystem_options()) add("", info);
    add_formats<Source>(registry);
    add_formats<Filesystem>(registry);
    add_formats<Derivation>(registry);
    add_formats<PartitionTable>(registry);
    add_formats<Container>(registry);
    add_formats<Codec>(registry);
  }

  /// Of an option of `format`, else of a key of any table of a spec, which are the same wherever numbers, booleans or
  /// lists are wanted. The type is empty if there is no such key.
  OptionInfo of(const std::string& key, const std::string& format) const {
    OptionInfo info;
    info.name = key;
    for (const std::string& owner : {format, std::string()}) {
      const auto found = types_.find({owner, key});
      if (found == types_.end()) continue;
      info.type = found->second;
      break;
    }
    return info;
  }

 private:
  void add(const std::string& format, const OptionInfo& info) {
    types_.emplace(std::pair(format, info.name), info.type);
  }

  template <class Interface>
  void add_formats(const Registry& registry) {
    for (const auto& [name, format] : registry.all<Interface>()) {
      for (const OptionInfo& info : format.info.options) add(name, info);
      // Partitions don't name their table.
      for (const OptionInfo& info : format.info.partition_options) add("", info);
    }
  }

  std::map<std::pair<std::string, std::string>, std::string> types_;  ///< by format, empty for none, and key
};

/// The format that a table names, or else the one that it is about already.
std::string format_of(const OptionTable& table, const std::string& outer) {
  for (const OptionEntry& entry : table) {
    const auto* name = std::get_if<std::string>(&entry.value.data);
    if (name != nullptr && (entry.key == "type" || entry.key == "partition_table")) return *name;
  }
  return outer;
}

/// `${` in place of the marks around names of values that come out later, and `$${` for the characters themselves.
std::string with_references(std::string_view text) {
  std::string written;
  while (!text.empty()) {
    const std::size_t close = text.front() == kDeferredMark ? text.find(kDeferredMark, 1) : std::string_view::npos;
    if (close != std::string_view::npos && is_deferred_name(text.substr(1, close - 1))) {
      written.append("${").append(text.substr(1, close - 1)) += '}';
      text.remove_prefix(close + 1);
    } else if (text.starts_with("${")) {
      written += "$${";
      text.remove_prefix(2);
    } else {
      written += text.front();
      text.remove_prefix(1);
    }
  }
  return written;
}

class SpecPrinter {
 public:
  SpecPrinter(const PathBase& base, const Registry& registry) : base_(base), types_(registry) {}

  /// `parent` is the key of `table`, and `outer` the format that the table around it names.
  void prepare(OptionTable& table, std::string_view parent, const std::string& outer) const {
    const std::string format = format_of(table, outer);
    for (OptionEntry& entry : table) prepare(entry.value, entry.key, parent, format);
  }

 private:
  void prepare(OptionValue& value, const std::string& key, std::string_view parent, const std::string& format) const {
    if (auto* table = std::get_if<OptionTable>(&value.data)) {
      prepare(*table, key, format);
    } else if (auto* array = std::get_if<OptionValue::Array>(&value.data)) {
      for (OptionValue& element : *array) prepare(element, key, parent, format);
    } else if (std::holds_alternative<std::string>(value.data)) {
      prepare_text(value, key, parent, format);
    }
  }

  void prepare_text(OptionValue& value, const std::string& key, std::string_view parent,
                    const std::string& format) const {
    const std::pair<std::string_view, std::string_view> place(parent, key);
    if (std::ranges::find(kPaths, place) != kPaths.end() && !is_standard_input(value, place)) {
      value.data = fs::absolute(parse_path(value, key, base_)).lexically_normal().string();
    }
    if (value.from_text) give_type(value, types_.of(key, format));
    if (auto* text = std::get_if<std::string>(&value.data)) *text = with_references(*text);
  }

  /// "-" where a source is wanted.
  static bool is_standard_input(const OptionValue& value, const std::pair<std::string_view, std::string_view>& place) {
    const bool is_source = place.second == "source" || place.first == "source";
    return is_source && std::get<std::string>(value.data) == kStandardInput;
  }

  static bool is_integer(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
  }

  /// Reads what text from the command line or a variable stands for.
  static void give_type(OptionValue& value, const OptionInfo& info) {
    if (info.type == "integer" || (info.type == kTime && is_integer(std::get<std::string>(value.data)))) {
      value.data = detail::parse_integer(value, info);
    } else if (info.type == "boolean") {
      value.data = detail::parse_bool(value, info);
    } else if (info.type == "list of strings") {
      OptionValue::Array elements;
      for (std::string& text : detail::parse_strings(value, info)) {
        elements.emplace_back().data = with_references(text);
      }
      value.data = std::move(elements);
    }
  }

  const PathBase& base_;
  KeyTypes types_;
};

}  // namespace

std::string print_spec(const SpecText& spec, const Registry& registry) {
  OptionTable table = spec.table;
  SpecPrinter(spec.base, registry).prepare(table, "", "");
  return toml_text(table);
}

}  // namespace fstool
