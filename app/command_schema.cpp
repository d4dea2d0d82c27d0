#include "commands.h"
#include "session.h"
#include "spec_reference.h"
#include "spec_schema.h"

namespace fstool {

namespace {

const CommandHelp kHelp = {
    .name = "schema",
    .synopsis = "[options]",
    .description =
        "Prints a JSON Schema (draft 07) of specs, with the options of every format that a plugin\n"
        "offers: editors complete and check specs with it.",
    .examples =
        "  fstool schema > fstool.schema.json\n"
        "  fstool schema --markdown > spec-reference.md",
};

}  // namespace

int schema_command(const Arguments& arguments) {
  boost::program_options::options_description options;
  options.add_options()("markdown", "Print the same as a reference to read");
  const auto parsed = parse_arguments(kHelp, options, {}, arguments);
  if (!parsed) return kExitSuccess;
  const Session session = open_session(*parsed);
  print(parsed->has("markdown") ? spec_reference(session.registry) : json_text(spec_schema(session.registry)));
  return kExitSuccess;
}

}  // namespace fstool
