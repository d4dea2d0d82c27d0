// Plugins are what is in the plugin directories: a build that needs a missing one says so, the others go on.

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

/// A copy of the built program and its libraries, as it would be installed.
class Installation {
 public:
  Installation() {
    const std::filesystem::path bin = std::filesystem::path(FSTOOL_E2E_PROGRAM).parent_path();
    const std::filesystem::path lib = bin.parent_path() / "lib";
    std::filesystem::create_directories(directory_ / "bin");
    std::filesystem::create_directories(plugins());
    std::filesystem::copy_file(FSTOOL_E2E_PROGRAM, program());
    for (const auto& entry : std::filesystem::directory_iterator(lib)) {
      if (!entry.path().filename().string().starts_with("libfstool.so")) continue;
      std::filesystem::copy(entry.path(), directory_ / "lib" / entry.path().filename(),
                            std::filesystem::copy_options::copy_symlinks);
    }
    for (const auto& entry : std::filesystem::directory_iterator(FSTOOL_E2E_PLUGINS)) {
      std::filesystem::copy(entry.path(), plugins() / entry.path().filename());
    }
  }

  std::filesystem::path program() const { return directory_ / "bin/fstool"; }
  std::filesystem::path plugins() const { return directory_ / "lib/fstool/plugins"; }

  /// Runs the copy, with its own libraries whatever the built program's search path says.
  ProcessResult run(const Command& arguments) const {
    Command command = {program().string()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return e2e::run(command, {.environment = {{"LD_LIBRARY_PATH", (directory_ / "lib").string()}}});
  }

 private:
  TempDir directory_;
};

class MissingPlugin : public testing::Test {
 protected:
  Command build_with(const std::string& codec) {
    write_text(work_ / "spec.toml", "[container]\ntype = \"qcow2\"\n[codec]\ntype = \"" + codec +
                                        "\"\n[filesystem]\ntype = \"ext4\"\nsource = \"tree\"\n");
    return {"run", (work_ / "spec.toml").string(), "-o", (work_ / "image.qcow2").string()};
  }

  const TempDir work_;
  const TreeBuilder tree_ = TreeBuilder(work_ / "tree");
  const Installation installation_;
};

TEST_F(MissingPlugin, IsNamedTogetherWithThePlacesThatWereSearched) {
  ASSERT_TRUE(std::filesystem::remove(installation_.plugins() / "codec-zstd.so"));
  const ProcessResult result = installation_.run(build_with("zstd"));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_NE(result.err.find("zstd"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("codec"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("deflate"), std::string::npos) << "what is there instead\n" << result.err;
  EXPECT_NE(result.err.find(installation_.plugins().string()), std::string::npos) << result.err;
  const auto is_message = [](const std::string& line) { return line.find("error:") != std::string::npos; };
  EXPECT_TRUE(is_message(result.err.substr(0, result.err.find('\n')))) << result.err;
  EXPECT_FALSE(std::filesystem::exists(work_ / "image.qcow2"));
}

TEST_F(MissingPlugin, DoesNotStopBuildsThatDoNotNeedIt) {
  FSTOOL_E2E_REQUIRE(false, {"qemu-img"});
  ASSERT_TRUE(std::filesystem::remove(installation_.plugins() / "codec-zstd.so"));
  const ProcessResult result = installation_.run(build_with("deflate"));
  EXPECT_EQ(result.exit_code, 0) << result.output();
  expect_success({"qemu-img", "check", (work_ / "image.qcow2").string()});
}

TEST_F(MissingPlugin, IsFoundInADirectoryOfTheUser) {
  std::filesystem::create_directory(work_ / "plugins");
  std::filesystem::rename(installation_.plugins() / "codec-zstd.so", work_ / "plugins/codec-zstd.so");
  Command command = build_with("zstd");
  command.insert(command.end(), {"--plugin-dir", (work_ / "plugins").string()});
  const ProcessResult result = installation_.run(command);
  EXPECT_EQ(result.exit_code, 0) << result.output();
}

TEST(Plugins, AreListedWithWhatTheyOffer) {
  const ProcessResult result = run_fstool({"plugins", "list", "--json"});
  ASSERT_EQ(result.exit_code, 0) << result.output();
  const nlohmann::json report = nlohmann::json::parse(result.out);
  std::vector<std::string> formats;
  for (const auto& plugin : report.at("plugins")) {
    for (const auto& format : plugin.at("formats")) {
      formats.push_back(format.at("stage").get<std::string>() + " " + format.at("name").get<std::string>());
    }
  }
  for (const char* const format :
       {"codec deflate", "codec zlib", "codec zstd", "source dir", "filesystem ext4", "partition table gpt",
        "partition table mbr", "container qcow2", "container raw", "container simg", "filesystem swap",
        "filesystem verity", "derivation verity", "container vdi", "container vhd", "container vmdk"}) {
    EXPECT_NE(std::ranges::find(formats, format), formats.end()) << format;
  }
}

}  // namespace
}  // namespace fstool::e2e
