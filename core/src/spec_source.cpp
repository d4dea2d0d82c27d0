#include "spec_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "file_source.h"
#include "standard_input.h"

namespace fstool {

namespace {

constexpr std::string_view kExpected = "a path or a table { path = \"…\", … }, or a list of these";

/// The values of `whiteouts`; nothing: it depends on whether there is something below.
const std::vector<std::pair<std::string, std::optional<Whiteouts>>>& whiteout_choices() {
  static const std::vector<std::pair<std::string, std::optional<Whiteouts>>> choices = {
      {"auto", std::nullopt}, {"none", Whiteouts::None}, {"oci", Whiteouts::Oci}, {"overlayfs", Whiteouts::Overlayfs}};
  return choices;
}

std::optional<Whiteouts> parse_whiteouts(const OptionValue& value) {
  const auto* text = std::get_if<std::string>(&value.data);
  OptionInfo info;
  info.name = "whiteouts";
  for (const auto& [name, whiteouts] : whiteout_choices()) {
    if (text != nullptr && *text == name) return whiteouts;
    info.choices.push_back(name);
  }
  detail::throw_bad_choice(value, info);
}

/// A path in a tree: it can't climb.
std::string parse_tree_path(const OptionValue& value, std::string_view key) {
  std::string path = parse_text(value, key);
  if (path.empty()) throw spec_error(value.location, fmt::format("{} must not be empty (\"/\" is the root)", key));
  for (std::string_view rest = path; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find('/'));
    if (name == "." || name == "..") {
      throw spec_error(value.location, fmt::format("the path \"{}\" in {} has a \"{}\"", path, key, name));
    }
    rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  }
  return path;
}

class SourceReader {
 public:
  SourceReader(const PathBase& base, SpecProblems& problems, bool is_layer)
      : base_(base), problems_(problems), is_layer_(is_layer) {}

  SourceChoice read(const OptionValue& value) {
    choice_.location = value.location;
    choice_.whiteouts = default_whiteouts();
    if (const auto* table = std::get_if<OptionTable>(&value.data)) {
      read_table(*table);
    } else if (std::holds_alternative<std::string>(value.data)) {
      read_path(value);
    } else {
      throw wrong_type(value, "source", kExpected);
    }
    return std::move(choice_);
  }

 private:
  Whiteouts default_whiteouts() const { return is_layer_ ? Whiteouts::Both : Whiteouts::None; }

  void read_path(const OptionValue& value) {
    choice_.path = parse_path(value, "source", base_);
    choice_.written = std::get<std::string>(value.data);
    choice_.is_standard_input = choice_.written == kStandardInput;
  }

  void read_table(const OptionTable& table) {
    TableReader reader(table, "source", choice_.location, problems_);
    reader.read_required("path", [&](const OptionValue& path) { read_path(path); });
    reader.read("type", [&](const OptionValue& type) {
      choice_.type = parse_text(type, "type");
      choice_.type_location = type.location;
    });
    reader.read("from", [&](const OptionValue& from) {
      choice_.from = parse_tree_path(from, "from");
      choice_.from_location = from.location;
    });
    reader.read("to", [&](const OptionValue& to) {
      choice_.to = parse_tree_path(to, "to");
      choice_.to_location = to.location;
    });
    reader.read("whiteouts", [&](const OptionValue& whiteouts) {
      choice_.whiteouts = parse_whiteouts(whiteouts).value_or(default_whiteouts());
    });
    choice_.rules = read_source_rules(reader, base_);
    choice_.options = reader.rest();
    if (choice_.type == kFileSource && !choice_.to) {
      problems_.add(choice_.type_location, "a file needs a place: say where it goes, as in to = \"/boot/kernel\"");
    }
    if (choice_.type == kFileSource && choice_.from) problems_.add(choice_.from_location, "a file has no parts");
  }

  const PathBase& base_;
  SpecProblems& problems_;
  const bool is_layer_;
  SourceChoice choice_;
};

}  // namespace

std::vector<SourceChoice> read_sources(const OptionValue& value, const PathBase& base, SpecProblems& problems) {
  std::vector<SourceChoice> sources;
  const auto add = [&](const OptionValue& written, bool is_layer) {
    problems.collect(written.location, [&] {
      SourceChoice choice = SourceReader(base, problems, is_layer).read(written);
      if (!choice.path.empty()) sources.push_back(std::move(choice));
    });
  };
  const auto* list = std::get_if<OptionValue::Array>(&value.data);
  if (list == nullptr) {
    add(value, false);
  } else if (list->empty()) {
    problems.add(value.location, "source must not be an empty list: leave it out");
  } else {
    for (const OptionValue& element : *list) add(element, true);
  }
  return sources;
}

std::string written_text(const std::vector<SourceChoice>& sources) {
  std::vector<std::string_view> texts;
  texts.reserve(sources.size());
  for (const SourceChoice& source : sources) texts.push_back(source.written);
  return fmt::format("{}", fmt::join(texts, ", "));
}

}  // namespace fstool
