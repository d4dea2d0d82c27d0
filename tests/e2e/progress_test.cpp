// What is told on standard error: a line on a terminal, nothing in a pipe, objects for programs, and as much as the
// user asks for.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/command_help.h"
#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

class Progress : public testing::Test {
 protected:
  Progress() { tree_.file("file", 300'000, Content::Text); }

  Command create(const Command& more = {}) const {
    Command command = {"create", "-t", "ext4", tree_.root().string(), "-o", (work_ / "image").string()};
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }

  /// What a person sees who runs fstool on a terminal.
  std::string seen(const std::string& arguments, const std::string& environment = "TERM=xterm") const {
    return run({"script", "--quiet", "--return", "--command",
                fmt::format("env {} {} {}", environment, FSTOOL_E2E_PROGRAM, arguments), "/dev/null"})
        .out;
  }

  const TempDir work_;
  const TreeBuilder tree_ = TreeBuilder(work_ / "tree");
};

TEST_F(Progress, IsNotToldInAPipe) {
  const ProcessResult result = run_fstool(create());
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.err, "");
}

TEST_F(Progress, IsToldToProgramsInObjects) {
  const ProcessResult result = run_fstool(create({"--progress=json"}));
  EXPECT_EQ(result.exit_code, 0) << result.output();
  std::vector<std::string> events;
  bool wrote = false;
  for (const std::string& line : lines_of(result.err)) {
    const nlohmann::json event = nlohmann::json::parse(line);
    events.push_back(event.at("event"));
    if (events.back() != "end") continue;
    EXPECT_TRUE(event.at("done").is_number_unsigned()) << line;
    EXPECT_TRUE(event.at("seconds").is_number()) << line;
    if (event.at("unit") != "bytes") continue;
    wrote = true;
    EXPECT_EQ(event.at("done"), event.at("total")) << line;
  }
  EXPECT_TRUE(wrote) << result.err;
  EXPECT_EQ(std::ranges::count(events, "begin"), std::ranges::count(events, "end")) << result.err;
}

TEST_F(Progress, ErrorsForProgramsAreObjects) {
  for (const Command& command : std::vector<Command>{
           {"ls", "missing", "--progress=json"}, {"ls", "missing", "--progress", "json"}, {"run", "--progress=json"}}) {
    const ProcessResult result = run_fstool(command);
    EXPECT_NE(result.exit_code, 0);
    const std::vector<std::string> lines = lines_of(result.err);
    ASSERT_EQ(lines.size(), 1U) << result.err;
    EXPECT_EQ(nlohmann::json::parse(lines.front()).at("event"), "error");
  }
}

TEST_F(Progress, LevelsSayHowMuchIsTold) {
  const std::string info = run_fstool(create({"--log-level", "info"})).err;
  EXPECT_NE(info.find("fstool: info: "), std::string::npos) << info;
  EXPECT_NE(info.find(" in 0."), std::string::npos) << info;
  EXPECT_EQ(info.find("fstool: debug: "), std::string::npos) << info;
  EXPECT_NE(run_fstool(create({"-v"})).err.find("fstool: info: "), std::string::npos);
  const std::string debug = run_fstool(create({"--log-level=debug"})).err;
  EXPECT_NE(debug.find("fstool: debug: the plugin ext4 "), std::string::npos) << debug;
  const ProcessResult wrong = run_fstool(create({"--log-level=all"}));
  EXPECT_EQ(wrong.exit_code, 2);
  EXPECT_NE(wrong.err.find("expected one of error, warning, info, debug"), std::string::npos) << wrong.err;
  EXPECT_EQ(run_fstool(create({"--progress=often"})).exit_code, 2);
}

TEST_F(Progress, ErrorsAreColouredOnATerminalUnlessNotWanted) {
  FSTOOL_E2E_REQUIRE(false, {"script"});
  EXPECT_NE(seen("ls missing").find("fstool: \033[1;31merror:\033[0m missing"), std::string::npos)
      << seen("ls missing");
  for (const std::string environment : {"TERM=xterm NO_COLOR=1", "TERM=dumb"}) {
    const std::string text = seen("ls missing", environment);
    EXPECT_NE(text.find("fstool: error: "), std::string::npos) << text;
    EXPECT_EQ(text.find('\033'), std::string::npos) << text;
  }
}

TEST_F(Progress, OfALongStepIsALineOnATerminalThatIsGoneInTheEnd) {
  FSTOOL_E2E_REQUIRE(false, {"script"});
  // A pipe that is slow to be filled keeps the step going for longer than the first line takes to come.
  const std::string image = (work_ / "image").string();
  ASSERT_EQ(run_fstool(create({"--size", "64MiB"})).exit_code, 0);
  const std::string text =
      seen(fmt::format("convert {} - 2>/dev/tty | (sleep 1; cat > /dev/null)", image), "TERM=xterm");
  EXPECT_NE(text.find("\r["), std::string::npos) << text;
  EXPECT_NE(text.find("% "), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("\r\033[K")) << text;
}

}  // namespace
}  // namespace fstool::e2e
