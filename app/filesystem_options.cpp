#include "filesystem_options.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "fstool/options.h"
#include "spec_problems.h"
#include "spec_setting.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

OptionEntry text_entry(std::string key, std::string value) {
  OptionValue text;
  text.data = std::move(value);
  text.from_text = true;
  return {.key = std::move(key), .value = std::move(text), .location = nullptr};
}

/// A source's table, as a spec would have it.
OptionValue source_table(const std::string& path, const std::vector<std::string>& settings) {
  OptionTable table;
  SpecProblems problems;
  for (const std::string& setting : settings) apply_setting(table, setting, problems, "-S");
  problems.throw_if_any();
  table.push_back(text_entry("path", path));
  OptionValue value;
  value.data = std::move(table);
  return value;
}

/// One source, or a list of layers.
OptionValue sources_value(const std::vector<std::string>& sources, const std::vector<std::string>& settings) {
  if (sources.size() == 1) return source_table(sources.front(), settings);
  OptionValue::Array layers;
  for (const std::string& source : sources) layers.push_back(source_table(source, settings));
  OptionValue value;
  value.data = std::move(layers);
  return value;
}

/// The file system's table, as a spec would have it.
OptionTable filesystem_table(const std::string& type, const std::vector<std::string>& sources,
                             const ParsedOptions& options) {
  OptionTable table = {
      text_entry("type", type),
      {.key = "source", .value = sources_value(sources, options.texts("source-option")), .location = nullptr}};
  if (options.has("size")) table.push_back(text_entry("size", options.text("size")));
  for (const std::string& text : options.texts("option")) {
    OptionTable more = parse_option_text(text);
    std::ranges::move(more, std::back_inserter(table));
  }
  return table;
}

/// "zstd,level=3"
FormatChoice format_choice(const std::string& text) {
  const std::size_t comma = std::min(text.find(','), text.size());
  FormatChoice choice{.type = text.substr(0, comma), .location = nullptr, .options = {}};
  if (comma < text.size()) choice.options = parse_option_text(text.substr(comma + 1));
  return choice;
}

}  // namespace

void add_filesystem_options(po::options_description& options) {
  const auto text = [](const char* name) { return po::value<std::string>()->value_name(name); };
  const auto texts = [](const char* name) { return po::value<std::vector<std::string>>()->value_name(name); };
  options.add_options()("option,O", texts("KEY=VALUE[,…]"), "Set options of the file system (may be repeated)")(
      "source-option,S", texts("KEY=VALUE"),
      "Set a key of every source, as the table of a source in a\nspec has it: to=/opt (may be repeated)")(
      "size", text("SIZE"), "Size of the file system; without it, as small as possible")(
      "container", text("TYPE[,KEY=VALUE…]"), "Container of the image, with its options")(
      "codec", text("TYPE[,KEY=VALUE…]"), "Codec that compresses the image, with its options")(
      "seed", text("TEXT"), "Derive identifiers from TEXT instead of the source");
}

Spec filesystem_spec(const std::string& type, const std::vector<std::string>& sources, const ParsedOptions& options) {
  Spec spec;
  spec.filesystem = read_filesystem(filesystem_table(type, sources, options), "the command line", nullptr, PathBase{});
  if (options.has("container")) spec.container = format_choice(options.text("container"));
  if (options.has("codec")) spec.codec = format_choice(options.text("codec"));
  if (options.has("seed")) spec.seed = options.text("seed");
  return spec;
}

}  // namespace fstool
