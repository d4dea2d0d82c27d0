// What the kit says of declarations that are not as they should be, and of plugins as a whole.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <utility>

#include "broken.h"

namespace fstool::test {
namespace {

using testing::HasSubstr;

/// A source that is never used.
class Nowhere final : public Source {
 public:
  Layer load(const SourceInput& input, Context& /*context*/) override {
    throw Error(std::filesystem::exists(input.path) ? ErrorCode::Corrupt : ErrorCode::NotFound, "there is nothing");
  }
};

struct Options {
  std::uint32_t number = 5;
};

Format<Source> good_format() {
  return make_format<Source>("nowhere", "Nothing.",
                             OptionSet<Options>().add("number", &Options::number, "A number.", in_range(1, 9)),
                             [](Options) { return std::make_unique<Nowhere>(); });
}

/// The findings against a format that `change` has changed.
std::string findings_with(const std::function<void(Format<Source>&)>& change) {
  Registry registry;
  Format<Source> format = good_format();
  change(format);
  registry.add(std::move(format));
  return findings_of(test_only_format<Source>(registry));
}

TEST(ConformanceOfDeclarations, FindsNothingWrongWithAGoodOne) {
  EXPECT_EQ(findings_with([](Format<Source>&) {}), "");
}

TEST(ConformanceOfDeclarations, FindsASummaryThatIsNoSentence) {
  EXPECT_THAT(findings_with([](auto& format) { format.info.summary = "Nothing"; }), HasSubstr("declaration: summary"));
  EXPECT_THAT(findings_with([](auto& format) { format.info.summary = ""; }), HasSubstr("declaration: summary"));
}

TEST(ConformanceOfDeclarations, FindsAnExtensionWithADot) {
  EXPECT_THAT(findings_with([](auto& format) { format.info.extensions = {".img"}; }), HasSubstr("extension \".img\""));
}

TEST(ConformanceOfDeclarations, FindsAFormatThatCanNotBeCreated) {
  EXPECT_THAT(findings_with([](auto& format) { format.create = [](const OptionTable&) { return nullptr; }; }),
              HasSubstr("create() returns null"));
}

TEST(ConformanceOfDeclarations, FindsBadOptionDocs) {
  const auto with_option = [](const std::function<void(OptionInfo&)>& change) {
    return findings_with([&](auto& format) { change(format.info.options.front()); });
  };
  EXPECT_THAT(with_option([](OptionInfo& option) { option.name = "Number"; }), HasSubstr("snake_case"));
  EXPECT_THAT(with_option([](OptionInfo& option) { option.summary = "A number"; }), HasSubstr("ends with a dot"));
  EXPECT_THAT(with_option([](OptionInfo& option) { option.type = "colour"; }), HasSubstr("unknown type"));
  EXPECT_THAT(with_option([](OptionInfo& option) { option.minimum = 10; }), HasSubstr("minimum is larger"));
  EXPECT_THAT(with_option([](OptionInfo& option) { option.default_text = "17"; }), HasSubstr("its default 17"));
  EXPECT_THAT(with_option([](OptionInfo& option) { option.maximum = 7; }), HasSubstr("is not refused"));
  EXPECT_THAT(findings_with([](auto& format) { format.info.options.push_back(format.info.options.front()); }),
              HasSubstr("declared twice"));
}

TEST(ConformanceOfDeclarations, FindsOptionsThatAreNotRefused) {
  const std::string findings = findings_with(
      [](auto& format) { format.create = [](const OptionTable&) { return std::make_unique<Nowhere>(); }; });
  EXPECT_THAT(findings, HasSubstr("an option that is not declared"));
  EXPECT_THAT(findings, HasSubstr("a value that it can't have"));
}

TEST(ConformanceOfPlugins, FailsForOneThatIsNotLoaded) {
  PluginRecord plugin;
  plugin.path = "/nowhere/broken.so";
  plugin.status = PluginStatus::Refused;
  plugin.reason = "not a shared library";
  const Registry registry;
  const auto result = conformance::test_plugin(plugin, "", registry, quick_settings());
  EXPECT_FALSE(result.passed());
  EXPECT_THAT(conformance::describe(result), HasSubstr("FAILED   loading"));
  EXPECT_THAT(conformance::describe(result), HasSubstr("not a shared library"));
}

TEST(ConformanceOfPlugins, FindsADescriptorWithoutLicense) {
  Registry registry;
  registry.add(good_format());
  PluginRecord plugin;
  plugin.path = "/somewhere/nowhere.so";
  plugin.status = PluginStatus::Loaded;
  plugin.name = "nowhere";
  plugin.version = "1";
  plugin.summary = "Nothing";
  plugin.formats = {{Stage::Source, "nowhere"}};
  const auto without = conformance::test_plugin(plugin, "", registry, quick_settings());
  EXPECT_FALSE(without.passed());
  EXPECT_THAT(conformance::describe(without), HasSubstr("it has no license"));
  plugin.license = "MIT OR Apache-2.0";
  const auto with = conformance::test_plugin(plugin, "", registry, quick_settings());
  EXPECT_TRUE(with.passed()) << conformance::describe(with);
  EXPECT_THAT(conformance::describe(with), HasSubstr("passed: "));
}

}  // namespace
}  // namespace fstool::test
