#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "commands.h"
#include "fstool/options.h"
#include "spec_templates.h"
#include "text_file.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "init",
    .synopsis = "[TEMPLATE] [options]",
    .description = "Writes a spec to start with into pipeline.toml. Without TEMPLATE it lists which there are.",
    .examples =
        "  fstool init disk\n"
        "  fstool init microvm -o microvm.toml\n"
        "  fstool init board -o -",
};

/// What the first comment of a template says.
std::string_view summary_of(const SpecTemplate& spec) {
  const std::string_view line = spec.text.substr(0, spec.text.find('\n'));
  return line.substr(std::min(line.size(), line.find_first_not_of("# ")));
}

std::string list_text() {
  std::string text;
  for (const SpecTemplate& spec : spec_templates()) text += fmt::format("{:<10}{}\n", spec.name, summary_of(spec));
  return text;
}

const SpecTemplate& find_template(const std::string& name) {
  std::vector<std::string> names;
  for (const SpecTemplate& spec : spec_templates()) {
    if (spec.name == name) return spec;
    names.emplace_back(spec.name);
  }
  throw UsageError(kHelp.name, fmt::format("there is no template \"{}\"{}: there are {}", name,
                                           did_you_mean(name, names), fmt::join(names, ", ")));
}

}  // namespace

int init_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("template", po::value<std::string>(), "")(
      "output,o", po::value<std::string>()->value_name("FILE")->default_value("pipeline.toml"),
      "Write to FILE instead of pipeline.toml, or to \"-\", standard\noutput")("force,f", "Replace a file that exists");
  const auto parsed = parse_arguments(kHelp, options, {"template"}, arguments);
  if (!parsed) return kExitSuccess;
  if (!parsed->has("template")) {
    print(list_text());
    return kExitSuccess;
  }
  const SpecTemplate& spec = find_template(parsed->text("template"));
  const std::string output = parsed->text("output");
  if (output == "-") {
    print(spec.text);
    return kExitSuccess;
  }
  std::error_code error;  // of a directory that can't be searched: writing will say so
  if (!parsed->has("force") && std::filesystem::exists(output, error)) {
    throw Error(ErrorCode::InvalidArgument, fmt::format("{} exists: choose another name with -o, or --force", output));
  }
  write_text_file(output, spec.text);
  print(fmt::format("{}: {}\n", output, summary_of(spec)));
  return kExitSuccess;
}

}  // namespace fstool
