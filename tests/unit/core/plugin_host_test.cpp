#include "plugin_host.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "fstool/error.h"
#include "fstool/plugin.h"
#include "plugin_file.h"
#include "run_tool.h"

namespace fstool {
namespace {

namespace fs = std::filesystem;

const fs::path kPlugins = FSTOOL_TEST_PLUGINS;

class PluginHostTest : public testing::Test {
 protected:
  fs::path make_directory(const std::string& name) {
    fs::create_directory(root_.path() / name);
    return root_.path() / name;
  }
  /// Copies a test plugin, so that each test loads libraries of its own.
  fs::path install(const std::string& plugin, const fs::path& directory, const std::string& as = "") {
    const fs::path target = directory / ((as.empty() ? plugin : as) + ".so");
    fs::copy_file(kPlugins / (plugin + ".so"), target);
    return target;
  }
  PluginRecord load_one(const std::string& plugin) {
    install(plugin, root_.path());
    const auto records = load_plugins({root_.path()}, registry_);
    EXPECT_EQ(records.size(), 1U);
    return records.at(0);
  }

  test::TemporaryDirectory root_;
  Registry registry_;
};

TEST_F(PluginHostTest, LoadsAPluginAndCreditsItsFormats) {
  const PluginRecord record = load_one("good");
  EXPECT_EQ(record.status, PluginStatus::Loaded);
  EXPECT_EQ(record.reason, "");
  EXPECT_EQ(record.name, "good");
  EXPECT_EQ(record.version, "1.2");
  EXPECT_EQ(record.license, "MIT");
  EXPECT_EQ(record.summary, "Works.");
  ASSERT_EQ(record.formats.size(), 1U);
  EXPECT_EQ(record.formats[0].stage, Stage::Codec);
  EXPECT_EQ(record.formats[0].name, "identity");
  EXPECT_EQ(registry_.get<Codec>("identity").info.plugin, "good");
}

TEST_F(PluginHostTest, RefusesAForeignDescriptor) {
  const PluginRecord record = load_one("wrong_magic");
  EXPECT_EQ(record.status, PluginStatus::Refused);
  EXPECT_EQ(record.reason, "its descriptor is not one of fstool");
}

TEST_F(PluginHostTest, RefusesANewerAbiWithoutReadingOn) {
  const PluginRecord record = load_one("newer_abi");
  EXPECT_EQ(record.status, PluginStatus::Refused);
  EXPECT_EQ(record.reason,
            fmt::format("built for plugin ABI {}, but this fstool has {}: update fstool", kPluginAbi + 1, kPluginAbi));
  EXPECT_EQ(record.name, "");
}

TEST_F(PluginHostTest, RefusesAnotherCompilerAbi) {
  const PluginRecord record = load_one("other_compiler");
  EXPECT_EQ(record.status, PluginStatus::Refused);
  EXPECT_NE(record.reason.find("C++ ABI itanium-other"), std::string::npos) << record.reason;
}

TEST_F(PluginHostTest, RefusesALibraryWithoutDescriptor) {
  EXPECT_EQ(load_one("no_descriptor").reason, "not a plugin: it has no symbol fstool_plugin");
}

TEST_F(PluginHostTest, NamesTheSymbolThatALibraryMisses) {
  const PluginRecord record = load_one("unresolved");
  EXPECT_EQ(record.status, PluginStatus::Refused);
  EXPECT_EQ(record.reason, "can't be loaded: undefined symbol: fstool_test_missing_function");
}

TEST_F(PluginHostTest, TakesNothingFromAPluginThatThrows) {
  const PluginRecord record = load_one("throwing");
  EXPECT_EQ(record.status, PluginStatus::Refused);
  EXPECT_EQ(record.reason, "can't register its formats: no licence for this host");
  EXPECT_TRUE(record.formats.empty());
  EXPECT_TRUE(registry_.all<Codec>().empty());
}

TEST_F(PluginHostTest, SurvivesAPluginThatThrowsANumber) {
  EXPECT_EQ(load_one("throwing_anything").status, PluginStatus::Refused);
}

TEST_F(PluginHostTest, RefusesAPluginThatRegistersANameTwice) {
  const PluginRecord record = load_one("twice");
  EXPECT_EQ(record.status, PluginStatus::Refused);
  EXPECT_NE(record.reason.find("there is already a codec \"registered-twice\""), std::string::npos) << record.reason;
  EXPECT_TRUE(registry_.all<Codec>().empty());
}

TEST_F(PluginHostTest, RefusesAPluginWhoseConstructorThrows) {
  const PluginRecord record = load_one("throwing_constructor");
  EXPECT_EQ(record.status, PluginStatus::Refused);
  EXPECT_EQ(record.reason, "it threw while it was loaded: no device for me");
}

TEST_F(PluginHostTest, SurvivesAPluginThatEndsTheProcess) {
  install("ending_constructor", root_.path(), "a");
  install("good", root_.path(), "b");
  install("throwing_constructor", root_.path(), "c");
  install("twice", root_.path(), "d");
  const auto records = load_plugins({root_.path()}, registry_);
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[0].reason, "it ended the process that loaded it: SIGABRT");
  EXPECT_EQ(records[1].status, PluginStatus::Loaded);
  EXPECT_EQ(records[2].reason, "it threw while it was loaded: no device for me");
  EXPECT_TRUE(records[3].reason.starts_with("can't register its formats: ")) << records[3].reason;
}

TEST_F(PluginHostTest, RefusesALibraryForAnotherProcessor) {
  const fs::path library = install("good", root_.path());
  constexpr std::streamoff kMachine = 18;  // of the ELF header
  std::fstream file(library, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(kMachine).write("\xf3\0", 2);
  file.close();
  const auto records = load_plugins({root_.path()}, registry_);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_TRUE(records[0].reason.starts_with("built for RISC-V (64-bit), but this fstool is for ")) << records[0].reason;
}

TEST_F(PluginHostTest, NamesTheStandardLibraryThatAPluginNeeds) {
  EXPECT_EQ(linker_message("/p/a.so", "/p/a.so: undefined symbol: _ZN6fstool3fooENSt3__112basic_stringE"),
            "undefined symbol: _ZN6fstool3fooENSt3__112basic_stringE (built with the C++ standard library libc++, but "
            "this fstool with libstdc++)");
  EXPECT_EQ(linker_message("/p/a.so", "/p/a.so: undefined symbol: foo"), "undefined symbol: foo");
}

TEST_F(PluginHostTest, APreferredPluginComesFirst) {
  install("good", root_.path());
  install("twin", root_.path());
  const auto records = load_plugins({root_.path()}, registry_, {.preferred = {"twin"}});
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].name, "good");
  EXPECT_EQ(records[0].status, PluginStatus::Loaded);
  EXPECT_TRUE(records[0].formats.empty());
  ASSERT_EQ(records[0].overridden.size(), 1U);
  EXPECT_EQ(records[0].overridden[0].name, "identity");
  EXPECT_EQ(records[1].status, PluginStatus::Loaded);
  EXPECT_EQ(registry_.get<Codec>("identity").info.plugin, "twin");
}

