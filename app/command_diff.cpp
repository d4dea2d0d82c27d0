#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "commands.h"
#include "fstool/options.h"
#include "json_text.h"
#include "reading.h"
#include "settings.h"
#include "signals.h"
#include "standard_output.h"
#include "tree_diff.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "diff",
    .synopsis = "A B [options]",
    .description =
        "Says in what the files of B differ from those of A. Each is an image, IMAGE:PARTITION,\n"
        "a directory or an archive. Compared are names, kinds, permissions, owners, times of\n"
        "modification, contents, extended attributes, and which names are links of one file.\n"
        "An empty lost+found in the root that only one side has is no difference.",
    .examples =
        "  fstool diff old.img:2 new.img:2\n"
        "  fstool diff rootfs.tar.gz rootfs.ext4 --ignore mtime\n"
        "  fstool diff ./rootfs rootfs.ext4 --ignore owner,xattrs --json",
    .exit_codes = {{kExitSuccess, "they are equal"},
                   {kExitFailure, "they differ"},
                   {kExitTrouble, "that can't be told, or the command line is wrong"}},
};

DiffField field_of(std::string_view name) {
  std::vector<std::string> names;
  for (std::size_t index = 0; index < kDiffFields; ++index) {
    const auto field = static_cast<DiffField>(index);
    if (diff_field_name(field) == name) return field;
    names.emplace_back(diff_field_name(field));
  }
  throw UsageError(kHelp.name, fmt::format("--ignore {}: expected some of {}{}", name, fmt::join(names, ","),
                                           did_you_mean(std::string(name), names)));
}

/// "owner,mtime", given once or more.
DiffOptions diff_options(const ParsedOptions& options) {
  DiffOptions result;
  for (const std::string& text : options.texts("ignore")) {
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      result.ignored.push_back(field_of(rest.substr(0, comma)));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
  }
  return result;
}

std::string_view change_name(TreeDifference::Change change) {
  switch (change) {
    case TreeDifference::Change::Added:
      return "added";
    case TreeDifference::Change::Removed:
      return "removed";
    case TreeDifference::Change::Changed:
      break;
  }
  return "changed";
}

/// "mode 0644 -> 0600", "content differs from byte 12 on", "xattr user.comment removed"
std::string field_text(const FieldDifference& difference, const StandardOutput& output) {
  const std::string from = output.shown(difference.from);
  const std::string to = output.shown(difference.to);
  if (difference.field == DiffField::ExtendedAttributes) {
    const std::string name = "xattr " + output.shown(difference.what);
    if (from.empty()) return fmt::format("{} added: {}", name, to);
    if (to.empty()) return fmt::format("{} removed: {}", name, from);
    return fmt::format("{} {} -> {}", name, from, to);
  }
  const std::string_view name = diff_field_name(difference.field);
  return from.empty() ? fmt::format("{} {}", name, to) : fmt::format("{} {} -> {}", name, from, to);
}

/// One line a difference.
void print_text(const std::vector<TreeDifference>& differences) {
  StandardOutput output;
  for (const TreeDifference& difference : differences) {
    std::vector<std::string> fields;
    for (const FieldDifference& field : difference.fields) fields.push_back(field_text(field, output));
    const bool is_directory =
        difference.change != TreeDifference::Change::Changed && difference.kind == NodeKind::Directory;
    output.write(fmt::format("{:<7} {}{}{}{}\n", change_name(difference.change), output.shown(difference.path),
                             is_directory ? "/" : "", fields.empty() ? "" : ": ", fmt::join(fields, "; ")));
  }
  output.flush();
}

void add_text_or_null(Json& json, const std::string& key, const std::string& text) {
  if (text.empty()) {
    json[key] = nullptr;
  } else {
    add_text(json, key, text);
  }
}

Json json_of(const std::vector<TreeDifference>& differences) {
  Json list = Json::array();
  for (const TreeDifference& difference : differences) {
    Json entry = {{"change", change_name(difference.change)}};
    add_text(entry, "path", difference.path);
    if (difference.change == TreeDifference::Change::Changed) {
      Json fields = Json::array();
      for (const FieldDifference& field : difference.fields) {
        Json json = {{"field", diff_field_name(field.field)}};
        add_text_or_null(json, "name", field.what);
        add_text_or_null(json, "from", field.from);
        add_text_or_null(json, "to", field.to);
        fields.push_back(std::move(json));
      }
      entry["fields"] = std::move(fields);
    }
    list.push_back(std::move(entry));
  }
  return {{"equal", differences.empty()}, {"differences", std::move(list)}};
}

}  // namespace

int diff_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("before", po::value<std::string>(), "")("after", po::value<std::string>(), "")(
      "ignore", po::value<std::vector<std::string>>()->value_name("FIELD[,…]"),
      "Don't compare kind, mode, owner, mtime, content, xattrs\nor links (may be repeated)")("json", "Report in JSON");
  add_threads_option(options);
  add_reading_options(options);
  const auto parsed = parse_arguments(kHelp, options, {"before", "after"}, arguments);
  if (!parsed) return kExitSuccess;

  const std::string before = parsed->required("before", "the first of what is to be compared");
  const std::string after = parsed->required("after", "the second of what is to be compared");
  const DiffOptions diff = diff_options(*parsed);
  Context::Settings settings = context_settings(*parsed);
  settings.cancelled = &handle_signals();
  Reading reading(*parsed, std::move(settings));

  Target from = reading.open(before);
  Target to = reading.open(after);
  const std::vector<TreeDifference> differences = diff_trees(*from.tree(), *to.tree(), diff, reading.context());
  if (parsed->has("json")) {
    print(json_text(json_of(differences)));
  } else {
    print_text(differences);
  }
  return differences.empty() ? kExitSuccess : kExitFailure;
}

}  // namespace fstool
