#include "plugin_project.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "fstool/error.h"
#include "run_tool.h"

namespace fstool {
namespace {

namespace fs = std::filesystem;

std::string text_of(const std::vector<ProjectFile>& files, const fs::path& path) {
  const auto file = std::ranges::find(files, path, &ProjectFile::path);
  return file == files.end() ? "" : file->text;
}

TEST(PluginProject, NamesAreStageAndFormat) {
  const auto expect = [](std::string_view name, Stage stage, const std::string& format) {
    const NewPlugin plugin = parse_new_plugin(name);
    EXPECT_EQ(plugin.stage, stage) << name;
    EXPECT_EQ(plugin.format, format) << name;
  };
  expect("source-foo", Stage::Source, "foo");
  expect("filesystem-my-fs", Stage::Filesystem, "my-fs");
  expect("derivation-x", Stage::Derivation, "x");
  expect("partition-table-apm", Stage::PartitionTable, "apm");
  expect("container-7z", Stage::Container, "7z");
  expect("codec-a_b", Stage::Codec, "a_b");
}

TEST(PluginProject, OtherNamesAreErrors) {
  for (const char* const name : {"", "foo", "container", "container-", "container-Foo", "container-a/b",
                                 "container-a.b", "container--a", "widget-foo", "../codec-foo"}) {
    EXPECT_THROW(parse_new_plugin(name), Error) << name;
  }
}

TEST(PluginProject, EveryStageHasAWholeProject) {
  for (const char* const name :
       {"source-foo", "filesystem-foo", "derivation-foo", "partition-table-foo", "container-foo", "codec-foo"}) {
    const std::vector<ProjectFile> files = starter_project(parse_new_plugin(name));
    for (const char* const path :
         {"CMakeLists.txt", "README.md", ".gitignore", "src/plugin.cpp", "tests/plugin_test.cpp", "tests/check.h"}) {
      EXPECT_NE(text_of(files, path), "") << name << ": " << path;
    }
    EXPECT_NE(text_of(files, "CMakeLists.txt").find(std::string("project(") + name), std::string::npos);
  }
}

TEST(PluginProject, NamesInTheSourceAreIdentifiers) {
  const std::vector<ProjectFile> files = starter_project(parse_new_plugin("codec-7-zip_new"));
  const std::string header = text_of(files, "src/codec.h");
  EXPECT_NE(header.find("namespace f7_zip_new_codec {"), std::string::npos) << header;
  EXPECT_NE(header.find("class F7ZipNewCodec "), std::string::npos) << header;
}

TEST(PluginProject, IsWrittenIntoANewOrEmptyDirectory) {
  const test::TemporaryDirectory root;
  const std::vector<ProjectFile> files = {{"src/a.cpp", "text\n"}};
  write_project(files, root.path());
  std::ifstream file(root.path() / "src/a.cpp");
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "text\n");
  EXPECT_THROW(write_project(files, root.path()), Error);
  EXPECT_THROW(write_project(files, root.path() / "src/a.cpp"), Error);
  write_project(files, root.path() / "new/project");
  EXPECT_TRUE(fs::exists(root.path() / "new/project/src/a.cpp"));
}

}  // namespace
}  // namespace fstool