TEST_F(PluginHostTest, APreferredPluginHasToBeThere) {
  install("good", root_.path());
  install("throwing", root_.path());
  try {
    load_plugins({root_.path()}, registry_, {.preferred = {"goood"}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "no plugin is called \"goood\" (did you mean \"good\"?)");
  }
  Registry other;
  EXPECT_THROW(load_plugins({root_.path()}, other, {.preferred = {"throwing"}}), Error);
}

TEST_F(PluginHostTest, RefusesATextFile) {
  std::ofstream(root_.path() / "notes.so") << "not a library\n";
  const auto records = load_plugins({root_.path()}, registry_);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].reason, "not a shared library");
}

TEST_F(PluginHostTest, RefusesADamagedLibrary) {
  std::ofstream(root_.path() / "cut.so") << "\177ELF";
  fs::resize_file(install("good", root_.path()), 2000);
  const auto records = load_plugins({root_.path()}, registry_);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].reason, "the shared library is cut off");
  // The loader finds it out, or the process that tries it ends.
  EXPECT_THAT(records[1].reason, testing::AnyOf(testing::StartsWith("can't be loaded: "),
                                                testing::StartsWith("it ended the process that loaded it: ")));
}

TEST_F(PluginHostTest, BrokenPluginsDoNotStopTheOthers) {
  install("throwing", root_.path(), "a");
  install("wrong_magic", root_.path(), "b");
  install("good", root_.path(), "c");
  install("newer_abi", root_.path(), "d");
  std::ofstream(root_.path() / "README") << "ignored: not a plugin by its name\n";
  const auto records = load_plugins({root_.path()}, registry_);
  ASSERT_EQ(records.size(), 4U);
  EXPECT_EQ(records[2].status, PluginStatus::Loaded);
  EXPECT_EQ(std::ranges::count(records, PluginStatus::Refused, &PluginRecord::status), 3);
}

