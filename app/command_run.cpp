#include "build.h"
#include "commands.h"
#include "environment.h"

namespace fstool {

namespace po = boost::program_options;

namespace {

const CommandHelp kHelp = {
    .name = "run",
    .synopsis = "SPEC -o FILE [options]",
    .description = "Builds the image that SPEC, a TOML file, describes. \"build\" is the same command.",
    .examples =
        "  fstool run pipeline.toml -o disk.qcow2\n"
        "  fstool run pipeline.toml -o disk.img -D version=1.2 -D rootfs=./out\n"
        "  fstool run pipeline.toml --plan --json",
};

}  // namespace

int run_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("spec", po::value<std::string>(), "")(
      "define,D", po::value<std::vector<std::string>>()->value_name("NAME=VALUE"),
      "Give ${NAME} in the spec a value (may be repeated)");
  add_build_options(options);
  add_record_options(options);
  const auto parsed = parse_arguments(kHelp, options, {"spec"}, arguments);
  if (!parsed) return kExitSuccess;

  const std::string file = parsed->required("spec", "the spec");
  check_build_options(*parsed);
  const Variables variables =
      read_argument(kHelp.name, [&] { return Variables(parsed->texts("define"), environment_variable); });
  const Spec spec = load_spec(file, variables);
  const Session session = open_build_session(*parsed);
  build(spec, *parsed, session);
  return kExitSuccess;
}

}  // namespace fstool
