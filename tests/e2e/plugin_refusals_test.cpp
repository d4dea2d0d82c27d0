// What can't be used as a plugin is listed with the reason, and disturbs nothing.

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "harness/image.h"
#include "harness/requirements.h"
#include "harness/temp_dir.h"
#include "harness/tree_builder.h"

namespace fstool::e2e {
namespace {

namespace fs = std::filesystem;

class PluginRefusals : public testing::Test {
 protected:
  PluginRefusals() { fs::permissions(work_.path(), fs::perms(0755)); }

  /// Puts a plugin of tests/plugins into the directory that is searched.
  fs::path install(const std::string& name) {
    fs::create_directories(plugins_);
    fs::copy_file(fs::path(FSTOOL_E2E_TEST_PLUGINS) / (name + ".so"), plugins_ / (name + ".so"));
    return plugins_ / (name + ".so");
  }

  ProcessResult run_with_plugins(const Command& arguments) const {
    return run_fstool(arguments,
                      {.directory = work_.path(), .environment = {{"FSTOOL_PLUGIN_PATH", plugins_.string()}}});
  }

  /// The plugins of the directory that `plugins list` reports, by file name; of the directory itself, by its name.
  std::map<std::string, nlohmann::json> listed(const Command& more = {}) const {
    Command command = {"plugins", "list", "--json"};
    command.insert(command.end(), more.begin(), more.end());
    const ProcessResult result = run_with_plugins(command);
    EXPECT_EQ(result.exit_code, 0) << result.output();
    EXPECT_EQ(result.err, "");
    std::map<std::string, nlohmann::json> plugins;
    const auto report = nlohmann::json::parse(result.out);
    for (const auto& plugin : report.at("plugins")) {
      const fs::path path = plugin.at("path").get<std::string>();
      if (path == plugins_ || path.parent_path() == plugins_) plugins[path.filename()] = plugin;
    }
    return plugins;
  }

  void expect_refused(const nlohmann::json& plugin, const std::string& reason) const {
    EXPECT_EQ(plugin.at("status"), "refused") << plugin;
    const auto said = plugin.at("reason").get<std::string>();
    EXPECT_NE(said.find(reason), std::string::npos) << said;
    EXPECT_EQ(said.find('\n'), std::string::npos) << said;
  }