TEST_F(PluginHostTest, RefusesAPluginWhoseFormatIsTaken) {
  install("good", root_.path());
  install("twin", root_.path());
  const auto records = load_plugins({root_.path()}, registry_);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].status, PluginStatus::Loaded);
  EXPECT_EQ(records[1].status, PluginStatus::Refused);
  EXPECT_NE(records[1].reason.find("codec \"identity\""), std::string::npos) << records[1].reason;
  EXPECT_EQ(registry_.get<Codec>("identity").info.plugin, "good");
}

TEST_F(PluginHostTest, AnEarlierDirectoryShadowsALaterOne) {
  const fs::path first = make_directory("first");
  const fs::path second = make_directory("second");
  const fs::path used = install("good", first);
  install("good", second);
  const auto records = load_plugins({first, second}, registry_);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].status, PluginStatus::Loaded);
  EXPECT_EQ(records[1].status, PluginStatus::Shadowed);
  EXPECT_EQ(records[1].reason, "the plugin \"good\" is loaded from " + used.string());
}

TEST_F(PluginHostTest, ARefusedPluginShadowsNothing) {
  const fs::path first = make_directory("first");
  const fs::path second = make_directory("second");
  fs::permissions(install("good", first), fs::perms::others_write, fs::perm_options::add);
  install("good", second);
  const auto records = load_plugins({first, second}, registry_);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].reason, "writable by everyone");
  EXPECT_EQ(records[1].status, PluginStatus::Loaded);
}

TEST_F(PluginHostTest, RefusesTheSamePluginTwiceInOneDirectory) {
  install("good", root_.path(), "a");
  install("good", root_.path(), "b");
  const auto records = load_plugins({root_.path()}, registry_);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[1].status, PluginStatus::Refused);
}

TEST_F(PluginHostTest, RefusesADirectoryThatAnybodyMayWriteTo) {
  install("good", root_.path());
  fs::permissions(root_.path(), fs::perms::others_write, fs::perm_options::add);
  const auto records = load_plugins({root_.path()}, registry_);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].path, root_.path());
  EXPECT_EQ(records[0].reason, "writable by everyone");
  EXPECT_TRUE(registry_.all<Codec>().empty());
}

TEST_F(PluginHostTest, RefusesARelativeDirectory) {
  const auto records = load_plugins({"plugins"}, registry_);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].reason, "not an absolute path");
}

TEST_F(PluginHostTest, SearchesADirectoryOnceAndPassesOverWhatDoesNotExist) {
  install("good", root_.path());
  const auto records = load_plugins({root_.path() / "missing", root_.path(), root_.path() / "."}, registry_);
  EXPECT_EQ(records.size(), 1U);
}

TEST_F(PluginHostTest, ErrorsForMissingFormatsNameTheDirectories) {
  load_plugins({root_.path()}, registry_);
  try {
    registry_.get<Codec>("lz4");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(root_.path().string()), std::string::npos) << error.what();
  }
}

TEST_F(PluginHostTest, SearchPathHasTheOrderOptionEnvironmentInstallation) {
  const auto path = plugin_search_path({root_.path()}, "/from/environment::relative", "/opt/fstool/bin/fstool");
  ASSERT_GE(path.size(), 4U);
  EXPECT_EQ(path[0], root_.path());
  EXPECT_EQ(path[1], "/from/environment");
  EXPECT_EQ(path[2], "relative");
  EXPECT_EQ(path[3], "/opt/fstool/lib/fstool/plugins");
}

TEST_F(PluginHostTest, AnEmptyEnvironmentNeverMeansTheCurrentDirectory) {
  for (const char* environment : {"", ":", ":::"}) {
    for (const fs::path& directory : plugin_search_path({}, environment, "/usr/bin/fstool")) {
      EXPECT_TRUE(directory.is_absolute()) << directory;
      EXPECT_NE(directory, fs::current_path());
    }
  }
}

TEST_F(PluginHostTest, AnExplicitDirectoryHasToExist) {
  EXPECT_THROW(plugin_search_path({root_.path() / "missing"}, nullptr, "/usr/bin/fstool"), Error);
}

}  // namespace
}  // namespace fstool
