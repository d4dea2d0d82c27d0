// Specs: what is said of wrong ones, what the schema and others' validators say of them, and the commands about specs.
//
// Each file in tests/data/specs is a wrong spec. Its last lines say what is to be said of it, in order, and whether the
// schema refuses it:
//
//     #! 4:1: unknown option "block_sise" (did you mean "block_size"?): …
//     #! parts/base.toml:2:1: the same in an included file
//     #! schema
//
// Text up to "…" at the end of a line is the beginning of the message.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const fs::path kProject = fs::path(FSTOOL_E2E_EXAMPLES).parent_path();
const fs::path kSpecs = kProject / "tests/data/specs";
constexpr std::string_view kExpected = "#! ";
constexpr std::string_view kAndSoOn = "…";

std::vector<fs::path> specs_in(const fs::path& directory) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

struct Expectation {
  std::vector<std::string> messages;  ///< "spec.toml:4:1: …"
  bool schema_refuses = false;
};

Expectation expectation_of(const fs::path& file) {
  Expectation expectation;
  for (const std::string& line : lines_of(read_text(file))) {
    if (!line.starts_with(kExpected)) continue;
    const std::string message = line.substr(kExpected.size());
    if (message == "schema") {
      expectation.schema_refuses = true;
    } else if (message.find(".toml:") < message.find(' ')) {
      expectation.messages.push_back(message);
    } else {
      const bool has_line = std::isdigit(static_cast<unsigned char>(message.front())) != 0;
      expectation.messages.push_back(file.filename().string() + (has_line ? ":" : ": ") + message);
    }
  }
  return expectation;
}

/// True for "spec.toml:4:1: …".
bool has_place(const std::string& line) {
  const std::size_t end = line.find(".toml:");
  return end != std::string::npos && end < line.find(' ') && end + 6 < line.size() &&
         std::isdigit(static_cast<unsigned char>(line[end + 6])) != 0;
}

/// Below a message stand the line that it is about, as the file has it, and a caret below the column.
void expect_line_and_caret(const std::vector<std::string>& said, std::size_t index) {
  const std::string& message = said[index];
  const std::size_t line_start = message.find(".toml:") + 6;
  const std::size_t column_start = message.find(':', line_start) + 1;
  const fs::path file = kSpecs / message.substr(0, line_start - 1);
  const std::size_t line = std::stoul(message.substr(line_start));
  const std::size_t column = std::stoul(message.substr(column_start));
  ASSERT_LT(index + 2, said.size()) << message;
  EXPECT_EQ(said[index + 1], lines_of(read_text(file)).at(line - 1)) << message;
  EXPECT_EQ(said[index + 2].find('^'), column - 1) << message;
}

class BrokenSpec : public testing::TestWithParam<fs::path> {};

TEST_P(BrokenSpec, SaysWhatIsWrongAndWhere) {
  const Expectation expectation = expectation_of(GetParam());
  ASSERT_FALSE(expectation.messages.empty());
  const ProcessResult result = run_fstool({"run", GetParam().filename().string(), "--plan"}, {.directory = kSpecs});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  constexpr std::string_view kPrefix = "fstool: error: ";
  ASSERT_TRUE(result.err.starts_with(kPrefix)) << result.err;
  const std::vector<std::string> said = lines_of(result.err.substr(kPrefix.size()));
  std::vector<std::string> expected = expectation.messages;
  for (std::size_t i = 0; i < said.size(); ++i) {
    const bool is_message = i == 0 || has_place(said[i]);
    if (!is_message) continue;
    ASSERT_FALSE(expected.empty()) << "more is said: " << result.err;
    std::string message = expected.front();
    expected.erase(expected.begin());
    if (message.ends_with(kAndSoOn)) {
      message.resize(message.size() - kAndSoOn.size());
      EXPECT_EQ(said[i].substr(0, message.size()), message) << result.err;
    } else {
      EXPECT_EQ(said[i], message);
    }
    if (has_place(said[i])) expect_line_and_caret(said, i);
  }
  EXPECT_TRUE(expected.empty()) << expected.front() << "\nis not said, but\n" << result.err;
}

