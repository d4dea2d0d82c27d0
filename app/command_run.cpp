#include <utility>

#include "build.h"
#include "commands.h"
#include "environment.h"
#include "spec_loader.h"
#include "spec_print.h"

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
        "  fstool run pipeline.toml --set partitions.root.size=2GiB --print-spec\n"
        "  fstool run pipeline.toml --plan --json",
};

std::string printed_spec(const SpecRequest& request, const Registry& registry) {
  SpecProblems problems;
  const SpecText text = load_spec_text(request, problems);
  problems.throw_if_any();
  return print_spec(text, registry);
}

}  // namespace

int run_command(const Arguments& arguments) {
  po::options_description options;
  options.add_options()("spec", po::value<std::string>(), "")(
      "define,D", po::value<std::vector<std::string>>()->value_name("NAME=VALUE"),
      "Give ${NAME} in the spec a value (may be repeated)")(
      "set", po::value<std::vector<std::string>>()->value_name("PATH=VALUE"),
      "Set one value of the spec, as in\npartitions.root.size=2GiB (may be repeated)")(
      "print-spec", "Print the spec with what it includes, sets and defines,\nand build nothing");
  add_build_options(options);
  add_record_options(options);
  const auto parsed = parse_arguments(kHelp, options, {"spec"}, arguments);
  if (!parsed) return kExitSuccess;

  const std::string file = parsed->required("spec", "the spec");
  if (!parsed->has("print-spec")) check_build_options(*parsed);
  const SpecRequest request{
      .file = file,
      .variables = read_argument(kHelp.name, [&] { return Variables(parsed->texts("define"), environment_variable); }),
      .settings = parsed->texts("set")};
  const Session session = open_build_session(*parsed);
  if (parsed->has("print-spec")) {
    print(printed_spec(request, session.registry));
    return kExitSuccess;
  }
  SpecProblems problems;
  const Spec spec = load_spec(request, problems);
  check_sources(spec, *parsed);
  build([&](const std::filesystem::path& output,
            Context& context) { return make_plan(spec, output, context, std::move(problems)); },
        {.identity = spec.identity, .files = spec.files}, *parsed, session);
  return kExitSuccess;
}

}  // namespace fstool
