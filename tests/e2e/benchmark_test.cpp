// The benchmark suite runs: with data sets of a thousandth of their size, what it measures is worth nothing.

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

using nlohmann::json;

const std::vector<std::string> kTools = {"python3", "time",   "mke2fs",   "e2fsck",
                                         "debugfs", "sgdisk", "qemu-img", "zstd"};

/// One or two of each kind; the others in full runs.
const std::vector<std::string> kQuick = {"ext4",        "ext4-tar",    "qcow2-zstd",   "rebuild-zstd",
                                         "tar-zst",     "small-files", "sparse-qcow2", "convert-deflate",
                                         "read-stream", "files",       "threads"};

class Suite : public testing::Test {
 protected:
  Suite() : tree_(work_ / "tree") {
    tree_.directory("etc");
    tree_.file("etc/large", 300'000, Content::Text);
    tree_.file("etc/small", 100, Content::Random);
    tree_.symlink("link", "etc/small");
  }

  /// The suite with these further arguments.
  Command suite(const Command& arguments) const {
    Command command = {FSTOOL_E2E_BENCHMARKS,
                       "--fstool",
                       FSTOOL_E2E_PROGRAM,
                       "--root",
                       tree_.root().string(),
                       "--cache",
                       (work_ / "cache").string(),
                       "--work",
                       outputs_.path().string(),
                       "--scale",
                       "0.001",
                       "--runs",
                       "1",
                       "--json"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
  }

  /// Runs it once, and returns the report.
  json run_suite(const Command& arguments) const {
    const ProcessResult result = run(suite(arguments));
    EXPECT_EQ(result.exit_code, 0) << result.output();
    return json::parse(result.out);
  }

  TempDir work_;
  TempDir outputs_;
  TreeBuilder tree_;
};

std::set<std::string> names_in(const json& rows) {
  std::set<std::string> names;
  for (const json& row : rows) names.insert(row.at("name").get<std::string>());
  return names;
}

void expect_measured(const json& side) {
  const json& median = side.at("median");
  for (const char* const metric : {"seconds", "cpu_seconds", "peak_memory", "bytes_read", "bytes_written"}) {
    EXPECT_GT(median.at(metric).get<double>(), 0) << side.at("name") << ": " << metric;
  }
  EXPECT_GT(side.at("output_size").get<double>(), 0) << side.at("name");
}

TEST_F(Suite, MeasuresAndJudgesBothSidesOfEachJob) {
  FSTOOL_E2E_REQUIRE(false, kTools);
  Command arguments;
  if (!is_full_run()) {
    arguments.emplace_back("--only");
    arguments.insert(arguments.end(), kQuick.begin(), kQuick.end());
  }
  const json report = run_suite(arguments);
  for (const json& row : report.at("comparisons")) {
    expect_measured(row.at("peers"));
    expect_measured(row.at("fstool"));
  }
  for (const json& series : report.at("scaling")) {
    for (const auto& [line, points] : series.at("lines").items()) {
      for (const json& point : points) expect_measured(point);
    }
  }
  if (!is_full_run()) {
    auto names = names_in(report.at("comparisons"));
    names.merge(names_in(report.at("scaling")));
    EXPECT_EQ(names, std::set<std::string>(kQuick.begin(), kQuick.end()));
  }
  EXPECT_TRUE(std::filesystem::is_empty(outputs_.path()));
}

TEST_F(Suite, WritesTablesAndPlotsOfAReport) {
  FSTOOL_E2E_REQUIRE(false, {"python3", "time", "mke2fs", "e2fsck", "debugfs", "xmllint"});
  const std::filesystem::path results = work_ / "results";
  run_suite({"--only", "ext4", "files", "--results", results.string()});
  const std::string page = read_text(results / "report.md");
  for (const char* const plot : {"time", "processor-time", "memory", "read", "written", "output", "over-files"}) {
    const std::string name = std::string("bench-") + plot + ".svg";
    expect_success({"xmllint", "--noout", (results / name).string()});
    EXPECT_NE(page.find(name), std::string::npos);
  }
  EXPECT_NE(page.find("| mke2fs -d |"), std::string::npos) << page;

  const std::filesystem::path again = work_ / "again";
  run_suite({"--replay", (results / "report.json").string(), "--results", again.string()});
  for (const auto& file : std::filesystem::directory_iterator(results)) {
    EXPECT_EQ(read_text(file.path()), read_text(again / file.path().filename())) << file.path();
  }
}

TEST_F(Suite, AddsToAnEarlierReport) {
  FSTOOL_E2E_REQUIRE(false, {"python3", "time", "mke2fs", "e2fsck", "debugfs", "tar"});
  json report = run_suite({"--only", "ext4", "ext4-tar"});
  const std::filesystem::path earlier = work_ / "earlier.json";
  write_text(earlier, report.dump());
  const json both = run_suite({"--add", earlier.string(), "--only", "ext4", "files"});
  EXPECT_EQ(names_in(both.at("comparisons")), (std::set<std::string>{"ext4", "ext4-tar"}));
  EXPECT_EQ(names_in(both.at("scaling")), std::set<std::string>{"files"});
  EXPECT_NE(both.at("comparisons").at(0), report.at("comparisons").at(0));
  EXPECT_EQ(both.at("comparisons").at(1), report.at("comparisons").at(1));

  for (const char* const condition : {"machine", "build"}) {
    json other = report;
    other.at("run").at(condition) = "another";
    write_text(earlier, other.dump());
    const ProcessResult result = run(suite({"--add", earlier.string(), "--only", "ext4"}));
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_NE(result.err.find(condition), std::string::npos) << result.err;
  }
}

TEST_F(Suite, SaysWhichTargetsAreMissed) {
  FSTOOL_E2E_REQUIRE(false, {"python3", "time", "mke2fs", "e2fsck", "debugfs"});
  json report = run_suite({"--only", "ext4", "files"});
  json& row = report.at("comparisons").at(0);
  const std::filesystem::path changed = work_ / "changed.json";
  const auto missed = [&] {
    write_text(changed, report.dump());
    return run_suite({"--replay", changed.string()}).at("missed").get<std::vector<std::string>>();
  };
  for (json& series : report.at("scaling")) series.at("targets").clear();
  json& peak = row.at("fstool").at("runs").at(0).at("peak_memory");
  peak = 31U << 20U;
  row.at("ratio").at("median") = 4.5;
  EXPECT_EQ(missed(), std::vector<std::string>{});
  row.at("ratio").at("median") = 3.5;
  EXPECT_EQ(missed(), std::vector<std::string>{"ext4: 3.50 times as fast instead of 4.00"});
  EXPECT_EQ(run({FSTOOL_E2E_BENCHMARKS, "--replay", changed.string(), "--check"}).exit_code, 1);
  row.at("ratio").at("median") = 4.5;
  peak = 40U << 20U;
  EXPECT_EQ(missed(), std::vector<std::string>{"ext4: 40 MiB of memory instead of 32 MiB"});
}

TEST_F(Suite, FailsIfAnOutputIsWrong) {
  FSTOOL_E2E_REQUIRE(false, {"python3", "time", "mke2fs", "e2fsck", "debugfs"});
  const std::filesystem::path liar = work_ / "fstool";
  write_text(liar, "#!/bin/sh\n[ \"$1\" = create ] || exec " FSTOOL_E2E_PROGRAM
                   " \"$@\"\nwhile [ \"$1\" != -o ]; do shift; done\ntruncate -s 1M \"$2\"\n");
  std::filesystem::permissions(liar, std::filesystem::perms::owner_all);
  const ProcessResult result =
      run({FSTOOL_E2E_BENCHMARKS, "--fstool", liar.string(), "--root", tree_.root().string(), "--cache",
           (work_ / "cache").string(), "--work", outputs_.path().string(), "--runs", "1", "--only", "ext4"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_NE(result.err.find("e2fsck"), std::string::npos) << result.err;
  EXPECT_TRUE(std::filesystem::is_empty(outputs_.path()));
}

}  // namespace
}  // namespace fstool::e2e