INSTANTIATE_TEST_SUITE_P(Specs, BrokenSpec, testing::ValuesIn(specs_in(kSpecs)),
                         [](const testing::TestParamInfo<fs::path>& param) {
                           std::string name = param.param.stem().string();
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

TEST(SpecsTest, ThereAreFortyBrokenOnes) { EXPECT_GE(specs_in(kSpecs).size(), 40U); }

// --- The schema -----------------------------------------------------------------------------------------------------

/// Prints the names of the files that it refuses, each on a line; those that are no TOML are left out.
constexpr const char* kValidator = R"py(
import json, sys, tomllib, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft7Validator.check_schema(schema)
validator = jsonschema.Draft7Validator(schema)
for name in sys.argv[2:]:
    try:
        spec = tomllib.load(open(name, "rb"))
    except tomllib.TOMLDecodeError:
        continue
    if not validator.is_valid(spec):
        print(name)
)py";

class SchemaTest : public testing::Test {
 protected:
  void SetUp() override {
    const ProcessResult schema = run_fstool({"schema"});
    ASSERT_EQ(schema.exit_code, 0) << schema.err;
    write_text(work_ / "schema.json", schema.out);
  }

  std::vector<std::string> refused(const std::vector<fs::path>& specs) const {
    Command command = {"/usr/bin/python3", "-c", kValidator, (work_ / "schema.json").string()};
    for (const fs::path& spec : specs) command.push_back(spec.string());
    return lines_of(expect_success(command));
  }

  const TempDir work_;
};

TEST_F(SchemaTest, AcceptsEveryExampleAndTemplate) {
  FSTOOL_E2E_REQUIRE(false, {"python3"});
  std::vector<fs::path> specs = specs_in(FSTOOL_E2E_EXAMPLES);
  for (const fs::path& spec : specs_in(kProject / "app/templates")) specs.push_back(spec);
  EXPECT_EQ(refused(specs), std::vector<std::string>());
}

TEST_F(SchemaTest, RefusesEveryBrokenSpecThatASchemaCanSee) {
  FSTOOL_E2E_REQUIRE(false, {"python3"});
  std::vector<std::string> expected;
  for (const fs::path& spec : specs_in(kSpecs)) {
    if (expectation_of(spec).schema_refuses) expected.push_back(spec.string());
  }
  EXPECT_GE(expected.size(), 20U);
  EXPECT_EQ(refused(specs_in(kSpecs)), expected);
}

TEST_F(SchemaTest, HasTheOptionsOfEveryFormat) {
  const Json schema = Json::parse(read_text(work_ / "schema.json"));
  const Json plugins = Json::parse(expect_success({FSTOOL_E2E_PROGRAM, "plugins", "info", "ext4", "--json"}));
  const std::string text = schema.at("definitions").at("filesystem").dump();
  for (const Json& option : plugins.at("formats").at(0).at("options")) {
    const std::string name = option.at("name");
    EXPECT_NE(text.find("\"" + name + "\":"), std::string::npos) << name;
  }
}

TEST(SpecReferenceTest, IsWhatFstoolSays) {
  const ProcessResult reference = run_fstool({"schema", "--markdown"});
  ASSERT_EQ(reference.exit_code, 0) << reference.err;
  EXPECT_EQ(read_text(kProject / "docs/spec-reference.md"), reference.out)
      << "docs/spec-reference.md is stale: write it with \"fstool schema --markdown\"";
}

// --- Specs to start with --------------------------------------------------------------------------------------------

class InitTest : public testing::TestWithParam<fs::path> {
 protected:
  void SetUp() override {
    const TreeBuilder tree(work_ / "rootfs");
    tree.directory("etc");
    tree.file("etc/hostname", 5, Content::Text);
    write_text(work_ / "u-boot.bin", "the boot loader");
  }
  const TempDir work_;
};

TEST_P(InitTest, WritesASpecThatRuns) {
  const std::string name = GetParam().stem().string();
  const ProcessOptions here{.directory = work_.path()};
  const ProcessResult init = run_fstool({"init", name}, here);
  ASSERT_EQ(init.exit_code, 0) << init.err;
  EXPECT_EQ(read_text(work_ / "pipeline.toml"), read_text(GetParam()));
  expect_fstool_builds({"run", "pipeline.toml", "-o", "disk.img", "-D", "card=160MiB"}, 0, here);
  EXPECT_EQ(run_fstool({"check", "disk.img", "--quiet"}, here).output(), "");
}

INSTANTIATE_TEST_SUITE_P(Templates, InitTest, testing::ValuesIn(specs_in(kProject / "app/templates")),
                         [](const testing::TestParamInfo<fs::path>& param) { return param.param.stem().string(); });

TEST(InitCommandTest, ListsTemplatesAndKeepsFiles) {
  const TempDir work;
  const ProcessOptions here{.directory = work.path()};
  const ProcessResult list = run_fstool({"init"}, here);
  EXPECT_EQ(list.exit_code, 0);
  for (const char* const name : {"bare", "board", "cloud", "disk", "microvm"}) {
    EXPECT_NE(list.out.find(fmt::format("{:<10}", name)), std::string::npos) << list.out;
  }
  write_text(work / "pipeline.toml", "mine");
  EXPECT_EQ(run_fstool({"init", "disk"}, here).exit_code, 1);
  EXPECT_EQ(read_text(work / "pipeline.toml"), "mine");
  EXPECT_EQ(run_fstool({"init", "disk", "--force"}, here).exit_code, 0);
  EXPECT_EQ(run_fstool({"init", "disk", "-o", "-"}, here).out, read_text(work / "pipeline.toml"));
  const ProcessResult unknown = run_fstool({"init", "dsik"}, here);
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_NE(unknown.err.find("did you mean \"disk\"?"), std::string::npos) << unknown.err;
}

// --- Overrides ------------------------------------------------------------------------------------------------------

TEST(PrintedSpecTest, BuildsTheSame) {
  const TempDir work;
  const TreeBuilder tree(work / "parts/tree");
  tree.file("hello", 5, Content::Text);
  write_text(work / "parts/base.toml",
             "[image]\npartition_table = \"gpt\"\nsector_size = \"${SECTOR:-512}\"\n"
             "[[partitions]]\nname = \"root\"\ntype = \"linux\"\n"
             "[partitions.filesystem]\ntype = \"ext4\"\nsource = \"tree\"\nblock_size = \"${BLOCK}\"\n");
  write_text(work / "p.toml",
             "include = [\"parts/base.toml\"]\n"
             "[[partitions]]\nname = \"data\"\ntype = \"linux\"\nsize = 1048576\n"
             "[[partitions]]\nname = \"hash\"\ntype = \"linux\"\n"
             "[partitions.derive]\ntype = \"verity\"\nfrom = \"data\"\n"
             "[[partitions]]\nname = \"root\"\nattributes = \"${FLAGS}\"\n"
             "[[partitions.filesystem.entries]]\npath = \"cmdline\"\n"
             "content = \"root=${verity.data.hash} $${x}\"\n");
  const Command how = {"-D", "BLOCK=1024", "-D", "FLAGS=read-only,hidden", "--set", "partitions.root.size=8MiB"};
  const auto with = [&](Command command) {
    command.insert(command.end(), how.begin(), how.end());
    return command;
  };
  const ProcessOptions here{.directory = work.path()};
  const ProcessResult printed = run_fstool(with({"run", "p.toml", "--print-spec"}), here);
  ASSERT_EQ(printed.exit_code, 0) << printed.err;
  fs::create_directory(work / "elsewhere");
  write_text(work / "elsewhere/q.toml", printed.out);
  expect_fstool_builds(with({"run", "p.toml", "-o", "p.img"}), 0, here);
  expect_fstool_builds({"run", "elsewhere/q.toml", "-o", "q.img"}, 0, here);
  EXPECT_EQ(sha256(work / "p.img"), sha256(work / "q.img"));
}

TEST(SettingsTest, AWrongOnePointsAtItself) {
  const TempDir work;
  write_text(work / "p.toml", "[filesystem]\ntype = \"ext4\"\n");
  const auto refused = [&](const std::string& setting) {
    const ProcessResult result = run_fstool({"run", "p.toml", "--plan", "--set", setting}, {.directory = work.path()});
    EXPECT_EQ(result.exit_code, 1) << setting;
    return result.err;
  };
  EXPECT_EQ(
      refused("filesystem.block_sise=1024").find("fstool: error: --set filesystem.block_sise=1024: unknown option"),
      0U);
  EXPECT_EQ(refused("filesystem.block_size=12").find("fstool: error: --set filesystem.block_size=12: unsupported"), 0U);
  EXPECT_EQ(refused("filesystem.size.x=12").find("fstool: error: --set filesystem.size.x=12: "), 0U);
}

}  // namespace
}  // namespace fstool::e2e
