#include "inputs/input_record.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "fstool/context.h"
#include "fstool/error.h"
#include "fstool/registry.h"
#include "inputs/input_collector.h"
#include "inputs/input_state.h"
#include "run_tool.h"

namespace fstool {
namespace {

namespace fs = std::filesystem;

class InputRecordTest : public testing::Test {
 protected:
  InputRecordTest() {
    fs::create_directory(path("tree"));
    put("tree/a", "one");
    put("tree/b", "two");
    put("output", "an image");
  }

  fs::path path(const std::string& name) const { return directory_.path() / name; }
  void put(const std::string& name, const std::string& text) const {
    std::ofstream(path(name), std::ios::binary | std::ios::trunc) << text;
  }
  std::vector<InputState> tree() const { return list_input({.path = path("tree"), .use = InputUse::Metadata}); }

  /// A record of the tree, as it is read back.
  InputRecord recorded() {
    InputCollector inputs(true);
    inputs.add(path("tree"), InputUse::Metadata);
    const OutputOutcome outcome{.files = {{path("output"), stamp_of(path("output"))}}, .is_synced = true};
    save_record(inputs.record("request", outcome, context_), path("output"));
    return load_record(path("output")).value();
  }

  const test::TemporaryDirectory directory_;
  Registry registry_;
  Context context_{registry_, {.threads = 2}};
};

TEST_F(InputRecordTest, ListsADirectoryInTheOrderOfNames) {
  fs::create_directory(path("tree/A"));
  put("tree/A/z", "");
  fs::create_symlink("nowhere", path("tree/link"));
  std::vector<std::string> paths;
  for (const InputState& state : tree()) paths.push_back(fs::relative(state.path, path("tree")).string());
  ASSERT_EQ(paths.size(), 6U);
  EXPECT_EQ(paths[0], ".");
  EXPECT_EQ(paths[1], "A");
  EXPECT_EQ(paths[2], "A/z");
  EXPECT_EQ(paths[3], "a");
  EXPECT_EQ(paths[4], "b");
}

TEST_F(InputRecordTest, MetadataIsAllThatAnImageHas) {
  const std::string before = tree()[1].metadata;
  EXPECT_EQ(tree()[1].metadata, before);
  ASSERT_EQ(::chmod(path("tree/a").c_str(), 0604), 0);
  const std::string other_mode = tree()[1].metadata;
  EXPECT_NE(other_mode, before);
  if (::setxattr(path("tree/a").c_str(), "user.test", "x", 1, 0) == 0) {
    EXPECT_NE(tree()[1].metadata, other_mode);
  }
  const std::string unlinked = tree()[2].metadata;
  const auto time = fs::last_write_time(path("tree/a"));
  fs::remove(path("tree/b"));
  fs::create_hard_link(path("tree/a"), path("tree/b"));
  fs::last_write_time(path("tree/a"), time);
  EXPECT_NE(tree()[2].metadata, unlinked);
  EXPECT_TRUE(list_input({.path = path("tree/a"), .use = InputUse::Content})[0].metadata.empty());
}

TEST_F(InputRecordTest, HasAllThatWasRecorded) {
  put("tree/new\nline\\", "odd");
  InputRecord record = recorded();
  EXPECT_EQ(record.request, "request");
  ASSERT_EQ(record.inputs.size(), 1U);
  ASSERT_EQ(record.inputs[0].states.size(), 4U);
  EXPECT_EQ(record.inputs[0].states[3].path, path("tree/new\nline\\").string());
  EXPECT_EQ(record.inputs[0].states[1].hash, "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed");
  EXPECT_NE(compare(record, "request", context_), Freshness::Changed);
  EXPECT_EQ(compare(record, "another", context_), Freshness::Changed);
}

TEST_F(InputRecordTest, ComparesContentsWhereStampsDiffer) {
  InputRecord record = recorded();
  const auto time = fs::last_write_time(path("tree/a"));
  put("tree/a", "one");
  fs::last_write_time(path("tree/a"), time);
  EXPECT_EQ(compare(record, "request", context_), Freshness::Touched);
  put("tree/a", "six");
  fs::last_write_time(path("tree/a"), time);
  EXPECT_EQ(compare(record, "request", context_), Freshness::Changed);
}

TEST_F(InputRecordTest, WhatIsMissingHasChanged) {
  InputRecord record = recorded();
  fs::remove(path("tree/b"));
  EXPECT_EQ(compare(record, "request", context_), Freshness::Changed);
  fs::remove_all(path("tree"));
  EXPECT_EQ(compare(record, "request", context_), Freshness::Changed);
  put("output", "another");
  EXPECT_EQ(compare(record, "request", context_), Freshness::Changed);
}

TEST_F(InputRecordTest, OfAnythingElseIsNone) {
  EXPECT_FALSE(load_record(path("output")));
  recorded();
  std::string good;
  std::getline(std::ifstream(record_path(path("output"))), good, '\0');
  ASSERT_TRUE(load_record(path("output")));
  const std::string name = record_path(path("output")).filename().string();
  for (std::size_t length = 0; length + 1 < good.size(); ++length) {
    put(name, good.substr(0, length));
    EXPECT_FALSE(load_record(path("output"))) << length;
  }
  for (const std::string text :
       {"fstool-inputs 3\nend\n", "fstool-inputs 2\nrequest \noutput 1 1 x\nend\n",
        "fstool-inputs 2\nstate 1 1 1 - - x\nend\n", "fstool-inputs 2\nrequest a\noutput -1 1 x\nend\n",
        "fstool-inputs 2\nrequest a\noutput 99999999999999999999 1 x\nend\n"}) {
    put(name, text);
    EXPECT_FALSE(load_record(path("output"))) << text;
  }
}

TEST_F(InputRecordTest, DevicesHaveNoState) {
  EXPECT_THROW(list_input({.path = "/dev/null", .use = InputUse::Content}), Error);
  InputCollector inputs(false);
  inputs.add("/dev/null", InputUse::Content);
  EXPECT_EQ(inputs.dependencies(), std::vector<std::string>{"/dev/null"});
}

}  // namespace
}  // namespace fstool