  const TempDir work_;
  const fs::path plugins_ = work_ / "plugins";
};

TEST_F(PluginRefusals, AreListedWithTheirReasons) {
  install("good");
  install("wrong_magic");
  install("newer_abi");
  install("other_compiler");
  install("no_descriptor");
  install("unresolved");
  install("throwing");
  install("throwing_anything");
  install("throwing_constructor");
  install("ending_constructor");
  install("twice");
  install("twin");
  std::ofstream(plugins_ / "text.so") << "not a library\n";
  fs::create_symlink("nowhere", plugins_ / "dangling.so");
  fs::create_directory(plugins_ / "directory.so");
  fs::copy_file(plugins_ / "good.so", plugins_ / "other_processor.so");
  constexpr std::streamoff kMachine = 18;  // of the ELF header
  std::fstream(plugins_ / "other_processor.so", std::ios::in | std::ios::out | std::ios::binary)
      .seekp(kMachine)
      .write("\xf3\0", 2);

  const auto plugins = listed();
  EXPECT_EQ(plugins.size(), 16U);
  EXPECT_EQ(plugins.at("good.so").at("status"), "loaded");
  const std::map<std::string, std::string> reasons = {
      {"wrong_magic", "its descriptor is not one of fstool"},
      {"newer_abi", "update fstool"},
      {"other_compiler", "built for the C++ ABI itanium-other"},
      {"no_descriptor", "it has no symbol fstool_plugin"},
      {"unresolved", "undefined symbol: fstool_test_missing_function"},
      {"throwing", "no licence for this host"},
      {"throwing_anything", "not a std::exception"},
      {"throwing_constructor", "it threw while it was loaded: no device for me"},
      {"ending_constructor", "it ended the process that loaded it: SIGABRT"},
      {"twice", "there is already a codec \"registered-twice\""},
      {"twin", "there is already a codec \"identity\" from plugin good; --plugin twin prefers this one"},
      {"text", "not a shared library"},
      {"dangling", "No such file or directory"},
      {"directory", "not a regular file"},
      {"other_processor", "built for RISC-V (64-bit), but this fstool is for"},
  };
  for (const auto& [name, reason] : reasons) expect_refused(plugins.at(name + ".so"), reason);
}

TEST_F(PluginRefusals, DisturbNothing) {
  install("throwing_constructor");
  install("ending_constructor");
  const TreeBuilder tree(work_ / "tree");
  const ProcessResult result = run_with_plugins({"create", "-t", "ext4", "tree", "-o", "image"});
  EXPECT_EQ(result.exit_code, 0) << result.output();
  EXPECT_NE(result.err.find("throwing_constructor.so is not used: it threw"), std::string::npos) << result.err;
  expect_clean_ext4(work_ / "image");
}

TEST_F(PluginRefusals, AWorldWritableDirectoryIsOne) {
  install("good");
  fs::permissions(plugins_, fs::perms::all);
  const auto plugins = listed();
  ASSERT_EQ(plugins.size(), 1U);
  expect_refused(plugins.at("plugins"), "writable by everyone");
}

TEST_F(PluginRefusals, AnUnreadableFileIsOne) {
  FSTOOL_E2E_REQUIRE(false, {"setpriv"});
  fs::permissions(install("good"), fs::perms::none);
  Command command = {FSTOOL_E2E_PROGRAM, "plugins", "list", "--json"};
  if (geteuid() == 0) {  // who reads everything
    command.insert(command.begin(), {"setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all"});
  }
  const ProcessResult result = run(command, {.environment = {{"FSTOOL_PLUGIN_PATH", plugins_.string()}}});
  ASSERT_EQ(result.exit_code, 0) << result.output();
  EXPECT_NE(result.out.find("\"reason\": \"Permission denied\""), std::string::npos) << result.out;
  EXPECT_NE(result.out.find("\"name\": \"ext4\""), std::string::npos) << result.out;
}

TEST_F(PluginRefusals, PluginsAreNeverLoadedFromTheCurrentDirectory) {
  install("good");
  for (const char* const path : {"", ".", "./", ":", "plugins"}) {
    const ProcessResult result = run_fstool({"plugins", "list", "--json"},
                                            {.directory = plugins_, .environment = {{"FSTOOL_PLUGIN_PATH", path}}});
    EXPECT_EQ(result.exit_code, 0) << result.output();
    EXPECT_EQ(result.out.find("identity"), std::string::npos) << path;
  }
}

TEST_F(PluginRefusals, TheOneThatIsPreferredIsUsed) {
  install("good");
  install("twin");
  EXPECT_EQ(listed().at("twin.so").at("status"), "refused");
  const auto plugins = listed({"--plugin", "twin"});
  EXPECT_EQ(plugins.at("twin.so").at("formats").at(0).at("name"), "identity");
  EXPECT_EQ(plugins.at("good.so").at("status"), "loaded");
  EXPECT_EQ(plugins.at("good.so").at("overridden").at(0).at("name"), "identity");
  const ProcessResult unknown = run_with_plugins({"--plugin", "tvin", "plugins", "list"});
  EXPECT_EQ(unknown.exit_code, 1);
  EXPECT_NE(unknown.err.find("did you mean \"twin\"?"), std::string::npos) << unknown.err;
}

TEST_F(PluginRefusals, ANewPluginBeginsInAnEmptyDirectory) {
  const ProcessResult first = run_with_plugins({"plugins", "new", "codec-foo"});
  EXPECT_EQ(first.exit_code, 0) << first.output();
  EXPECT_NE(first.out.find("codec-foo/CMakeLists.txt\n"), std::string::npos) << first.out;
  EXPECT_TRUE(fs::exists(work_ / "codec-foo/src/codec.cpp"));
  EXPECT_EQ(run_with_plugins({"plugins", "new", "codec-foo"}).exit_code, 1);
  EXPECT_EQ(run_with_plugins({"plugins", "new", "foo"}).exit_code, 2);
  EXPECT_EQ(run_with_plugins({"plugins", "new"}).exit_code, 2);
}

}  // namespace
}  // namespace fstool::e2e
