#include "spec_reference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cctype>
#include <limits>
#include <string_view>
#include <vector>

#include "spec.h"
#include "spec_keys.h"

namespace fstool {

namespace {

constexpr std::string_view kHead =
    "# Specs\n"
    "\n"
    "<!-- Written by `fstool schema --markdown`; a test says when it is stale. -->\n"
    "\n"
    "A spec is a TOML file that says what `fstool run` builds. This page has every key of it, and every option of the\n"
    "formats of the plugins that come with fstool. `fstool schema` prints the same as a JSON Schema, which editors "
    "complete\n"
    "and check with: name the file in a comment at the start of a spec, for taplo and what is built on it,\n"
    "\n"
    "    #:schema ./fstool.schema.json\n"
    "\n"
    "and `fstool init` writes specs to start with.\n"
    "\n"
    "Relative paths start at the file that they are written in. A size is a number of bytes, or text with a unit: `KiB "
    "MiB\n"
    "GiB TiB PiB` (powers of 1024; also `K M G T`) or `KB MB GB TB PB` (powers of 1000), with a fraction if that makes "
    "whole\n"
    "bytes: `\"1.5GiB\"`.\n"
    "\n"
    "## Variables\n"
    "\n"
    "In strings, not in keys. Text with a variable may stand for a number or a boolean: `level = \"${LEVEL}\"`.\n"
    "\n"
    "| text | value |\n"
    "|---|---|\n"
    "| `${name}` | of `-D name=value`, or else of the environment; an error without either |\n"
    "| `${env:NAME}` | of the environment |\n"
    "| `${name:-default}`, `${env:NAME:-default}` | the same, or the default if there is none, or an empty one |\n"
    "| `${TYPE.FROM.VALUE}` | what comes out of `[partitions.derive]`: in the `uuid` of partitions, and the `content` "
    "of entries |\n"
    "| `$${` | the characters `${` |\n"
    "\n"
    "## Overrides\n"
    "\n"
    "`include = [\"base.toml\"]` takes what another spec says, and this one's values count where both say something: "
    "tables\n"
    "are merged key by key, arrays of tables element by element where both have the same `name`; other elements are "
    "added\n"
    "behind. Of several, the later count more.\n"
    "\n"
    "`fstool run SPEC --set partitions.root.size=2GiB` sets one value. Elements of arrays go by their name, or their "
    "number\n"
    "from 0; keys that are not there are made. Values that begin with `[`, `{` or a quote are TOML, all others text "
    "that may\n"
    "stand for a number or a boolean. `fstool run SPEC --print-spec` shows what comes out.\n";

std::string code(std::string_view text) { return fmt::format("`{}`", text); }

/// Text in a cell of a table.
std::string cell(std::string_view text) {
  std::string escaped;
  for (const char c : text) escaped.append(c == '|' ? "\\|" : std::string(1, c));
  return escaped;
}

std::string values_text(const OptionInfo& info) {
  if (!info.choices.empty()) {
    std::vector<std::string> choices;
    for (const std::string& choice : info.choices) choices.push_back(code(choice));
    return fmt::format("{}: {}", info.type, fmt::join(choices, ", "));
  }
  if (info.type == "string" && info.maximum) return fmt::format("string, at most {} bytes", *info.maximum);
  if (info.type == "integer" && info.minimum && info.maximum &&
      *info.minimum != std::numeric_limits<std::int64_t>::min()) {
    return fmt::format("integer, {} to {}", *info.minimum, *info.maximum);
  }
  return info.type;
}

std::string row(const OptionInfo& info, std::string_view fallback) {
  return fmt::format("| {} | {} | {} | {} |\n", code(info.name), cell(values_text(info)), cell(fallback),
                     cell(info.summary));
}

std::string row(const OptionInfo& info) {
  return row(info, info.default_text.empty() ? std::string() : code(info.default_text));
}

std::string table(std::string_view rows) {
  return fmt::format("\n| key | value | default | meaning |\n|---|---|---|---|\n{}", rows);
}

std::string options_table(const std::vector<OptionInfo>& options) {
  std::string rows;
  for (const OptionInfo& info : options) rows += row(info);
  return table(rows);
}

std::string header_of(const std::string& section) {
  if (section.empty()) return "The top";
  if (section == "partitions") return "`[[partitions]]`";
  if (section == "filesystem") return "`[filesystem]` and `[partitions.filesystem]`";
  const bool is_value =
      section == "filesystem.source" || section == "partitions.content" || section == "partitions.holes";
  if (is_value) return "`" + section.substr(section.find('.') + 1) + "`";
  if (section == "filesystem.rules") return "`rules`";
  return section == "filesystem.entries" ? "`entries`" : "`[" + section + "]`";
}

std::string section_text(const SpecSection& section) {
  std::string rows;
  for (const SpecKey& key : section.keys) rows += key.is_required ? row(key.info, "needed") : row(key.info);
  if (section.name == "filesystem") {
    for (const OptionInfo& info : generic_filesystem_options()) rows += row(info);
  }
  return fmt::format("\n### {}\n\n{}\n{}", header_of(section.name), section.summary, table(rows));
}

std::string title(std::string_view stage) {
  std::string text(stage);
  text.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(text.front())));
  return text + "s";
}

template <class Interface>
std::string formats_text(const Registry& registry) {
  std::string text = fmt::format("\n## {}\n", title(stage_name(kStageOf<Interface>)));
  for (const auto& [name, format] : registry.all<Interface>()) {
    text += fmt::format("\n### {}\n\n{}\n", name, format.info.summary);
    if (!format.info.extensions.empty()) {
      text += fmt::format("Outputs that end in .{} get it.\n", fmt::join(format.info.extensions, ", ."));
    }
    if (!format.info.options.empty()) text += options_table(format.info.options);
    if (format.info.partition_options.empty()) continue;
    text += "\nOf each partition:\n" + options_table(format.info.partition_options);
  }
  return text;
}

}  // namespace

std::string spec_reference(const Registry& registry) {
  std::string text(kHead);
  text += "\n## Tables\n";
  for (const SpecSection& section : spec_sections()) text += section_text(section);
  text += formats_text<Source>(registry) + formats_text<Filesystem>(registry) + formats_text<Derivation>(registry) +
          formats_text<PartitionTable>(registry) + formats_text<Container>(registry) + formats_text<Codec>(registry);
  return text;
}

}  // namespace fstool
